#!/bin/sh
# nats-server 2.15.2: a stream that is restored says that it was created at the restore.
#
# A stream is made, and two seconds later backed up with its message by the snapshot API, deleted
# and restored, as "nats stream backup" and "nats stream restore" do. 2.12.2 restores it with
# the time at which it was created. 2.15.2, whose snapshots have another form, gives it the
# time of the restore, so that its message is older than the stream; the message keeps its
# time. We expected the times of both versions to be the same. Who tells streams apart by
# when they were created takes a restored one for another; who wants to know whether a
# stream was restored can see it, but only on the newer server.
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
	"encoding/json"
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

func ask(nc *nats.Conn, subject string, req any) (answer map[string]json.RawMessage) {
	body, err := json.Marshal(req)
	check(err)
	m, err := nc.Request(subject, body, 10*time.Second)
	check(err)
	check(json.Unmarshal(m.Data, &answer))
	if e := answer["error"]; e != nil {
		log.Fatal(string(e))
	}
	return answer
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
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "LOG", Subjects: []string{"log.>"}})
	check(err)
	made := stream.CachedInfo().Created
	_, err = js.Publish(ctx, "log.a", []byte("one"))
	check(err)
	time.Sleep(2 * time.Second)

	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	check(err)
	backup := ask(nc, "$JS.API.STREAM.SNAPSHOT.LOG", map[string]string{"deliver_subject": inbox})
	var data []byte
	for {
		m, err := sub.NextMsg(10 * time.Second)
		check(err)
		if len(m.Data) == 0 {
			break
		}
		data = append(data, m.Data...)
		if m.Reply != "" {
			check(m.Respond(nil))
		}
	}
	check(js.DeleteStream(ctx, "LOG"))
	var to string
	restore := ask(nc, "$JS.API.STREAM.RESTORE.LOG", map[string]json.RawMessage{"config": backup["config"], "state": backup["state"]})
	check(json.Unmarshal(restore["deliver_subject"], &to))
	_, err = nc.Request(to, data, 10*time.Second)
	check(err)
	_, err = nc.Request(to, nil, 10*time.Second)
	check(err)

	stream, err = js.Stream(ctx, "LOG")
	check(err)
	info := stream.CachedInfo()
	is := "when it was created first"
	if !info.Created.Equal(made) {
		is = "another time"
	}
	fmt.Printf("%s: %d message, created: %s; the message is older than the stream: %t\n", server.VERSION, info.State.Msgs, is, info.State.FirstTime.Before(info.Created))
}
END
for version in v2.12.2 v2.15.2; do
	rm -f go.mod go.sum
	{ go mod init finding && go get github.com/nats-io/nats-server/v2@$version github.com/nats-io/nats.go@v1.55.0 && go build -o finding .; } >install 2>&1 ||
		{ cat install >&2; exit 2; }
	./finding >>seen || exit 2
done

cat >expected <<'END'
2.12.2: 1 message, created: when it was created first; the message is older than the stream: false
2.15.2: 1 message, created: another time; the message is older than the stream: true
END
diff -u expected seen
cat seen
