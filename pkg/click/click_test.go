package click_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/click"
	"homing/pkg/customer"
)

func signer(t *testing.T, secret string) *click.Signer {
	t.Helper()
	s, err := click.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ann(t *testing.T) customer.Key {
	t.Helper()
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	return id.Key("main", "ann")
}

func TestNobodyElseCanMakeAClick(t *testing.T) {
	s := signer(t, "one")
	x := click.Click{Customer: ann(t), Scope: "all", At: 1}
	data, err := s.Encode(x)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Decode("main", data); err != nil || got != x {
		t.Fatalf("%+v, %v", got, err)
	}
	change := func(key string, value any) []byte {
		var m map[string]any
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		m[key] = value
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	other := click.Click{Customer: x.Customer, Scope: "all", At: 1}
	theirs, err := signer(t, "two").Encode(other)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		store string
		data  []byte
	}{
		"another store":     {"second", data},
		"another secret":    {"main", theirs},
		"another scope":     {"main", change("scope", "everything")},
		"another time":      {"main", change("at", 2)},
		"another customer":  {"main", change("customer", strings.Repeat("a", 16))},
		"no customer":       {"main", change("customer", "ann")},
		"no signature":      {"main", change("signature", "")},
		"a signature of 1":  {"main", change("signature", "AA==")},
		"an event":          {"main", []byte(`{"customer":{"id":"ann"}}`)},
		"nothing":           {"main", nil},
		"no JSON":           {"main", []byte("x")},
		"null":              {"main", []byte("null")},
		"a list":            {"main", []byte("[]")},
		"its time in words": {"main", change("at", "1")},
	} {
		if _, err := s.Decode(c.store, c.data); !errors.Is(err, click.ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A click that waited is of its own time: who came back after it has come back.
func TestANoIsLaterThanAYesUnlessItWaited(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		yes            time.Duration // after the click
		direct, waited bool          // the customer is gone
	}{
		{-time.Hour, true, true},
		{4 * time.Minute, true, true}, // the shop's clock is ahead
		{6 * time.Minute, true, false},
		{time.Hour, true, false},
	} {
		for _, waited := range []bool{false, true} {
			c2 := customer.Customer{Opinion: customer.Opinion{Status: events.Subscribed, At: at.Add(c.yes).UnixMilli()}}
			x := click.Click{Customer: ann(t), Scope: "all", At: at.UnixMilli()}
			e, want := x.Event(&c2), c.direct
			if waited {
				e, want = x.Later(&c2), c.waited
			}
			customer.Apply(&c2, e)
			if c2.Unsubscribed("all") != want {
				t.Errorf("a yes %v after the click, waited %v: gone is %v", c.yes, waited, !want)
			}
		}
	}
}
