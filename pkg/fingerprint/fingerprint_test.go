package fingerprint_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/fingerprint"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/timeline"
)

func identity(t *testing.T, secret string) *customer.Identity {
	t.Helper()
	id, err := customer.NewIdentity(secret)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// The newest entry that says what its token was made from decides. What Homing said
// itself and copies may be with another of a person's ids, and prove nothing.
func TestWhereNothingIsKeptTheTimelineProvesTheSecret(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		js := natstest.Start(t, dir).JS
		ours, theirs := identity(t, "a secret of ours, made for this test"), identity(t, "a secret of theirs, made for this test")
		if ours.Fingerprint() == theirs.Fingerprint() || len(ours.Fingerprint()) != 16 || ours.Fingerprint() != identity(t, "a secret of ours, made for this test").Fingerprint() {
			t.Fatalf("fingerprints %q and %q", ours.Fingerprint(), theirs.Fingerprint())
		}
		expect := func(when string, us, them bool) {
			t.Helper()
			for id, good := range map[*customer.Identity]bool{ours: us, theirs: them} {
				err := fingerprint.Check(t.Context(), js, id)
				if _, other := errors.AsType[*fingerprint.Other](err); other == good || err != nil && !other {
					t.Errorf("%s: %v", when, err)
				}
			}
		}
		expect("without a stream", true, true)
		if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
			t.Fatal(err)
		}
		expect("of an empty timeline", true, true)
		append := func(k customer.Key, e events.Event) {
			t.Helper()
			e.ID, e.Store, e.Time, e.Type = "e", "main", time.Now(), e.Data.Type()
			if e.Source == "" {
				e.Source = "/shop"
			}
			if err := timeline.New(js).Append(t.Context(), []customer.Entry{{Key: k, Event: e}}); err != nil {
				t.Fatal(err)
			}
		}
		updated := func(id string) events.Data { return &events.CustomerUpdated{Customer: events.Customer{ID: id}} }
		append(theirs.Key("main", "eve"), events.Event{Source: "/homing/gateway", Data: &events.CustomerUnsubscribed{Customer: events.Customer{ID: "another"}, Scope: events.ScopeAll}})
		expect("of what Homing said alone", true, true)
		append(ours.Key("main", "ann"), events.Event{Data: updated("ann")})
		append(ours.Nobody("main"), events.Event{Data: &events.OrderCancelled{}})
		expect("with an entry of ours", true, false)
		append(theirs.Key("main", "bob"), events.Event{Data: updated("ann"), Copy: true})
		append(theirs.Key("main", "ann"), events.Event{Source: "/homing/gateway", Data: &events.CustomerUnsubscribed{Customer: events.Customer{ID: "another"}, Scope: events.ScopeAll}})
		expect("where the newest are copies and clicks", true, false)
		append(theirs.Key("main", "bob"), events.Event{Data: updated("bob")})
		expect("with a newer one of theirs", false, true)

		// What is kept counts, whatever the timeline has.
		kv, err := js.KeyValue(t.Context(), bus.ControlsBucket)
		if err == nil {
			_, err = kv.Create(t.Context(), "secret", []byte(ours.Fingerprint()))
		}
		if err != nil {
			t.Fatal(err)
		}
		expect("with a fingerprint", true, false)
		if err := fingerprint.Keep(t.Context(), js, theirs); err == nil {
			t.Error("another secret was kept")
		}
	})
}

// That it could not be found out is neither a yes nor a no.
func TestAnErrorIsNeitherAYesNorANo(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := natstest.Start(t, dir)
		if _, err := bus.Setup(t.Context(), n.JS, bus.Limits{}, nil, time.Now()); err != nil {
			t.Fatal(err)
		}
		nc, _ := n.Connect(t)
		js, err := jetstream.New(nc)
		if err != nil {
			t.Fatal(err)
		}
		nc.Close()
		err = fingerprint.Keep(t.Context(), js, identity(t, "a secret of ours, made for this test"))
		if _, other := errors.AsType[*fingerprint.Other](err); err == nil || other {
			t.Errorf("kept: %v", err)
		}
	})
}
