// Package shoptest tests the mappings of shop systems: against golden files, and against
// what no message may do.
package shoptest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/shop"
)

var update = flag.Bool("update", false, "write the golden files")

// Read is a mapping.
type Read func(shop.Store, shop.Message) (shop.Said, error)

// At is when the messages of tests are sent.
var At = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// Golden maps each file testdata/<topic>,<case>.json, with a + for a slash in the topic,
// and compares what it says with the file of the same name that ends in .golden.
// It fails for a topic of which there is no file, and for an event that Homing would
// not take.
func Golden(t *testing.T, s shop.Store, read Read, topics []string) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no messages", err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		topic := topicOf(name)
		seen[topic] = true
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			m := shop.Message{Topic: topic, Body: body, At: At}
			said, err := read(s, m)
			again, _ := read(s, m)
			if a, b := text(t, said, nil), text(t, again, nil); a != b {
				t.Error("the same message says something else the second time")
			}
			compare(t, strings.TrimSuffix(f, ".json")+".golden", text(t, said, err))
		})
	}
	for _, topic := range topics {
		if !seen[topic] {
			t.Errorf("no file of the topic %s", topic)
		}
	}
}

// topicOf is the topic in the name of a file.
func topicOf(name string) string {
	topic, _, _ := strings.Cut(strings.ReplaceAll(name, "+", "/"), ",")
	return topic
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s (make it again with -update)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// text is what a message said, as a person reads it.
func text(t *testing.T, said shop.Said, err error) string {
	t.Helper()
	var b strings.Builder
	if err != nil {
		fmt.Fprintln(&b, "error:", err)
	}
	if said.Unknown {
		fmt.Fprintln(&b, "unknown topic")
	}
	if said.Ignored != "" {
		fmt.Fprintln(&b, "ignored:", said.Ignored)
	}
	if said.ForPerson != "" {
		fmt.Fprintln(&b, "for a person:", said.ForPerson)
	}
	for _, n := range said.Notes {
		fmt.Fprintf(&b, "note: %s %s\n", n.Field, n.Detail)
	}
	for _, e := range said.Events {
		doc, err := events.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := json.Indent(&out, doc, "", "  "); err != nil {
			t.Fatal(err)
		}
		b.Write(out.Bytes())
		b.WriteByte('\n')
		warnings, err := Taken(e)
		if err != nil {
			fmt.Fprintln(&b, "rejected:", err)
		}
		for _, w := range warnings {
			fmt.Fprintf(&b, "warning: %s %s\n", w.Reason, w.Field)
		}
	}
	return b.String()
}

// Taken reports what Homing thinks of an event.
func Taken(e events.Event) ([]events.Warning, error) {
	doc, err := events.Encode(e)
	if err != nil {
		return nil, err
	}
	got, err := events.Decode(events.Raw{Subject: events.Subject(e.Store, e.Type), Data: doc}, At.Add(24*time.Hour))
	return got.Warnings, err
}

// Fuzz maps whatever comes, for each topic. What must hold: no panic, events that can be
// encoded, with ids of their own that fit, and the same ones each time.
func Fuzz(f *testing.F, s shop.Store, read Read, topics []string) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(topicOf(strings.TrimSuffix(filepath.Base(file), ".json")), body)
	}
	for _, topic := range topics {
		f.Add(topic, []byte(`{"id":1}`))
	}
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		m := shop.Message{Topic: topic, Body: body, At: At}
		said, err := read(s, m)
		again, _ := read(s, m)
		if text(t, said, err) != text(t, again, err) {
			t.Error("the same message says something else the second time")
		}
		ids := map[string]bool{}
		for _, e := range said.Events {
			if len(e.ID) > events.MaxID || ids[e.ID] || e.Source == "" {
				t.Errorf("id %q of %d bytes", e.ID, len(e.ID))
			}
			ids[e.ID] = true
		}
	})
}

// Said maps the messages in files of testdata, named without .json.
func Said(t *testing.T, s shop.Store, read Read, names ...string) (out [][]events.Event) {
	t.Helper()
	for _, name := range names {
		body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		said, err := read(s, shop.Message{Topic: topicOf(name), Body: body, At: At})
		if err != nil || len(said.Events) == 0 {
			t.Fatalf("%s: %v, %d events", name, err, len(said.Events))
		}
		out = append(out, said.Events)
	}
	return out
}

// Sequences calls fn with what some messages said in a hundred sequences, in which some
// come twice: as deliveries do that are late or repeated.
func Sequences(said [][]events.Event, fn func([]events.Event)) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		order := append(r.Perm(len(said)), r.Perm(len(said))[:len(said)/2]...)
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		var es []events.Event
		for _, i := range order {
			es = append(es, said[i]...)
		}
		fn(es)
	}
}
