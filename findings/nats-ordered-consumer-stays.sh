#!/bin/sh
# nats-server 2.15.2, nats.go 1.55.0: a stream has at most 1,000 consumers unless the server's
# configuration says otherwise, max_consumers: -1 of the stream does not lift that, and each
# ordered consumer that was read to its end counts for five minutes.
#
# Reading a stream once, from the first message to the last, with js.OrderedConsumer and
# FetchNoWait leaves the consumer on the server, which deletes it five minutes after it was
# used last: the consumer has no call that ends it, and its name for DeleteConsumer is only in
# its info. Who reads that way again and again,
# such as once for each request, is refused after a thousand times with "maximum consumers
# limit reached" (10026), and so is everybody else who wants a consumer of that stream. The
# limit is default_max_consumers of the server (jetstream { limits }); in a stream -1 means
# "not set" to it, not "unlimited". We expected -1 to be unlimited, as it is for messages
# and bytes, and a consumer that nobody holds any more to be gone.
#
# A stream of one message is read until the server refuses, and the consumers of the client
# are counted.
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
		log.Print(err)
		os.Exit(2)
	}
}

// read reads the stream to its end, and keeps nothing.
func read(js jetstream.JetStream) error {
	c, err := js.OrderedConsumer(context.Background(), "S", jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	batch, err := c.FetchNoWait(10)
	check(err)
	n := 0
	for range batch.Messages() {
		n++
	}
	check(batch.Error())
	if n != 1 {
		os.Exit(2)
	}
	return nil
}

func main() {
	dir, err := os.MkdirTemp("", "nats")
	check(err)
	defer os.RemoveAll(dir)
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: dir, DontListen: true, NoLog: true, NoSigs: true})
	check(err)
	s.Start()
	defer s.Shutdown()
	if !s.ReadyForConnections(10 * time.Second) {
		os.Exit(2)
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	check(err)
	js, err := jetstream.New(nc)
	check(err)
	ctx := context.Background()
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "S", Subjects: []string{"a"}, MaxConsumers: -1, Storage: jetstream.MemoryStorage})
	check(err)
	_, err = js.Publish(ctx, "a", nil)
	check(err)
	reads := 0
	for err = nil; err == nil && reads < 3000; reads++ {
		err = read(js)
	}
	var refused *jetstream.APIError
	if !errors.As(err, &refused) {
		fmt.Println("nothing was refused in", reads, "reads")
		os.Exit(1)
	}
	info, err := stream.Info(ctx)
	check(err)
	fmt.Printf("max_consumers of the stream: %d; read %d is refused: %s (%d); consumers there: %d\n",
		info.Config.MaxConsumers, reads, refused.Description, refused.ErrorCode, info.State.Consumers)
	if refused.ErrorCode != 10026 || info.State.Consumers != 1000 || info.Config.MaxConsumers != -1 {
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
[ $code -eq 0 ] || echo "changed: consumers that were read to the end are not counted, or the limit is another"
exit $code
