package bus_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"homing/pkg/bus"
)

// warner is the warnings of a process that runs.
func (s *server) warner(told func(bus.Warning, int)) *bus.Warnings {
	w := bus.NewWarnings(s.js, told, zap.NewNop())
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	s.t.Cleanup(func() { cancel(); <-done })
	return w
}

// warnings are what is on the stream: subject, field and how many were left out.
func (s *server) warnings() []string {
	s.t.Helper()
	st, err := s.js.Stream(context.Background(), bus.Rejected)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for seq := uint64(1); ; seq++ {
		m, err := st.GetMsg(context.Background(), seq)
		if err != nil {
			return out
		}
		if len(m.Data) > 0 {
			s.t.Errorf("a warning has a body: %s", m.Data)
		}
		out = append(out, fmt.Sprintf("%s %s +%s", m.Subject, m.Header.Get(bus.HeaderField), m.Header.Get(bus.HeaderLeftOut)))
	}
}

func badCart(i int) bus.Warning {
	return bus.Warning{Store: "main", Reason: "link_host", Field: "cart.url", Detail: "wrong", Event: fmt.Sprint("e", i), Source: "/shop", Type: "cart.abandoned", Place: uint64(i), Customer: "tok"}
}

func TestAWarningIsPublishedAtOnceAndThenOnceAMinute(t *testing.T) {
	bubble(t, func(s *server) {
		told := 0
		w := s.warner(func(_ bus.Warning, leftOut int) { told += leftOut + 1 })
		time.Sleep(10 * time.Second)
		w.Warn(badCart(1))
		time.Sleep(time.Second)
		want := []string{"warned.main.link_host cart.url +0"}
		if d := cmp.Diff(want, s.warnings()); d != "" {
			t.Errorf("after a second (-want +got):\n%s", d)
		}
		st, err := s.js.Stream(s.ctx, bus.Rejected)
		if err != nil {
			t.Fatal(err)
		}
		m, err := st.GetMsg(s.ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{bus.HeaderEvent: "e1", bus.HeaderSource: "/shop", bus.HeaderType: "cart.abandoned", bus.HeaderPlace: "1",
			bus.HeaderDetail: "wrong", bus.HeaderCustomer: "tok"} {
			if got := m.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		for i := range 10_000 {
			x := badCart(i)
			if i%2 == 0 {
				x.Reason, x.Field = "dropped_url", fmt.Sprintf("cart.items[%d].url", i%7) // all are of one kind
			}
			w.Warn(x)
		}
		time.Sleep(10 * time.Minute)
		// Of the second kind nothing was said before: its first leaves at once or, as
		// here, with those that came while it was on its way.
		got := s.warnings()
		if len(got) < 3 || len(got) > 4 || told != 10_001 {
			t.Errorf("%d of 10,001 are told of, in %v", told, got)
		}
		w.Warn(badCart(5))
		time.Sleep(time.Second)
		if again := s.warnings(); len(again) != len(got)+1 || again[len(got)] != "warned.main.link_host cart.url +0" {
			t.Errorf("after a quiet time: %v", again)
		}
	})
}

func TestABrokenShopDoesNotFillTheStream(t *testing.T) {
	bubble(t, func(s *server) {
		w := s.warner(nil)
		for i := range 5_000 {
			x := badCart(i)
			x.Source = fmt.Sprint("/shop/", i)
			w.Warn(x)
		}
		time.Sleep(30 * time.Second)
		if n := len(s.warnings()); n != 100 {
			t.Errorf("%d warnings, want 100", n)
		}
		time.Sleep(2 * time.Minute) // the kinds are forgotten, and others have room
		w.Warn(bus.Warning{Store: "main", Reason: "dropped_url", Field: "cart.url", Source: "/new"})
		time.Sleep(time.Second)
		if n := len(s.warnings()); n != 101 {
			t.Errorf("%d warnings, want 101", n)
		}
	})
}

func TestProcessesWarnOnceAMinuteTogether(t *testing.T) {
	bubble(t, func(s *server) {
		var told atomic.Int64 // of two processes
		count := func(_ bus.Warning, leftOut int) { told.Add(int64(leftOut + 1)) }
		a, b := s.warner(count), s.warner(count)
		for range 30 {
			a.Warn(badCart(1))
			b.Warn(badCart(2))
			time.Sleep(20 * time.Second)
		}
		time.Sleep(5 * time.Minute)
		if n := len(s.warnings()); n < 10 || n > 13 || told.Load() != 60 {
			t.Errorf("%d warnings in ten minutes, of %d events; want about 11, of 60", n, told.Load())
		}
	})
}

func TestWarningsWaitForTheStreamAndNobodyWaitsForThem(t *testing.T) {
	bubble(t, func(s *server) {
		if err := s.js.DeleteStream(s.ctx, bus.Rejected); err != nil {
			t.Fatal(err)
		}
		w := s.warner(nil)
		began := time.Now()
		for i := range 1_000 {
			w.Warn(badCart(i))
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("warning took %v", took)
		}
		time.Sleep(time.Minute)
		s.setup()
		time.Sleep(time.Minute)
		if got := s.warnings(); len(got) == 0 || got[len(got)-1] != "warned.main.link_host cart.url +999" {
			t.Errorf("%v", got)
		}
	})
}
