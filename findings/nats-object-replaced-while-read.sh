#!/bin/sh
# nats.go 1.55.0: reading an object that is replaced at the same moment waits until the
# deadline, although the new one is there.
#
# Get asks for the object's entry, and then for its content. Put makes the new entry and
# deletes the old content. If that comes in between, Get waits for content that is gone: it
# neither fails nor reads the new object, until the deadline of its context, or the
# client's default of five seconds. We expected an error at once, or the new object. Who
# replaces objects that others read sets a near deadline, and reads again.
#
# One goroutine replaces a small object again and again, another reads it, each time within
# two seconds, until a read takes all of them.
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
		log.Print(err)
		os.Exit(2)
	}
}

func objects(s *server.Server) jetstream.ObjectStore {
	nc, err := nats.Connect("", nats.InProcessServer(s))
	check(err)
	js, err := jetstream.New(nc)
	check(err)
	o, err := js.CreateOrUpdateObjectStore(context.Background(), jetstream.ObjectStoreConfig{Bucket: "o", Storage: jetstream.MemoryStorage})
	check(err)
	return o
}

func main() {
	dir, err := os.MkdirTemp("", "nats")
	check(err)
	defer os.RemoveAll(dir)
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: dir, DontListen: true, NoLog: true, NoSigs: true})
	check(err)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		os.Exit(2)
	}
	writer, reader := objects(s), objects(s)
	put := func() {
		_, err := writer.PutString(context.Background(), "thing", "what is in it")
		check(err)
		time.Sleep(10 * time.Millisecond)
	}
	put()
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				put()
			}
		}
	}()
	for n := 1; n <= 5000; n++ {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		began := time.Now()
		_, err := reader.GetString(ctx, "thing")
		took := time.Since(began)
		cancel()
		if took < 1900*time.Millisecond {
			continue
		}
		close(stop)
		fmt.Printf("a read took all of its two seconds: %v\n", err)
		again, err := reader.GetString(context.Background(), "thing")
		fmt.Printf("read again: %q, %v\n", again, err)
		return
	}
	fmt.Println("no read of 5000 took long")
	os.Exit(1)
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
[ $code -eq 0 ] || echo "changed: an object that is replaced while it is read no longer keeps its reader waiting"
exit $code
