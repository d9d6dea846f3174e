package projection_test

import (
	"errors"
	"testing"
	"time"

	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

func TestWhatCanWaitTravelsWithTheNextRead(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		s := projection.New(rdb, nil)
		key := ids(t).Key("main", "ann")
		e := order(key, 1, 1)
		e.Sequence = 7
		if err := s.Fold(t.Context(), []customer.Entry{e}); err != nil {
			t.Fatal(err)
		}
		before := load(t, s, key)

		marked := make(chan error, 1)
		go func() { marked <- s.Unhurried().MarkIn(t.Context(), 0, []customer.Entry{e}) }()
		waitFor(t, marked, s, key)
		marks, err := s.Marks(t.Context(), "main")
		if err != nil || marks[key.Bucket] != 7 {
			t.Errorf("the mark is %d (%v), want 7", marks[key.Bucket], err)
		}
		if after := load(t, s, key); after.Version != before.Version || len(after.Entries) != customer.SequenceBytes {
			t.Errorf("version %x, entries %x; want the same version, and one entry", after.Version, after.Entries)
		}

		var versions []string
		looked := make(chan error, 1)
		go func() {
			var err error
			versions, err = s.Unhurried().Versions(t.Context(), []customer.Key{key, ids(t).Key("main", "nobody")})
			looked <- err
		}()
		waitFor(t, looked, s, key)
		if versions[0] != before.Version || versions[1] != "" {
			t.Errorf("versions %x, want %x and none", versions, before.Version)
		}
	})
}

// waitFor reads a customer until something that waited is done.
func waitFor(t *testing.T, done <-chan error, s *projection.Customers, key customer.Key) {
	t.Helper()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		case <-time.After(time.Millisecond):
			load(t, s, key)
		}
	}
}

func TestWhatCanWaitGoesAloneIfNobodyReads(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		s := projection.New(homingtest.Redis(t, url), nil)
		key := ids(t).Key("main", "ann")
		e := order(key, 1, 1)
		e.Sequence = 7
		if err := s.Unhurried().MarkIn(t.Context(), 0, []customer.Entry{e}); err != nil {
			t.Fatal(err)
		}
		if marks, err := s.Marks(t.Context(), "main"); err != nil || marks[key.Bucket] != 7 {
			t.Errorf("the mark is %d (%v), want 7", marks[key.Bucket], err)
		}
	})
}

func TestAMarkOfAnEarlierEpochIsRefusedHoweverLongItWaited(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		r, g := rebuilder(t, url, &tape{}, "main")
		if err := r.Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := projection.New(guarded(t, url, g), g)
		key := ids(t).Key("main", "ann")
		e := order(key, 1, 1)
		e.Sequence = 7
		epoch := s.Epoch()
		marked := make(chan error, 1)
		go func() { marked <- s.Unhurried().MarkIn(t.Context(), epoch, []customer.Entry{e}) }()
		g.Distrust()
		if err := r.Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := <-marked
		marks, merr := s.Marks(t.Context(), "main")
		if merr != nil {
			t.Fatal(merr)
		}
		// It may have been quicker than the loss of trust: then it was right.
		if err == nil && marks[key.Bucket] != 7 || err != nil && (!errors.Is(err, projection.ErrRebuilding) || marks[key.Bucket] != 0) {
			t.Errorf("%v, and the mark is %d", err, marks[key.Bucket])
		}
	})
}

func TestARedisThatIsAwayIsNobodysEmptyAnswer(t *testing.T) {
	rdb := homingtest.Redis(t, "redis://127.0.0.1:1/0")
	s := projection.New(rdb, nil)
	keys := []customer.Key{ids(t).Key("main", "ann")}
	if rs, err := s.Load(t.Context(), keys); err == nil {
		t.Errorf("read: %+v", rs)
	}
	if vs, err := s.Versions(t.Context(), keys); err == nil {
		t.Errorf("versions: %q", vs)
	}
	if vs, err := s.Unhurried().Versions(t.Context(), keys); err == nil {
		t.Errorf("versions, unhurried: %q", vs)
	}
	if err := s.Unhurried().MarkIn(t.Context(), 0, []customer.Entry{{Key: keys[0], Sequence: 1}}); err == nil {
		t.Error("marked")
	}
}
