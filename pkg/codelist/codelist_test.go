package codelist_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/codelist"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/offer"
)

// start runs a NATS with its streams, and returns a connection for each replica.
func start(t *testing.T, replicas int) []jetstream.JetStream {
	t.Helper()
	n := natstest.Start(t, t.TempDir())
	out := []jetstream.JetStream{n.JS}
	for len(out) < replicas {
		_, js := n.Connect(t)
		out = append(out, js)
	}
	if _, err := bus.Setup(t.Context(), out[0], bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	return out
}

func some(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s-%04d", prefix, i)
	}
	return out
}

func load(t *testing.T, js jetstream.JetStream, list string, all []string, want codelist.Count) {
	t.Helper()
	got, err := codelist.New(js).Load(t.Context(), "main", list, all, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("loading: %+v, want %+v", got, want)
	}
}

func lists(t *testing.T, js jetstream.JetStream) []codelist.List {
	t.Helper()
	got, err := codelist.New(js).Lists(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCodesAreTakenInTheirOrderUntilTheListIsEmpty(t *testing.T) {
	js := start(t, 1)[0]
	load(t, js, "spring", some("S", 3), codelist.Count{New: 3})
	load(t, js, "summer", some("U", 2), codelist.Count{New: 2})
	c := codelist.New(js)
	var got []string
	for {
		code, err := c.Take(t.Context(), "main", "spring")
		if errors.Is(err, offer.ErrNoCode) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, code)
	}
	if d := cmp.Diff(some("S", 3), got); d != "" {
		t.Errorf("taken (-want +got):\n%s", d)
	}
	want := []codelist.List{{Store: "main", Name: "spring", Taken: 3}, {Store: "main", Name: "summer", Left: 2}}
	if d := cmp.Diff(want, lists(t, js)); d != "" {
		t.Errorf("lists (-want +got):\n%s", d)
	}
	if code, err := c.Take(t.Context(), "other", "spring"); !errors.Is(err, offer.ErrNoCode) {
		t.Errorf("another store's list of the same name gave %q, %v", code, err)
	}
}

func TestNoCodeIsLoadedTwiceOrAfterItsUse(t *testing.T) {
	js := start(t, 1)[0]
	load(t, js, "spring", append(some("S", 400), "s-0007"), codelist.Count{New: 400, Duplicate: 1})
	load(t, js, "spring", some("S", 400), codelist.Count{Duplicate: 400})
	for range 150 {
		if _, err := codelist.New(js).Take(t.Context(), "main", "spring"); err != nil {
			t.Fatal(err)
		}
	}
	load(t, js, "spring", append(some("S", 400), some("T", 10)...), codelist.Count{New: 10, Duplicate: 250, Used: 150})
	want := []codelist.List{{Store: "main", Name: "spring", Left: 260, Taken: 150}}
	if d := cmp.Diff(want, lists(t, js)); d != "" {
		t.Errorf("lists (-want +got):\n%s", d)
	}
}

// One file in two lists would put its codes into two customers' emails.
func TestNoCodeIsInTwoListsOfAStore(t *testing.T) {
	js := start(t, 1)[0]
	load(t, js, "spring", some("S", 3), codelist.Count{New: 3})
	if _, err := codelist.New(js).Take(t.Context(), "main", "spring"); err != nil {
		t.Fatal(err)
	}
	load(t, js, "summer", append(some("S", 3), some("U", 2)...), codelist.Count{New: 2, Duplicate: 2, Used: 1})
	want := []codelist.List{{Store: "main", Name: "spring", Left: 2, Taken: 1}, {Store: "main", Name: "summer", Left: 2}}
	if d := cmp.Diff(want, lists(t, js)); d != "" {
		t.Errorf("lists (-want +got):\n%s", d)
	}
}

func TestTwoWhoLoadTheSameFileAtTheSameTimeAddItOnce(t *testing.T) {
	js := start(t, 4)
	var wg sync.WaitGroup
	counts := make([]codelist.Count, len(js))
	for i, j := range js {
		wg.Go(func() {
			var err error
			if counts[i], err = codelist.New(j).Load(t.Context(), "main", "spring", some("S", 500), nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	added := 0
	for _, n := range counts {
		added += n.New
	}
	if added != 500 || lists(t, js[0])[0].Left != 500 {
		t.Errorf("%d codes added of 500: %+v", added, lists(t, js[0]))
	}
}

// Eight replicas, each with several senders, empty one list.
func TestNoCodeIsTakenTwice(t *testing.T) {
	const replicas, senders, n = 8, 3, 200
	js := start(t, replicas)
	load(t, js[0], "spring", some("S", n), codelist.Count{New: n})
	var mu sync.Mutex
	var got []string
	var wg sync.WaitGroup
	for _, j := range js {
		c := codelist.New(j)
		for range senders {
			wg.Go(func() {
				for {
					code, err := c.Take(t.Context(), "main", "spring")
					if errors.Is(err, offer.ErrNoCode) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					got = append(got, code)
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	slices.Sort(got)
	if d := cmp.Diff(some("S", n), got); d != "" {
		t.Errorf("what was taken (-want +got):\n%s", d)
	}
}

// A process that dies between taking a code and tidying up leaves the code
// standing; and a loader that looked before it was taken may even put it back.
func TestACodeWithAMarkIsNotGivenOutWhereverItStands(t *testing.T) {
	js := start(t, 1)[0]
	load(t, js, "spring", []string{"A", "B"}, codelist.Count{New: 2})
	stream, err := js.Stream(t.Context(), bus.Offers)
	if err != nil {
		t.Fatal(err)
	}
	before, err := stream.GetMsg(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if code, err := codelist.New(js).Take(t.Context(), "main", "spring"); code != "A" || err != nil {
		t.Fatalf("took %q, %v", code, err)
	}
	back := &nats.Msg{Subject: before.Subject, Data: before.Data}
	if _, err := js.PublishMsg(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]codelist.List{{Store: "main", Name: "spring", Left: 1, Taken: 1}}, lists(t, js)); d != "" {
		t.Errorf("lists (-want +got):\n%s", d)
	}
	load(t, js, "spring", []string{"A"}, codelist.Count{Used: 1})
	c := codelist.New(js)
	if code, err := c.Take(t.Context(), "main", "spring"); code != "B" || err != nil {
		t.Errorf("took %q, %v; want B", code, err)
	}
	if code, err := c.Take(t.Context(), "main", "spring"); !errors.Is(err, offer.ErrNoCode) {
		t.Errorf("took %q, %v; want none", code, err)
	}
	info, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := info.State.Msgs; n != 2 {
		t.Errorf("%d messages are left, want the two marks", n)
	}
}

func TestACodeThatWasNotNeededIsTheNext(t *testing.T) {
	js := start(t, 1)[0]
	load(t, js, "spring", some("S", 2), codelist.Count{New: 2})
	c := codelist.New(js)
	first, err := c.Take(t.Context(), "main", "spring")
	if err != nil {
		t.Fatal(err)
	}
	c.GiveBack("main", "spring", first)
	if again, err := c.Take(t.Context(), "main", "spring"); again != first || err != nil {
		t.Errorf("took %q, %v; want %q again", again, err, first)
	}
}

func TestWhatIsNoCodeIsNotLoaded(t *testing.T) {
	js := start(t, 1)[0]
	c := codelist.New(js)
	for _, code := range []string{"", "two words", "ümlaut", "-DASH", strings.Repeat("X", 41), "A.B"} {
		if n, err := c.Load(t.Context(), "main", "spring", []string{"GOOD", code}, nil); err == nil || n.New != 0 {
			t.Errorf("%q: %+v, %v", code, n, err)
		}
	}
	if _, err := c.Load(t.Context(), "main", "Spring.2025", []string{"GOOD"}, nil); !errors.Is(err, codelist.ErrName) {
		t.Errorf("a list of a bad name: %v", err)
	}
}

// A server that is away gives no code, and does not say that there is none.
func TestWithoutAServerThereIsAnError(t *testing.T) {
	js := start(t, 1)[0]
	load(t, js, "spring", some("S", 2), codelist.Count{New: 2})
	js.Conn().Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if code, err := codelist.New(js).Take(ctx, "main", "spring"); err == nil || errors.Is(err, offer.ErrNoCode) {
		t.Errorf("took %q, %v", code, err)
	}
}
