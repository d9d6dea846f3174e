#!/bin/sh
# nats-server 2.10.29 and 2.11.10, with nats.go v1.55.0: a server that does not know
# message schedules takes them, acknowledges them, and never delivers one.
#
# A stream is made with AllowMsgSchedules, and a message with the header
# "Nats-Schedule: @at <in one second>" is published to it. nats-server 2.12 delivers it to
# the target a second later. Older ones answer the creation without an error, with a
# configuration in which the flag is missing, and the publish with an acknowledgement; the
# message stays where it is for ever. (JSON fields that a server does not know are dropped
# unless it is told to be strict, and headers are content to it.) We expected an error.
# So Homing compares what came back with what it asked for, and asks for the level of the
# JetStream API first.
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
	info, err := js.AccountInfo(ctx)
	check(err)
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "S", Subjects: []string{"schedule.>", "due.>"}, AllowMsgSchedules: true, MaxMsgsPerSubject: 1})
	check(err)
	m := nats.NewMsg("schedule.a")
	m.Header.Set("Nats-Schedule", "@at "+time.Now().Add(time.Second).Format(time.RFC3339Nano))
	m.Header.Set("Nats-Schedule-Target", "due.a")
	_, err = js.PublishMsg(ctx, m)
	fmt.Printf("nats-server %s, level %d: asked for schedules, has them: %t; schedule acknowledged: %t",
		nc.ConnectedServerVersion(), info.API.Level, stream.CachedInfo().Config.AllowMsgSchedules, err == nil)
	time.Sleep(4 * time.Second)
	_, err = stream.GetLastMsgForSubject(ctx, "due.a")
	fmt.Printf("; delivered: %t\n", err == nil)
}
END
for version in v2.10.29 v2.11.10 v2.12.2; do
	rm -f go.mod go.sum
	{ go mod init finding && go get github.com/nats-io/nats-server/v2@$version github.com/nats-io/nats.go@v1.55.0 && go build -o finding .; } >install 2>&1 ||
		{ cat install >&2; exit 2; }
	./finding >>seen || exit 2
done

cat >expected <<'END'
nats-server 2.10.29, level 0: asked for schedules, has them: false; schedule acknowledged: true; delivered: false
nats-server 2.11.10, level 1: asked for schedules, has them: false; schedule acknowledged: true; delivered: false
nats-server 2.12.2, level 2: asked for schedules, has them: true; schedule acknowledged: true; delivered: true
END
diff -u expected seen
cat seen
