package homingtest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/devstack"
	"homing/pkg/homingtest"
	"homing/pkg/timeline"
)

func TestMain(m *testing.M) { homingtest.MainOrProcess(m) }

const replicas = 3

// Three replicas are killed again and again while they send. Nothing is lost; a
// marketing mail is never sent twice; a transactional one at most once more for
// each crash that hit it, with the same Message-ID.
func TestKilledReplicas(t *testing.T) {
	kills := 12
	if n, err := strconv.Atoi(os.Getenv("HOMING_KILLS")); err == nil {
		kills = n
	}
	for _, c := range []struct{ class, config string }{{"transactional", ""}, {"marketing", marketing}} {
		t.Run(c.class, func(t *testing.T) {
			t.Parallel()
			killReplicas(t, c.config, kills)
		})
	}
}

func killReplicas(t *testing.T, more string, kills int) {
	nats, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nats.Stop)
	redis := homingtest.StartRedis(t)
	sink := &homingtest.Sink{Answer: func(command, _ string) string {
		if command == "." { // a relay takes its time, so that kills hit mails on their way
			<-time.After(10 * time.Millisecond)
		}
		return ""
	}}
	addr, err := sink.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Close)
	var ps []*homingtest.Process
	for range replicas {
		ps = append(ps, homingtest.StartProcess(t, nats.URL(), redis.URL(), "smtp+insecure://"+addr, more))
	}
	nc, err := nats.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	orders := 100 * kills
	publishPastOrders(t, js, orders)
	hit := 0
	for range kills {
		<-time.After(time.Duration(200+rand.IntN(300)) * time.Millisecond)
		p := ps[rand.IntN(len(ps))]
		p.Restart()
		hit++
	}
	got := waitForOutcomes(t, js, orders)
	auditKills(t, sink, got, orders, hit, more != "")
	for i, p := range ps {
		if err := p.Stop(); err != nil {
			t.Errorf("replica %d did not stop cleanly: %v", i, err)
		}
	}
}

// publishPastOrders publishes one order each of many customers, due at once.
func publishPastOrders(t *testing.T, js jetstream.JetStream, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for { // the replicas make the streams
		if _, err := js.Stream(ctx, bus.Storefront); err == nil {
			break
		} else if !errors.Is(err, jetstream.ErrStreamNotFound) {
			t.Fatal(err)
		}
		<-time.After(50 * time.Millisecond)
	}
	at := time.Now().Add(-31 * time.Minute).UTC().Truncate(time.Millisecond)
	for i := range n {
		o := homingtest.Order(fmt.Sprintf("c-%d", i), strconv.Itoa(10000+i))
		e := events.Event{ID: "e-" + strconv.Itoa(i), Source: "/test", Type: o.Type(), Store: "main", Time: at, Data: o}
		body, err := events.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.Publish(ctx, events.Subject("main", e.Type), body); err != nil {
			t.Fatal(err)
		}
	}
}

// waitForOutcomes follows the timeline until every order has its outcome, and
// returns it by order.
func waitForOutcomes(t *testing.T, js jetstream.JetStream, orders int) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c, err := js.OrderedConsumer(ctx, bus.Timeline, jetstream.OrderedConsumerConfig{FilterSubjects: []string{"timeline.*.*.email.*"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for len(got) < orders {
		m, err := c.Next(jetstream.FetchContext(ctx))
		if err != nil {
			t.Fatalf("%d of %d orders have an outcome: %v", len(got), orders, err)
		}
		e, err := timeline.Decode(m)
		if err != nil {
			t.Fatal(err)
		}
		b := e.Event.Data.(events.Fact).Body()
		if e.Event.Type == events.TypeEmailHeld {
			continue
		}
		if old := got[b.Occasion]; old != "" && old != b.Reason {
			t.Errorf("order %s: %s, and then %s", b.Occasion, old, b.Reason)
		}
		got[b.Occasion] = b.Reason
	}
	return got
}

func auditKills(t *testing.T, sink *homingtest.Sink, got map[string]string, orders, kills int, isMarketing bool) {
	t.Helper()
	mails := map[string][]string{} // recipient → Message-IDs
	for _, m := range sink.Mails() {
		mails[m.To] = append(mails[m.To], m.MessageID)
	}
	doubled, uncertain := 0, 0
	for i := range orders {
		ids := mails[fmt.Sprintf("c-%d@example.com", i)]
		outcome := got[strconv.Itoa(10000+i)]
		switch {
		case outcome == "uncertain":
			uncertain++
		case outcome != "sent":
			t.Errorf("order %d: %s", i, outcome)
		case len(ids) == 0:
			t.Errorf("order %d: said to be sent, and never arrived", i)
		}
		for _, id := range ids[min(1, len(ids)):] {
			doubled++
			if id != ids[0] {
				t.Errorf("order %d was sent under two Message-IDs", i)
			}
		}
	}
	t.Logf("%d kills: %d mails, %d doubled, %d uncertain", kills, len(mails), doubled, uncertain)
	if isMarketing && doubled > 0 {
		t.Errorf("%d marketing mails were sent twice", doubled)
	}
	if !isMarketing && uncertain > 0 {
		t.Errorf("%d transactional mails were given up", uncertain)
	}
	if connections := 8; doubled > kills*connections || uncertain > kills*connections {
		t.Errorf("more doubled or uncertain than %d kills of %d connections can explain", kills, connections)
	}
}
