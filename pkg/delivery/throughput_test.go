package delivery_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/delivery"
	"homing/pkg/homingtest"
	"homing/pkg/reason"
	"homing/pkg/throughput"
)

// at has customers with addresses at a domain, each with a touch that falls due
// in an hour.
func (r *rig) at(domain string, n int) {
	for i := range n {
		id := fmt.Sprintf("%s%d", domain[:2], i)
		o := homingtest.Order(id, "1001")
		o.Customer.Email = id + "@" + domain
		r.happened(id, o)
		r.touch(id, "offer", "l1", time.Hour, nil)
	}
}

// arrivals returns when emails to a domain arrived.
func (r *rig) arrivals(domain string) (out []time.Time) {
	for _, m := range r.sink.Mails() {
		if strings.HasSuffix(m.To, "@"+domain) {
			out = append(out, m.At)
		}
	}
	return out
}

// One domain takes an email every two seconds, and more of its emails fall due than
// the loop has in flight; the others are not held up, and each email that waits is
// written to the schedule about once.
func TestASlowDomainDoesNotHoldUpTheOthers(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		const slow, others = 150, 30
		r.rate = throughput.New(r.rdb, throughput.Options{Relay: "relay:25", PerSecond: 1000, PerDomain: map[string]float64{"slow.example": 0.5}})
		r.at("slow.example", slow)
		r.at("other.example", others)
		due := time.Now().Add(time.Hour)
		r.start()
		time.Sleep(time.Until(due) + 10*time.Second)
		if n := len(r.arrivals("other.example")); n != others {
			t.Errorf("%d of %d emails to other domains had arrived after ten seconds", n, others)
		}
		time.Sleep(6 * time.Minute)
		times := r.arrivals("slow.example")
		if len(times) != slow {
			t.Fatalf("%d of %d emails to the slow domain arrived", len(times), slow)
		}
		for i := range times[1:] {
			if gap := times[i+1].Sub(times[i]); gap < 1900*time.Millisecond {
				t.Errorf("email %d came %v after the one before, want 2 s", i+1, gap)
			}
		}
		held := r.facts(events.TypeEmailHeld)
		t.Logf("%d holds; the last email came after %v", len(held), times[slow-1].Sub(due))
		if len(held) > slow*5/4 {
			t.Errorf("%d holds of %d emails", len(held), slow)
		}
		for _, f := range held {
			if b := f.Data.(events.Fact).Body(); b.Reason != string(reason.Throughput) || !strings.Contains(b.Detail, "0.5 a second to slow.example") {
				t.Fatalf("held for %s: %s", b.Reason, b.Detail)
			}
		}
	})
}

// full is a relay that has no room for days.
type full struct{ days int }

func (f full) Wait(context.Context, string, bool, bool) (time.Duration, string, error) {
	return time.Duration(f.days) * day, "no room", nil
}

func (full) GiveBack(context.Context, time.Time) error { return nil }

var _ delivery.Rate = full{}

func TestWhatHasNoRoomBeforeItExpiresIsDropped(t *testing.T) {
	bubble(t, offering(list), func(r *rig) {
		r.load("spring", "S-1")
		r.rate = full{15}
		r.at("slow.example", 1)
		r.start()
		time.Sleep(2 * time.Hour)
		dropped := r.facts(events.TypeEmailDropped)
		if len(dropped) != 1 || dropped[0].Data.(events.Fact).Body().Reason != string(reason.Expired) {
			t.Errorf("dropped: %v", dropped)
		}
		if n := len(r.issued()); n != 0 {
			t.Error("a code was taken for an email that had to wait")
		}
	})
}

// later is a relay that has room in two seconds, always.
type later struct{}

func (later) Wait(context.Context, string, bool, bool) (time.Duration, string, error) {
	return 2 * time.Second, "no room", nil
}

func (later) GiveBack(context.Context, time.Time) error { return nil }

// A process that is paused or stopped gives back what lets others pass, and no longer
// counts it.
func TestWhatWasAsideIsForgottenWhenItIsGivenBack(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		r.rate = later{}
		r.many(20, "ann", time.Now().Add(time.Minute).UTC())
		p := r.start()
		d := r.running[0]
		time.Sleep(time.Minute + 5*time.Second)
		if n := d.Remembered(); n != 20 {
			t.Fatalf("%d touches are aside, want 20", n)
		}
		p.stop()
		if n := d.Remembered(); n != 0 {
			t.Errorf("%d touches that were given back are remembered", n)
		}
	})
}
