#!/bin/sh
# nats-server 2.15.2 with nats.go v1.55.0: a schedule that fires takes its replacement with it.
#
# A message schedule (Nats-Schedule: @at …) is replaced, while it falls due, by a newer one
# on the same subject, for an hour later. JetStream acknowledges the newer one. When the
# server then carries out the older one, it purges the subject, whatever is on it by then:
# of 600 replacements that came within 20 ms after the due time, 10 to 94 were gone. The old content was delivered, and what was acknowledged never will be.
# We expected a schedule that fires to remove itself, by its sequence.
# Who replaces schedules cannot rest on the acknowledgement: what is delivered has to be
# checked against what is wanted, and what is wanted put on the schedule again.
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
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const tries = 600

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
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "S", Subjects: []string{"at.>", "due.>"}, AllowMsgSchedules: true, MaxMsgsPerSubject: 1})
	check(err)
	schedule := func(i int, when time.Time, body string) {
		m := nats.NewMsg(fmt.Sprintf("at.%d", i))
		m.Data = []byte(body)
		m.Header.Set("Nats-Schedule", "@at "+when.UTC().Format(time.RFC3339Nano))
		m.Header.Set("Nats-Schedule-Target", fmt.Sprintf("due.%d", i))
		_, err := js.PublishMsg(ctx, m)
		check(err)
	}
	on := func(subject string, i int) string {
		m, err := stream.GetLastMsgForSubject(ctx, fmt.Sprintf("%s.%d", subject, i))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return ""
		}
		check(err)
		return string(m.Data)
	}

	var wg sync.WaitGroup
	begin := time.Now().Truncate(time.Second).Add(2 * time.Second)
	for i := range tries {
		wg.Go(func() {
			due := begin.Add(time.Duration(i/200) * time.Second)
			schedule(i, due, "old")
			time.Sleep(time.Until(due.Add(time.Duration(i%40) * 500 * time.Microsecond)))
			schedule(i, due.Add(time.Hour), "new")
		})
	}
	wg.Wait() // all have been acknowledged
	time.Sleep(3 * time.Second)
	kept, gone, other := 0, 0, 0
	for i := range tries {
		switch due, at := on("due", i), on("at", i); {
		case at == "new":
			kept++
		case at == "" && due == "old":
			gone++
		default:
			other++
		}
	}
	fmt.Printf("acknowledged replacements that are neither scheduled nor delivered: some %t, most %t\n", gone > 0, gone > tries/2)
	fmt.Printf("the others are scheduled: %t\n", other == 0 && kept+gone == tries)
	fmt.Fprintf(os.Stderr, "(%d of %d are gone this time)\n", gone, tries)
}
END
{ go mod init finding && go get github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
./finding >seen || exit 2

cat >expected <<'END'
acknowledged replacements that are neither scheduled nor delivered: some true, most false
the others are scheduled: true
END
diff -u expected seen
cat seen
