#!/bin/sh
# nats-server 2.15.2: the answer to the first update of a durable consumer after the server
# was started has the configuration of before the update, which was made all the same.
#
# A consumer that reads one subject gets a second one. On a server that has run since the
# consumer was created, the answer names both. After a restart it names one, and so the
# update seems to be refused in silence; who asks for the consumer is told both. The answer
# to a second update has both as well. We expected the answer to be what was made of the
# update. Who checks what an update came to asks for it.
#
# One consumer is updated twice after the server was restarted on the same folder, and one
# before.
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

func start(dir string) (jetstream.JetStream, func()) {
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: dir, DontListen: true, NoLog: true, NoSigs: true})
	check(err)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		os.Exit(2)
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	check(err)
	js, err := jetstream.New(nc)
	check(err)
	return js, func() { nc.Close(); s.Shutdown(); s.WaitForShutdown() }
}

var all = []string{"a.one", "a.two", "a.three"}

func wanted(name string, n int) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{Durable: name, AckPolicy: jetstream.AckExplicitPolicy, FilterSubjects: all[:n]}
}

// update returns how many subjects the consumer has by the answer, and by asking for it.
func update(js jetstream.JetStream, name string, n int) (answered, asked int) {
	c, err := js.UpdateConsumer(context.Background(), "S", wanted(name, n))
	check(err)
	is, err := js.Consumer(context.Background(), "S", name)
	check(err)
	return len(c.CachedInfo().Config.FilterSubjects), len(is.CachedInfo().Config.FilterSubjects)
}

func main() {
	dir, err := os.MkdirTemp("", "nats")
	check(err)
	defer os.RemoveAll(dir)
	ctx := context.Background()
	js, stop := start(dir)
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "S", Subjects: []string{"a.>"}})
	check(err)
	for _, name := range []string{"young", "old"} {
		_, err = js.CreateConsumer(ctx, "S", wanted(name, 1))
		check(err)
	}
	answered, asked := update(js, "young", 2)
	fmt.Printf("before a restart: the answer has %d subjects, and the consumer %d\n", answered, asked)
	as := answered == 2 && asked == 2
	stop()
	js, stop = start(dir)
	defer stop()
	answered, asked = update(js, "old", 2)
	fmt.Printf("first update after it: the answer has %d, and the consumer %d\n", answered, asked)
	as = as && answered == 1 && asked == 2
	answered, asked = update(js, "old", 3)
	fmt.Printf("second update after it: the answer has %d, and the consumer %d\n", answered, asked)
	if !as || asked != 3 {
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
[ $code -eq 0 ] || echo "changed: the answer to the first update of a consumer after a restart has what was made of it"
exit $code
