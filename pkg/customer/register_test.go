package customer

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anySaid draws a statement: few times, few sources, and copies of one statement
// with other places. All copies say the same, but for those without a place: an id
// that a shop gives twice.
func anySaid(t *rapid.T) Said[string] {
	s := Stamp{At: rapid.Int64Range(1, 2).Draw(t, "at"), Place: rapid.Uint64Range(0, 9).Draw(t, "place"),
		Tie: rapid.Uint32Range(1, MaxRivals).Draw(t, "tie")}
	v := fmt.Sprint(s.At, "-", s.Tie)
	if s.Place == 0 {
		v += rapid.SampledFrom([]string{"", "!"}).Draw(t, "again")
	}
	return Said[string]{v, s}
}

func heard(all []Said[string]) (r Register[string]) {
	for _, o := range all {
		r.say(o.Value, o.Stamp, strings.Compare)
	}
	return r
}

// shown says from all statements at once what a register is to show.
func shown(all []Said[string]) Said[string] {
	latest := map[uint32]Said[string]{} // of each source, the copy that counts
	var at int64
	for _, o := range all {
		at = max(at, o.Stamp.At)
	}
	for _, o := range all {
		old, ok := latest[o.Stamp.Tie]
		if o.Stamp.At == at && (!ok || cmp.Or(cmp.Compare(o.Stamp.Place, old.Stamp.Place), cmp.Compare(old.Value, o.Value)) < 0) {
			latest[o.Stamp.Tie] = o
		}
	}
	var out Said[string]
	for _, o := range latest {
		if cmp.Or(cmp.Compare(o.Stamp.Place, out.Stamp.Place), cmp.Compare(o.Stamp.Tie, out.Stamp.Tie)) > 0 {
			out = o
		}
	}
	return out
}

func TestARegisterShowsWhatWasSaidLastInWhateverOrderItComes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(anySaid), 1, 12).Draw(t, "said")
		want, got := shown(all), heard(all)
		if got.Value != want.Value || got.Stamp != want.Stamp {
			t.Fatalf("shows %q %v, want %q %v", got.Value, got.Stamp, want.Value, want.Stamp)
		}
		other := slices.Concat(all, all[:len(all)/2])
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		if d := gocmp.Diff(got, heard(other)); d != "" {
			t.Fatalf("the order matters:\n%s", d)
		}
		for _, o := range all {
			if got.say(o.Value, o.Stamp, strings.Compare) {
				t.Fatalf("%v changed something when it came again", o)
			}
		}
	})
}

func TestEveryPermutationOfWhatIsSaidGivesTheSameRegister(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(anySaid), 2, 6).Draw(t, "said")
		want := heard(all)
		permutations(all, func(all []Said[string]) {
			if d := gocmp.Diff(want, heard(all)); d != "" {
				t.Fatalf("the order matters:\n%s", d)
			}
		})
	})
}

func permutations(all []Said[string], f func([]Said[string])) {
	var walk func(n int)
	walk = func(n int) {
		if n == len(all) {
			f(all)
		}
		for i := n; i < len(all); i++ {
			all[n], all[i] = all[i], all[n]
			walk(n + 1)
			all[n], all[i] = all[i], all[n]
		}
	}
	walk(0)
}

func TestJoiningRegistersIsAsIfOneHadHeardItAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mine := rapid.SliceOfN(rapid.Custom(anySaid), 0, 8).Draw(t, "mine")
		theirs := rapid.SliceOfN(rapid.Custom(anySaid), 0, 8).Draw(t, "theirs")
		want := heard(slices.Concat(mine, theirs))
		a, b := heard(mine), heard(theirs)
		before := a
		a.join(b, strings.Compare)
		if d := gocmp.Diff(want, a); d != "" {
			t.Fatalf("joined (-heard all +joined):\n%s", d)
		}
		if a.join(b, strings.Compare) {
			t.Fatal("joining again changed something")
		}
		if b.join(before, strings.Compare); gocmp.Diff(want, b) != "" {
			t.Fatalf("joined the other way round:\n%s", gocmp.Diff(want, b))
		}
	})
}

func TestAnErasedRegisterIsAsIfNothingHadBeenSaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(anySaid), 0, 8).Draw(t, "said")
		gone := Stamp{At: rapid.Int64Range(0, 3).Draw(t, "erased")}
		got := heard(all)
		got.erase(gone)
		want := heard(slices.DeleteFunc(all, func(o Said[string]) bool { return o.Stamp.At <= gone.At }))
		if d := gocmp.Diff(want, got); d != "" {
			t.Fatalf("(-without it +erased):\n%s", d)
		}
	})
}

// A shop that tells an order with the order's own time, however often it changes,
// and then tells an old state of it once more.
func TestOfMoreStatementsOfOneTimeThanAreKeptTheLastOnesAre(t *testing.T) {
	var all []Said[string]
	for i := range MaxRivals + 2 {
		all = append(all, Said[string]{fmt.Sprint("edit ", i), Stamp{At: 1, Place: uint64(10 + i), Tie: uint32(100 - i)}})
	}
	last, want := all[len(all)-1].Value, heard(all)
	permutations(slices.Clone(all), func(some []Said[string]) {
		r := heard(some)
		if d := gocmp.Diff(want, r); d != "" || r.Value != last {
			t.Fatalf("shows %q; the order matters:\n%s", r.Value, d)
		}
		for i, o := range all {
			o.Stamp.Place = 99
			if r.say(o.Value, o.Stamp, strings.Compare) {
				t.Fatalf("a late copy of edit %d changed something", i)
			}
		}
	})
}

func TestAsManyStatementsAreRememberedAsTheBoundsSay(t *testing.T) {
	for _, c := range []struct {
		edits int
		copy  bool // one of the first is taken for a new one
	}{{MaxRivals + MaxPassed, false}, {MaxRivals + MaxPassed + 1, true}} {
		var all []Said[string]
		for i := range c.edits {
			all = append(all, Said[string]{fmt.Sprint("edit ", i), Stamp{At: 1, Place: uint64(10 + i), Tie: uint32(1 + i)}})
		}
		r := heard(all)
		if last := all[len(all)-1].Value; r.Value != last || len(r.others()) != MaxRivals-1 || len(r.passed()) != MaxPassed {
			t.Errorf("%d edits: shows %q, with %d rivals, %d passed", c.edits, r.Value, len(r.others()), len(r.passed()))
		}
		if got := r.say("edit 0", Stamp{At: 1, Place: 99, Tie: 1}, strings.Compare); got != c.copy {
			t.Errorf("%d edits, and a copy of the first: %v, want %v", c.edits, got, c.copy)
		}
		if r.say("later", Stamp{At: 2, Tie: 7}, strings.Compare); r.Rivals != nil {
			t.Errorf("of an earlier time %v is kept", *r.Rivals)
		}
	}
}

func TestJoinedRegistersRememberWhatEachPassed(t *testing.T) {
	edit := func(i int) Said[string] {
		return Said[string]{fmt.Sprint("edit ", i), Stamp{1, uint64(10 + i), uint32(100 - i)}}
	}
	var all []Said[string]
	for i := range 12 {
		all = append(all, edit(i))
	}
	want := heard(all)
	for cut := range len(all) + 1 {
		a, b := heard(all[:cut]), heard(all[cut:])
		other := b
		other.join(a, strings.Compare)
		if a.join(b, strings.Compare); gocmp.Diff(want, a)+gocmp.Diff(want, other) != "" {
			t.Errorf("joined after %d:\n%s%s", cut, gocmp.Diff(want, a), gocmp.Diff(want, other))
		}
	}
}

func TestHowTiesAreBroken(t *testing.T) {
	for _, c := range []struct {
		name string
		said []Said[string]
		want string
	}{
		{"the later place", []Said[string]{{"first", Stamp{1, 7, 200}}, {"second", Stamp{1, 8, 100}}}, "second"},
		{"the later time, whatever the place", []Said[string]{{"late", Stamp{2, 7, 1}}, {"early", Stamp{1, 8, 2}}}, "late"},
		{"what has a place is later than what has none", []Said[string]{{"import", Stamp{1, 0, 200}}, {"stream", Stamp{1, 3, 100}}}, "stream"},
		{"without places, the hash", []Said[string]{{"high", Stamp{1, 0, 200}}, {"low", Stamp{1, 0, 100}}}, "high"},
		{"a copy with a higher place changes nothing", []Said[string]{{"first", Stamp{1, 7, 200}}, {"second", Stamp{1, 8, 100}}, {"first", Stamp{1, 9, 200}}}, "second"},
		{"a copy from a stream that begins again has the lower place", []Said[string]{{"first", Stamp{1, 70, 200}}, {"second", Stamp{1, 80, 100}}, {"second", Stamp{1, 3, 100}}}, "first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			permutations(c.said, func(all []Said[string]) {
				if got := heard(all).Value; got != c.want {
					t.Errorf("%v: shows %q, want %q", all, got, c.want)
				}
			})
		})
	}
}
