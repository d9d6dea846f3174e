package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// kedaCounts asks NATS as KEDA's scaler nats-jetstream does, and adds up as it does: what is
// pending and what is not acknowledged. It knows an account by its name or its id, as KEDA has
// done since 2.17; a consumer that it does not find is an error there since 2.20, and -1 here.
func kedaCounts(t *testing.T, endpoint, account, stream, consumer string) int {
	t.Helper()
	answer, err := http.Get(fmt.Sprintf("http://%s/jsz?acc=%s&consumers=true&config=true", endpoint, account))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var jsz struct {
		Accounts []struct {
			Name    string `json:"name"`
			ID      string `json:"id"`
			Streams []struct {
				Name      string `json:"name"`
				Consumers []struct {
					Name       string `json:"name"`
					Pending    int    `json:"num_pending"`
					AckPending int    `json:"num_ack_pending"`
				} `json:"consumer_detail"`
			} `json:"stream_detail"`
		} `json:"account_details"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&jsz); err != nil {
		t.Fatal(err)
	}
	for _, a := range jsz.Accounts {
		for _, s := range a.Streams {
			for _, c := range s.Consumers {
				if (a.Name == account || a.ID == account) && s.Name == stream && c.Name == consumer {
					return c.Pending + c.AckPending
				}
			}
		}
	}
	return -1
}

func TestKEDASeesWhatFellDueForAWorkerThatSleeps(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "nats.conf")
	text := fmt.Sprintf(`listen: "127.0.0.1:-1", http: "127.0.0.1:-1", jetstream {store_dir: %q}
		accounts {HOMING {jetstream: enabled, users: [{user: homing, password: password}]}}`, t.TempDir())
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	o.NoSigs, o.NoLog = true, true
	srv, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	defer func() { srv.Shutdown(); srv.WaitForShutdown() }()
	if !srv.ReadyForConnections(testPatience) {
		t.Fatal("NATS does not start")
	}
	url := fmt.Sprintf("nats://homing:password@%s", srv.Addr())
	homing(t, "setup", "--nats", url).want(t, exitOK)

	endpoint, stream, consumer := srv.MonitorAddr().String(), bus.ScheduleStream("thank-you"), bus.DueConsumer("thank-you")
	if n := kedaCounts(t, endpoint, "HOMING", stream, consumer); n != 0 {
		t.Errorf("%d before anything was planned", n)
	}
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	// Two touches: one is to be looked at soon, one tomorrow. Nobody is there to look.
	for i, at := range []time.Time{time.Now().Add(time.Second), time.Now().Add(24 * time.Hour)} {
		m := nats.NewMsg(fmt.Sprintf("schedule.main.token.thank-you.%d", i))
		m.Header.Set(jetstream.ScheduleHeader, "@at "+at.UTC().Format(time.RFC3339Nano))
		m.Header.Set("Nats-Schedule-Target", fmt.Sprintf("due.thank-you.main.%d", i))
		m.Data = []byte("{}")
		if _, err := js.PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	end := time.Now().Add(testPatience)
	for kedaCounts(t, endpoint, "HOMING", stream, consumer) != 1 {
		if time.Now().After(end) {
			t.Fatal("what fell due is not seen")
		}
		time.Sleep(50 * time.Millisecond)
	}
	// A process that has taken it and has not answered keeps KEDA from putting it to sleep.
	c, err := js.Consumer(t.Context(), stream, consumer)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next(jetstream.FetchMaxWait(testPatience))
	if err != nil {
		t.Fatal(err)
	}
	if n := kedaCounts(t, endpoint, "HOMING", stream, consumer); n != 1 {
		t.Errorf("%d while a process has it", n)
	}
	if err := m.DoubleAck(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := kedaCounts(t, endpoint, "HOMING", stream, consumer); n != 0 {
		t.Errorf("%d after it was answered", n)
	}
	if n := kedaCounts(t, endpoint, "$G", stream, consumer); n != -1 {
		t.Errorf("%d in another account", n)
	}
}
