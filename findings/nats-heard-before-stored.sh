#!/bin/sh
# nats-server 2.15.2 with nats.go v1.55.0: a subscriber hears what JetStream then refuses.
#
# A stream's subjects can be subscribed to as any others. A message with an expected
# sequence that is not the last one is refused (err_code 10071) and not stored, and yet a
# plain subscriber receives it, content and all; so it does with a key of a bucket whose
# update came with an old revision, while the bucket's watcher rightly hears nothing. We
# expected that what a stream refuses nobody receives.
# Who wants to know of changes soon must not use a subscription for it, or only as a hint
# to look: a consumer, or a watcher, sees what was stored.
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

func main() {
	dir, err := os.MkdirTemp("", "nats")
	check(err)
	defer os.RemoveAll(dir)
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: dir, DontListen: true, NoLog: true, NoSigs: true})
	check(err)
	s.Start()
	s.ReadyForConnections(10 * time.Second)
	defer s.Shutdown()
	nc, err := nats.Connect("", nats.InProcessServer(s))
	check(err)
	js, err := jetstream.New(nc)
	check(err)
	ctx := context.Background()

	bucket, err := js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: "settings"})
	check(err)
	first, err := bucket.Create(ctx, "colour", []byte("green"))
	check(err)
	_, err = bucket.Update(ctx, "colour", []byte("blue"), first)
	check(err)

	plain, err := nc.SubscribeSync("$KV.settings.colour")
	check(err)
	watcher, err := bucket.Watch(ctx, "colour", jetstream.UpdatesOnly())
	check(err)
	check(nc.Flush())

	_, err = bucket.Update(ctx, "colour", []byte("red"), first)
	var refused *jetstream.APIError
	fmt.Println("the update is refused:", errors.As(err, &refused) && refused.ErrorCode == 10071)
	if m, err := plain.NextMsg(2 * time.Second); err == nil {
		fmt.Printf("the plain subscriber receives %q\n", m.Data)
	} else {
		fmt.Println("the plain subscriber receives nothing")
	}
	select {
	case e := <-watcher.Updates():
		fmt.Printf("the watcher receives %q\n", e.Value())
	case <-time.After(2 * time.Second):
		fmt.Println("the watcher receives nothing")
	}
	e, err := bucket.Get(ctx, "colour")
	check(err)
	fmt.Printf("stored is %q\n", e.Value())
}
END
{ go mod init finding && go get github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
./finding >seen || exit 2

cat >expected <<'END'
the update is refused: true
the plain subscriber receives "red"
the watcher receives nothing
stored is "blue"
END
diff -u expected seen
cat seen
