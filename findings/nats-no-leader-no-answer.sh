#!/bin/sh
# nats-server 2.15.2 with nats.go v1.55.0: without a leader, some questions are not answered.
#
# One server of a cluster of three is up, as while a cluster starts: JetStream has no leader
# yet. To CREATE a stream and to ask for the NAMES of streams is refused at once, with error
# 10008, "JetStream system temporarily unavailable". To ask for the account's INFO or for a
# stream's INFO is not answered at all: the client waits until its context ends. We expected
# the same error for all of them. The client's usual limit of 5 s is for contexts without a
# deadline of their own; one of 30 s, say, waits 30 s although a leader is elected within
# two. A client that looks first whether a stream is there, and creates it then, needs a short limit
# for each question, and has to ask again.
#
# Needs Go. Exit 0: as described, 1: it has changed, 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
export GOFLAGS=-modcacherw GOWORK=off

cat >main.go <<'END'
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// free returns ports that nobody listens on.
func free(n int) (ports []int) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func main() {
	dir, err := os.MkdirTemp("", "nats")
	check(err)
	defer os.RemoveAll(dir)
	var routes []*url.URL
	ports := free(3)
	for _, p := range ports {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprint("127.0.0.1:", p)})
	}
	s, err := server.NewServer(&server.Options{ServerName: "one", JetStream: true, StoreDir: dir, Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true,
		Cluster: server.ClusterOpts{Name: "three", Host: "127.0.0.1", Port: ports[0]}, Routes: routes})
	check(err)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		log.Fatal("the server does not start")
	}
	defer s.Shutdown()
	nc, err := nats.Connect(s.ClientURL())
	check(err)
	js, err := jetstream.New(nc)
	check(err)
	for _, q := range []struct {
		name string
		ask  func(context.Context) error
	}{
		{"INFO", func(ctx context.Context) error { _, err := js.AccountInfo(ctx); return err }},
		{"STREAM.INFO", func(ctx context.Context) error { _, err := js.Stream(ctx, "ORDERS"); return err }},
		{"STREAM.NAMES", func(ctx context.Context) error { _, err := js.StreamNameBySubject(ctx, "orders.a"); return err }},
		{"STREAM.CREATE", func(ctx context.Context) error {
			_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "ORDERS", Subjects: []string{"orders.>"}})
			return err
		}},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 7*time.Second)
		err := q.ask(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("no answer within 7 s")
		}
		fmt.Printf("%s: %v\n", q.name, err)
	}
}
END
{ go mod init finding && go get github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
./finding >seen || exit 2

cat >expected <<'END'
INFO: no answer within 7 s
STREAM.INFO: no answer within 7 s
STREAM.NAMES: nats: API error: code=503 err_code=10008 description=JetStream system temporarily unavailable
STREAM.CREATE: nats: API error: code=503 err_code=10008 description=JetStream system temporarily unavailable
END
diff -u expected seen
cat seen
