#!/bin/sh
# nats.go 1.55.0: each synchronous subscription takes half a megabyte of memory when it is
# made, whether one message comes or none.
#
# SubscribeSync makes room for 65,536 pending messages at once: a channel with 8 bytes for
# each. A program that looks into several streams at the same moment, and makes an inbox for
# each answer, pays 512 KiB a look: a thousand looks a second are half a gigabyte of garbage
# a second. QueueSubscribeSync does the same. SetPendingLimits comes too late, since the room
# is there by then. A subscription with a callback, or with a channel of one's own, makes no
# such room, and Request makes no subscription for each request. We expected room to be made
# as messages come, as it is for callbacks. The connection's option SyncQueueLen changes it,
# for all subscriptions of the connection.
#
# Ten subscriptions of each kind are made, and what is allocated for each is measured.
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
	"fmt"
	"log"
	"os"
	"runtime"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

func check(err error) {
	if err != nil {
		log.Print(err)
		os.Exit(2)
	}
}

// each returns how many KiB are allocated when something is done, rounded to 64.
func each(do func(subject string) error) int {
	const n = 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range n {
		check(do(fmt.Sprint("a.", i)))
	}
	runtime.ReadMemStats(&after)
	kib := int(after.TotalAlloc-before.TotalAlloc) / n / 1024
	return (kib + 32) / 64 * 64
}

func main() {
	s, err := server.NewServer(&server.Options{DontListen: true, NoLog: true, NoSigs: true})
	check(err)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		os.Exit(2)
	}
	defer s.Shutdown()
	connect := func(options ...nats.Option) *nats.Conn {
		nc, err := nats.Connect("", append(options, nats.InProcessServer(s))...)
		check(err)
		return nc
	}
	nc, short := connect(), connect(nats.SyncQueueLen(16))
	sync := func(nc *nats.Conn) func(string) error {
		return func(subject string) error { _, err := nc.SubscribeSync(subject); return err }
	}
	as := true
	for _, k := range []struct {
		name string
		do   func(string) error
		want int
	}{
		{"SubscribeSync", sync(nc), 512},
		{"SubscribeSync, then SetPendingLimits(16, …)", func(subject string) error {
			sub, err := nc.SubscribeSync(subject)
			if err != nil {
				return err
			}
			return sub.SetPendingLimits(16, 1<<20)
		}, 512},
		{"QueueSubscribeSync", func(subject string) error { _, err := nc.QueueSubscribeSync(subject, "q"); return err }, 512},
		{"ChanSubscribe, a channel of 16", func(subject string) error {
			_, err := nc.ChanSubscribe(subject, make(chan *nats.Msg, 16))
			return err
		}, 0},
		{"Subscribe, with a callback", func(subject string) error { _, err := nc.Subscribe(subject, func(*nats.Msg) {}); return err }, 0},
		{"SubscribeSync, with SyncQueueLen(16)", sync(short), 0},
	} {
		got := each(k.do)
		fmt.Printf("%s: %d KiB each\n", k.name, got)
		as = as && got == k.want
	}
	if !as {
		os.Exit(1)
	}
}
END
cat >go.mod <<'END'
module finding

go 1.25

require (
	github.com/nats-io/nats-server/v2 v2.15.2
	github.com/nats-io/nats.go v1.55.0
)
END
go mod tidy >/dev/null 2>&1 && go build -o finding . || exit 2
code=0
./finding || code=$?
[ $code -eq 0 ] || echo "changed: a synchronous subscription takes other memory when it is made"
exit $code
