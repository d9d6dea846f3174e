#!/bin/sh
# nats-server 2.15.2 with nats.go v1.55.0: the memory for duplicates outlives the message.
#
# A message with a Nats-Msg-Id is published, deleted from its stream (DeleteMsg, or a purge of its
# subject), and published again within the stream's duplicate window of two minutes. The
# second publish is acknowledged, as a duplicate with the sequence of the message that is
# gone, and nothing is stored: the stream stays empty. A purge does not forget the ids,
# either. We expected that what is no longer in the stream cannot be a duplicate of it.
# Who deletes and writes again (a schedule that is withdrawn and made again, say) must
# use another id, or none, and must look at the acknowledgement's Duplicate.
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
	for _, way := range []string{"deleted", "purged"} {
		stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: way, Subjects: []string{way + ".>"}})
		check(err)
		first, err := js.Publish(ctx, way+".a", []byte("one"), jetstream.WithMsgID("a"))
		check(err)
		if way == "deleted" {
			check(stream.DeleteMsg(ctx, first.Sequence))
		} else {
			check(stream.Purge(ctx, jetstream.WithPurgeSubject(way+".a")))
		}
		second, err := js.Publish(ctx, way+".a", []byte("two"), jetstream.WithMsgID("a"))
		check(err)
		info, err := stream.Info(ctx)
		check(err)
		fmt.Printf("%s, then published again: acknowledged as duplicate %t of sequence %d; %d messages in the stream\n", way, second.Duplicate, second.Sequence, info.State.Msgs)
	}
}
END
{ go mod init finding && go get github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
./finding >seen || exit 2

cat >expected <<'END'
deleted, then published again: acknowledged as duplicate true of sequence 1; 0 messages in the stream
purged, then published again: acknowledged as duplicate true of sequence 1; 0 messages in the stream
END
diff -u expected seen
cat seen
