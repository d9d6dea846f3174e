#!/bin/sh
# nats-server 2.15.2, nats.go 1.55.0: of a stream with thousands of subjects, a consumer with
# two filters takes a hundred times as long for each message as one without, and some thirty
# times as long for a tenth of the messages as one without for all of them.
#
# With several filters the server looks, before each message, through the subjects of the block
# of the stream that match, for the one whose next message comes first, as long as more
# messages of the block are ahead than it has subjects. Subjects that differ in a number, such
# as that of a shard, make thousands of them. Who has worked off all but the last messages of a
# block does not notice, so it shows only after an outage, or to who reads a stream from its
# beginning. One filter with a wildcard that takes in both, with the rest passed over by the
# client, is several times as fast as two, and none at all is the fastest. We expected a
# filter to cost less than the messages it spares.
#
# Reads a stream of 40,000 messages with 5,120 subjects: all of it, and with two filters some
# 2,000 messages of it.
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
	"math/rand/v2"
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

const messages = 40_000

// each is how long a message takes that a consumer with some filters is given, of at most
// 2,000, or of all.
func each(js jetstream.JetStream, most int, filters ...string) (time.Duration, int) {
	c, err := js.CreateConsumer(context.Background(), "S", jetstream.ConsumerConfig{FilterSubjects: filters, AckPolicy: jetstream.AckNonePolicy})
	check(err)
	most = min(most, int(c.CachedInfo().NumPending))
	began, got := time.Now(), 0
	for got < most {
		batch, err := c.Fetch(min(500, most-got), jetstream.FetchMaxWait(time.Minute))
		check(err)
		for range batch.Messages() {
			got++
		}
		check(batch.Error())
	}
	return time.Since(began) / time.Duration(got), got
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
	_, err = js.CreateStream(context.Background(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	check(err)
	r := rand.New(rand.NewPCG(1, 1))
	body := make([]byte, 100)
	for i := range messages {
		_, err = js.PublishAsync(fmt.Sprintf("s.%d.kind%d", r.IntN(256), r.IntN(20)), body)
		check(err)
		if i%2000 == 0 {
			<-js.PublishAsyncComplete()
		}
	}
	<-js.PublishAsyncComplete()
	plain, all := each(js, messages)
	two, some := each(js, 2000, "s.*.kind1", "s.*.kind2")
	fmt.Printf("without a filter %v for each of %d messages; with two filters %v for each of %d: %d times as long\n", plain, all, two, some, two/plain)
	if all != messages || some != 2000 {
		os.Exit(2)
	}
	if two < 20*plain {
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
[ $code -eq 1 ] && echo "changed: a consumer with two filters takes less than 20 times as long for a message"
exit $code
