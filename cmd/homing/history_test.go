package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/timeline"
)

// What an installation lived through is rehearsed from a file that only its owner may read.
func TestTheHistoryOfAnInstallationIsRehearsed(t *testing.T) {
	url, js := natsOnly(t)
	dir := t.TempDir()
	const secret = "a secret that only tests use, 32+ bytes"
	file := write(t, dir, "homing.yaml", shopFile+"secret: \""+secret+"\"\n")
	id, err := customer.NewIdentity(secret)
	if err != nil {
		t.Fatal(err)
	}
	ann := id.Key("main", "ann")
	now := time.Now().UTC().Truncate(time.Millisecond)
	entry := func(event string, after time.Duration, d events.Data) customer.Entry {
		return customer.Entry{Key: ann, Event: events.Event{ID: event, Source: "/shop", Store: "main", Type: d.Type(), Time: now.Add(after), Data: d}}
	}
	order := &events.OrderPlaced{Customer: events.Customer{ID: "ann", Email: "ann@example.com"}, Order: events.Order{ID: "1001",
		Items: []events.Item{{ProductID: "tea", Name: "Tea", Quantity: 1}}, Total: events.Money{Minor: 700, Currency: "GBP"}}}
	empty := filepath.Join(dir, "empty.jsonl")
	homing(t, "history", "--config", file, "--nats", url, "--out", empty).want(t, exitOK).contains(t, "nothing has happened in the store main yet")
	sent := &events.EmailSent{Email: events.Email{Touch: "main." + ann.Token + ".thank-you.thanks.1001", Worker: "thank-you"}}
	delivered := &events.OrderDelivered{Customer: events.Customer{ID: "ann"}, Order: events.OrderChange{ID: "1001"}}
	if err := timeline.New(js).Append(t.Context(), []customer.Entry{entry("o", 0, order), entry("s", 0, sent), entry("d", 3*time.Hour, delivered)}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"past.jsonl", "past.jsonl.gz"} {
		out := filepath.Join(dir, name)
		homing(t, "history", "--config", file, "--nats", url, "--out", out).want(t, exitOK).contains(t, "2 events of the store main, taken in from", "personal data")
		ownerOnly(t, out)
		homing(t, "rehearse", "--config", file, "--file", out).want(t, exitOK).contains(t, "2 events of 1 customer, 1 order", "email thank-you/thanks for 1001 sent")
		homing(t, "history", "--config", file, "--nats", url, "--out", out).want(t, exitUsage).contains(t, "exists already")
	}
	homing(t, "history", "--config", file, "--nats", url, "-o", "json", "--out", filepath.Join(dir, "again")).want(t, exitOK).contains(t, `"events": 2`, `"left_out": 1`)
	homing(t, "history", "--config", file, "--nats", url).want(t, exitUsage).contains(t, "--out: name the file")
	homing(t, "history", "--config", file, "--nats", url, "--out", filepath.Join(dir, "no", "such")).want(t, exitUsage).contains(t, "--out: ")
}

// ownerOnly fails unless only its owner may read a file.
func ownerOnly(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("%s has the mode %v and %d bytes", path, info.Mode(), info.Size())
	}
}
