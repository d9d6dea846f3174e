#!/bin/sh
# Go 1.26, net.Resolver: the error of a lookup names a server that was not asked.
#
# A Resolver with PreferGo and a Dial of its own sends every question to the server that Dial
# connects to: here one on 127.0.0.1, which says that the domain does not exist. The error
# says so, and that the answer came from the first server of /etc/resolv.conf: its text is
# "lookup … on <that server>: no such host", and its field Server is the same. Whoever reads
# it, be it a person who checks the SPF record of a domain at its own name server, looks at
# the wrong server. (Dial is told the address from resolv.conf as its argument and may connect
# to another; the error keeps the argument.)
#
# We expected the address of the connection that the answer came over.
#
# Needs Go and a /etc/resolv.conf with a nameserver other than 127.0.0.1 on that port.
# Exit 0: as described, 1: it has changed, 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
export GOFLAGS= GOWORK=off

cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
)

func main() {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	var asked atomic.Int32
	go func() {
		b := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			asked.Add(1)
			b[2], b[3] = b[2]|0x80, 0x83 // an answer: no such domain
			_, _ = server.WriteTo(b[:n], from)
		}
	}()
	at := server.LocalAddr().String()
	told := ""
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
		told = address
		return (&net.Dialer{}).DialContext(ctx, "udp", at)
	}}
	_, err = r.LookupTXT(context.Background(), "nowhere.example.")
	e := new(net.DNSError)
	if !errors.As(err, &e) || !e.IsNotFound || asked.Load() == 0 {
		fmt.Println("no answer:", err)
		os.Exit(2)
	}
	fmt.Printf("asked: the server of Dial, %d times; named: the server of Dial %t, what Dial was told %t\n",
		asked.Load(), e.Server == at, e.Server == told && told != at)
}
GO
cat >go.mod <<'GO'
module finding

go 1.26
GO
go run . >out 2>&1 || { cat out; exit 2; }
cat out
# Output seen, with go1.26.8:
# asked: the server of Dial, 1 times; named: the server of Dial false, what Dial was told true
grep -q 'named: the server of Dial false, what Dial was told true' out || exit 1
