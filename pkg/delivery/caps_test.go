package delivery_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Eight replicas have touches of the same customers in flight at the same time, and
// a real Redis decides which is first. No cap is exceeded, and no
// touch is lost: it was sent, or it is held.
func TestEightReplicasKeepTheCaps(t *testing.T) {
	const people, each, replicas = 10, 12, 8
	w := &series{steps: []touch.Step{
		{Name: "offer", Template: "win-back/offer", Class: touch.Marketing, Expires: 14 * day},
		{Name: "notice", Template: "win-back/notice", Class: touch.Transactional, Expires: 14 * day},
	}}
	r := &rig{t: t, worker: w, sink: &homingtest.Sink{}, holds: map[reason.Reason]int{}, rate: noLimit{}, log: zap.NewNop(),
		caps: []gate.Window{{Limit: 3, Length: time.Hour}, {Limit: 5, Length: 24 * time.Hour}}}
	r.servers(natstest.Start(t, t.TempDir()).JS, homingtest.Redis(t, homingtest.StartRedis(t).URL()))
	saves := 0
	r.setFault(func(op string) error { // called under a lock
		if op == "save" {
			saves++
		}
		return nil
	})
	ids := make([]string, people)
	for i := range ids {
		ids[i] = fmt.Sprint("c-", i)
	}
	r.known(ids...)
	for range replicas {
		r.start()
	}
	// First the transactional ones, more of them than the cap for some.
	notices := 0
	for i, id := range ids {
		for n := range i % 5 {
			r.touch(id, "notice", fmt.Sprint("n-", n), 0, nil)
			notices++
		}
	}
	facts := func(n int) []events.Event {
		for deadline := time.Now().Add(30 * time.Second); ; {
			out := r.facts(events.TypeEmailSent, events.TypeEmailHeld, events.TypeEmailDropped, events.TypeEmailUncertain)
			if len(out) >= n || time.Now().After(deadline) {
				return out
			}
			<-time.After(50 * time.Millisecond)
		}
	}
	facts(notices)
	for n := range each {
		for _, id := range ids {
			r.touch(id, "offer", fmt.Sprint("o-", n), 0, nil)
		}
	}
	sent, held := map[string]int{}, 0
	for _, f := range facts(notices + people*each) {
		b := f.Data.(events.Fact).Body()
		switch {
		case f.Type == events.TypeEmailSent:
			sent[b.Customer+" "+b.Step]++
		case f.Type == events.TypeEmailHeld && b.Reason == string(reason.FrequencyCap):
			held++
		default:
			t.Errorf("%s %s of %s", f.Type, b.Reason, b.Touch)
		}
	}
	room := 0
	for i, id := range ids {
		token := r.key(id).Token
		if n := sent[token+" notice"]; n != i%5 {
			t.Errorf("%s got %d transactional emails of %d", id, n, i%5)
		}
		free := max(0, 3-i%5)
		room += free
		if n := sent[token+" offer"]; n != free {
			t.Errorf("%s got %d marketing emails and %d others, there was room for %d", id, n, i%5, free)
		}
		rs, err := r.store.Load(context.Background(), []customer.Key{r.key(id)})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(rs[0].Customer.Claims); n != i%5+free {
			t.Errorf("%s has %d claims, want %d: some place was not given back", id, n, i%5+free)
		}
	}
	if held != people*each-room {
		t.Errorf("%d are held, want %d", held, people*each-room)
	}
	r.setFault(nil)
	if saves <= 2*(notices+room) { // a claim and its outcome each, if nobody were in the way
		t.Errorf("%d writes: the replicas never met", saves)
	}
	t.Logf("%d writes for %d emails", saves, notices+room)
	if n := len(r.sink.Mails()); n != notices+room {
		t.Errorf("%d emails arrived, want %d", n, notices+room)
	}
}
