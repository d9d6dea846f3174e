package projection_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/projection"
)

// firstFormat is a Redis and a timeline as the first format left them: records that
// say nothing of addresses but have claims, no links, and nobody introduced.
func firstFormat(t *testing.T, rdb *redis.Client, p *tape) *tape {
	t.Helper()
	ctx := t.Context()
	for i := range 30 {
		p.record(buys(t, 1, fmt.Sprint("c", i), fmt.Sprint(i%20, "@example.com")))
	}
	p.record(buys(t, 2, "", "3@example.com"))
	p.record(knows(t, 3, "c4", "5@example.com"))
	p.record(merges(t, 4, "c1", "c2"))
	body := v1(t)
	last := map[uint8]uint64{}
	for _, e := range p.entries {
		name := fmt.Sprintf("homing:{main.%d}:c:%s", e.Key.Bucket, e.Key.Token)
		if err := rdb.HSet(ctx, name, "m", "12345678", "d", body).Err(); err != nil {
			t.Fatal(err)
		}
		last[e.Key.Bucket] = max(last[e.Key.Bucket], e.Sequence)
	}
	for b, seq := range last {
		if err := rdb.Set(ctx, fmt.Sprintf("homing:{main.%d}:mark", b), seq, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := rdb.Set(ctx, "homing:{main}:timeline", "the first", 0).Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// upgraded checks that all is known that is to be known.
func upgraded(t *testing.T, rdb *redis.Client, p *tape) {
	t.Helper()
	d := deskOn(t, rdb, p)
	if n := len(d.person(t, "c3").Members); n != 3 { // c3, c23 and the guest
		t.Errorf("%d ids are c3's person, want 3", n)
	}
	if n := len(d.person(t, "c4").Members); n != 3 { // c4 came to c5 and c25
		t.Errorf("%d ids are c4's person, want 3", n)
	}
	if n := len(d.person(t, "c2").Members); n != 4 { // c2 and c22, c1 and c21
		t.Errorf("%d ids are c2's person, want 4", n)
	}
	if got := rdb.Get(t.Context(), "homing:{main}:timeline").Val(); got != "2 the first" {
		t.Errorf("Redis is of %q", got)
	}
	seen := map[string]int{}
	for _, e := range p.facts(events.TypePersonLinked, events.TypePersonMerged) {
		seen[e.Event.ID]++
	}
	want := 33 // 30 ids, the guest, c4's second address, the merge
	if !p.cluster {
		want = 1
	}
	if len(seen) != want {
		t.Errorf("%d introductions are on the timeline, want %d", len(seen), want)
	}
	was, err := customer.Decode(string(v1(t)))
	if err != nil || len(was.Claims) == 0 {
		t.Fatal(err, len(was.Claims))
	}
	for _, e := range p.entries {
		if e.Event.Type != events.TypeOrderPlaced {
			continue
		}
		r := load(t, d.Customers, e.Key)
		if r.Customer.OrderCount() != 1 {
			t.Errorf("a customer of one order has %d", r.Customer.OrderCount())
		}
		if diff := cmp.Diff(was.Claims, r.Customer.Claims); diff != "" {
			t.Errorf("claims changed (-before +after):\n%s", diff)
		}
	}
	// And a later refold gives the same.
	live := everything(t, rdb)
	if err := homingtest.Admin(t, rdb).FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	n := len(p.entries)
	if err := introducing(t, "redis://"+rdb.Options().Addr, p).Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(p.entries) != n {
		t.Errorf("a refold introduced %d again", len(p.entries)-n)
	}
	after := everything(t, rdb)
	for name := range live {
		if after[name] == "" {
			t.Errorf("%s is not there after a refold", name)
		}
	}
}

func v1(t *testing.T) []byte {
	t.Helper()
	old, err := os.ReadFile("../customer/testdata/record-v1.hex")
	if err != nil {
		t.Fatal(err)
	}
	body, err := hex.DecodeString(strings.TrimSpace(string(old)))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestTheFirstFormatIsFoldedAgainAtTheStart(t *testing.T) {
	for _, cluster := range []bool{false, true} {
		firstFormatAtTheStart(t, cluster)
	}
}

func firstFormatAtTheStart(t *testing.T, cluster bool) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		p := firstFormat(t, rdb, &tape{cluster: cluster})
		r := introducing(t, url, p)
		if isReal(t, url) {
			r = introducingOn(t, url, p, projection.NewGuard(false))
		}
		if err := r.Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := len(p.reads)
		if err := r.Prove(t.Context()); err != nil || len(p.reads) != n {
			t.Errorf("folded again by the next process: %v", err)
		}
		upgraded(t, rdb, p)
	})
}

func TestTheFirstFormatIsFoldedAgainByTheCommand(t *testing.T) {
	whereFactsAre(t, firstFormatByTheCommand)
}

func firstFormatByTheCommand(t *testing.T, timeline func() *tape) {
	url := miniRedis(t)
	rdb := homingtest.Redis(t, url)
	p := firstFormat(t, rdb, timeline())
	if n, err := introducing(t, url, p).Rebuild(t.Context()); err != nil || n != 33 {
		t.Fatal(n, err)
	}
	reads := len(p.reads)
	if err := introducing(t, url, p).Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range p.reads[reads:] {
		if r.from == 1 {
			t.Error("a process that starts does it once more")
		}
	}
	upgraded(t, rdb, p)
}

// Whatever step of the refold was the last of a process, the next one goes on.
func TestAnUpgradeThatIsInterruptedGoesOn(t *testing.T) {
	lengthy.WithRace(t)
	for stop := 1; ; stop += 1 + stop/6 {
		url := miniRedis(t)
		rdb := homingtest.Redis(t, url)
		p := firstFormat(t, rdb, &tape{})
		f := openFaulty(t, url, p)
		f.stopAfter(stop)
		faulty := homingtest.Redis(t, url)
		faulty.AddHook(f)
		r := projection.NewRebuilder(faulty, projection.NewGuard(true), p, rebuildOptions(t, f))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := r.Prove(ctx)
		cancel()
		if err != nil && !errors.Is(err, errDown) {
			t.Fatal(err)
		}
		rdb.Del(t.Context(), "homing:{main}:refold") // its lock runs out
		if err := introducing(t, url, p).Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		upgraded(t, rdb, p)
		if t.Failed() {
			t.Fatalf("stopped after step %d", stop)
		}
		if err == nil {
			break
		}
	}
}
