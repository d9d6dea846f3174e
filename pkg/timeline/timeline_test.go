package timeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/timeline"
)

// open returns the timeline of a server of the test's own.
func open(t *testing.T) (*timeline.Timeline, jetstream.JetStream, *natstest.NATS) {
	t.Helper()
	n := natstest.Start(t, t.TempDir())
	if _, err := bus.Setup(t.Context(), n.JS, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	return timeline.New(n.JS), n.JS, n
}

var noon = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)

func created(store string, bucket uint8, n int) customer.Entry {
	d := &events.CustomerCreated{Customer: events.Customer{ID: fmt.Sprint("c", n), FirstName: "Zoë"}}
	return customer.Entry{Key: customer.Key{Store: store, Bucket: bucket, Token: fmt.Sprintf("token%d", bucket)},
		Event: events.Event{ID: fmt.Sprint("e", n), Source: "/shop", Store: store, Type: d.Type(), Time: noon.Add(time.Duration(n) * time.Second), Data: d}}
}

func appended(t *testing.T, tl *timeline.Timeline, es ...customer.Entry) []customer.Entry {
	t.Helper()
	if err := tl.Append(t.Context(), es); err != nil {
		t.Fatal(err)
	}
	return es
}

func read(t *testing.T, tl *timeline.Timeline, store string, buckets []uint8, from, to uint64) []customer.Entry {
	t.Helper()
	var out []customer.Entry
	err := tl.Read(t.Context(), store, buckets, from, to, func(b []customer.Entry) error {
		out = append(out, b...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatIsAppendedIsReadInItsOrder(t *testing.T) {
	tl, js, _ := open(t)
	var want []customer.Entry
	for n := range 9_000 { // more than two batches
		want = append(want, created("main", uint8(n%7), n))
	}
	want = appended(t, tl, want...)
	appended(t, tl, created("outlet", 0, 9_000))
	for i, e := range want {
		if e.Sequence != uint64(i+1) {
			t.Fatalf("entry %d has sequence %d", i, e.Sequence)
		}
	}
	all := make([]uint8, customer.Buckets)
	for b := range all {
		all[b] = uint8(b)
	}
	only := func(from, to uint64, buckets ...uint8) []customer.Entry {
		return slices.DeleteFunc(slices.Clone(want), func(e customer.Entry) bool {
			return e.Sequence < from || e.Sequence > to || !slices.Contains(buckets, e.Key.Bucket)
		})
	}
	for _, c := range []struct {
		name     string
		buckets  []uint8
		from, to uint64
	}{
		{"all of a store", all, 1, 1 << 40},
		{"from the middle to the middle", all, 700, 1_900},
		{"some buckets", []uint8{2, 5}, 1, 2_500},
		{"one bucket, one entry", []uint8{4}, 5, 5},
		{"from zero", []uint8{0}, 0, 10},
		{"a bucket without entries", []uint8{200}, 1, 2_500},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, tl, "main", c.buckets, c.from, c.to)
			if d := cmp.Diff(only(c.from, c.to, c.buckets...), got, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("-appended +read:\n%.2000s", d)
			}
		})
	}
	lasts, err := tl.Lasts(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	for b, got := range lasts {
		wanted := uint64(0)
		if own := only(1, 1<<40, uint8(b)); len(own) > 0 {
			wanted = own[len(own)-1].Sequence
		}
		if got != wanted {
			t.Errorf("the last entry of bucket %d is %d, want %d", b, got, wanted)
		}
	}
	// Who has read leaves no consumer behind: a server has room for so many.
	s, err := js.Stream(t.Context(), bus.Timeline)
	if err != nil {
		t.Fatal(err)
	}
	for c := range s.ListConsumers(t.Context()).Info() {
		if c.Config.Durable == "" {
			t.Errorf("consumer %s is left", c.Name)
		}
	}
}

func TestAFactStandsOnceHoweverOftenItIsTold(t *testing.T) {
	tl, js, _ := open(t)
	fact := func(id, reason string) customer.Entry {
		d := &events.EmailSent{Email: events.Email{Touch: "a.b.c.d", Reason: reason}}
		return customer.Entry{Key: customer.Key{Store: "main", Token: "tok"},
			Event: events.Event{ID: id, Source: "/homing", Store: "main", Type: d.Type(), Time: noon, Data: d}}
	}
	var seqs []uint64
	for _, batch := range [][]customer.Entry{
		{created("main", 1, 1), created("main", 1, 2)},
		{created("main", 1, 2)}, // an event is not known by what it says: see Append
		{fact("a.b.c.d.sent", "sent"), fact("a.b.c.d.sent", "again")},
		{created("main", 2, 1), fact("a.b.c.d.sent", "sent"), created("main", 2, 2), fact("e.f.g.h.sent", "sent")},
	} {
		for _, e := range appended(t, tl, batch...) {
			seqs = append(seqs, e.Sequence)
		}
	}
	if d := cmp.Diff([]uint64{1, 2, 3, 4, 4, 6, 4, 7, 5}, seqs); d != "" {
		t.Errorf("sequences (-want +got):\n%s", d)
	}
	s, err := js.Stream(t.Context(), bus.Timeline)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.CachedInfo().State.Msgs; n != 7 {
		t.Errorf("%d entries stand, want 7", n)
	}
}

// Facts and others get the sequences that they were stored at, whichever come first, and
// that an id named a mailbox is published as the others are.
func TestWhoIsWhoIsPublishedWithoutAnID(t *testing.T) {
	tl, js, _ := open(t)
	d := &events.PersonLinked{Customer: "17-token"}
	link := customer.Entry{Key: customer.Key{Store: "main", Bucket: 3, Token: "mailbox"},
		Event: events.Event{ID: "linked.a.b", Source: "/homing/intake", Store: "main", Type: d.Type(), Time: noon, Data: d}}
	for _, e := range appended(t, tl, link, created("main", 4, 1)) {
		stream, err := js.Stream(t.Context(), bus.Timeline)
		if err != nil {
			t.Fatal(err)
		}
		m, err := stream.GetMsg(t.Context(), e.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != timeline.Subject(e.Key, e.Event.Type) || m.Header.Get(jetstream.MsgIDHeader) != "" {
			t.Errorf("%s at %d, with the id %q", m.Subject, e.Sequence, m.Header.Get(jetstream.MsgIDHeader))
		}
	}
}

func TestAServerThatIsAwayIsAnErrorNotTheEnd(t *testing.T) {
	tl, _, n := open(t)
	appended(t, tl, created("main", 1, 1), created("main", 1, 2))
	n.Server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := tl.Lasts(ctx, "main"); err == nil {
		t.Error("Lasts: no error")
	}
	if err := tl.Read(ctx, "main", []uint8{1}, 1, 2, func([]customer.Entry) error { return nil }); err == nil {
		t.Error("Read: no error: a refold would take an empty timeline for the whole one")
	}
	if err := tl.Append(ctx, []customer.Entry{created("main", 1, 3)}); err == nil {
		t.Error("Append: no error")
	}
}

func TestWhatTheReaderSaysEndsTheReading(t *testing.T) {
	tl, _, _ := open(t)
	appended(t, tl, created("main", 1, 1))
	enough := errors.New("enough")
	if err := tl.Read(t.Context(), "main", []uint8{1}, 1, 2, func([]customer.Entry) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("%v, want what the reader said", err)
	}
}

// One entry that nobody here can read must not keep a refold from its end.
func TestAnEntryThatCannotBeReadIsLeftOutAndTold(t *testing.T) {
	tl, js, _ := open(t)
	if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: "timeline.main.1.customer.created", Data: []byte("rubbish")}); err != nil {
		t.Fatal(err)
	}
	appended(t, tl, created("main", 1, 1))
	var skipped, read []uint64
	tl.Skipped = func(sequence uint64, err error) {
		if err != nil {
			skipped = append(skipped, sequence)
		}
	}
	err := tl.Read(t.Context(), "main", []uint8{1}, 1, 2, func(batch []customer.Entry) error {
		for _, e := range batch {
			read = append(read, e.Sequence)
		}
		return nil
	})
	if err != nil || !slices.Equal(skipped, []uint64{1}) || !slices.Equal(read, []uint64{2}) {
		t.Errorf("%v; skipped %v, read %v; want 1 and 2", err, skipped, read)
	}
}

// Lines are entries as they are stored, of one store, up to the end that the timeline had.
func TestTheLinesOfATimelineAreItsEntries(t *testing.T) {
	tl, _, _ := open(t)
	if err := tl.Lines(t.Context(), "main", func([]timeline.Line, uint64, uint64) error { return errors.New("there are none") }); err != nil {
		t.Fatal(err)
	}
	var want []customer.Entry
	for n := range 200 {
		want = append(want, created("main", uint8(n%7), n))
	}
	appended(t, tl, append(want, created("outlet", 0, 200))...)
	began := time.Now()
	n, batches, last := 0, 0, uint64(0)
	err := tl.Lines(t.Context(), "main", func(lines []timeline.Line, passed, all uint64) error {
		if batches++; batches == 1 {
			appended(t, tl, created("main", 0, 201)) // it came after the end
		}
		if passed <= last || passed > all || all != 201 {
			t.Errorf("%d of %d passed, after %d", passed, all, last)
		}
		last = passed
		for _, x := range lines {
			e, err := events.DecodeTrusted("main", x.Data)
			if err != nil || e.ID != want[n].Event.ID || x.Token != want[n].Key.Token || x.Type != e.Type || x.Stored.After(began) {
				t.Fatalf("entry %d is %+v, %v", n, x, err)
			}
			n++
		}
		return nil
	})
	if err != nil || n != 200 || batches < 2 {
		t.Errorf("%d of 200 entries in %d batches, %v", n, batches, err)
	}
	if err := tl.Lines(t.Context(), "main", func([]timeline.Line, uint64, uint64) error { return errors.ErrUnsupported }); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
}
