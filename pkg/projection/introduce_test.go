package projection_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// everything is all that is kept of customers: records, without what only this Redis
// has, and links.
func everything(t testing.TB, rdb *redis.Client) map[string]string {
	t.Helper()
	out := map[string]string{}
	rdb = homingtest.Admin(t, rdb)
	names, err := rdb.Keys(context.Background(), "homing:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		switch kind, _ := rdb.Type(context.Background(), name).Result(); {
		case kind != "hash":
		case len(name) > 20 && rdb.HExists(context.Background(), name, "d").Val():
			out[name] = rdb.HGet(context.Background(), name, "d").Val()
		default:
			for field, v := range rdb.HGetAll(context.Background(), name).Val() {
				out[name+" "+fmt.Sprintf("%x", field)] = sortedLinks(v)
			}
		}
	}
	return out
}

// sortedLinks are links in an order of their own: which came first does not matter.
func sortedLinks(v string) string {
	if len(v) == 0 || len(v)%10 != 0 {
		return v
	}
	var ids []string
	for ; v != ""; v = v[10:] {
		ids = append(ids, v[:10])
	}
	slices.Sort(ids)
	return fmt.Sprintf("%x", ids)
}

func TestIdsAreIntroducedOnceAndBeforeTheirEventIsFolded(t *testing.T) {
	whereFactsAre(t, func(t *testing.T, timeline func() *tape) {
		url, p := miniRedis(t), timeline()
		d := openDesk(t, url, p)
		es := []customer.Entry{
			buys(t, 1, "", shared), buys(t, 2, "a", shared), knows(t, 3, "a", "ANN@example.com"), buys(t, 4, "a", other), buys(t, 5, "a", shared),
			merges(t, 6, "b", "a"), knows(t, 7, "c", ""), says(t, 8, &events.CustomerBirthday{Customer: who("a", shared)}),
		}
		for range 2 {
			d.takes(t, es...)
			for _, e := range es {
				d.takes(t, e)
			}
		}
		var got []string
		for _, e := range p.facts(events.TypePersonLinked, events.TypePersonMerged) {
			got = append(got, e.Event.ID)
		}
		token := func(k customer.Key) string { return k.Token }
		box, box2, a := token(ids(t).Mailbox("main", shared)), token(ids(t).Mailbox("main", other)), token(ids(t).Key("main", "a"))
		want := []string{
			"linked." + box + "." + token(ids(t).Key("main", ids(t).Guest("main", shared))), "linked." + box + "." + a, "linked." + box2 + "." + a,
			"merged." + a + "." + token(ids(t).Key("main", "b")) + "." + fmt.Sprint(at(6).UnixMilli()),
		}
		if !p.cluster {
			want = want[3:]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("introduced (-want +got):\n%s", diff)
		}
		if n := len(d.person(t, "a").Members); n != 3 {
			t.Errorf("%d ids are the person, want 3", n)
		}
		// A refold knows all of that, and nobody is introduced again.
		live, n := everything(t, homingtest.Redis(t, url)), len(p.entries)
		if err := homingtest.Admin(t, homingtest.Redis(t, url)).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if err := introducing(t, url, p).Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(live, everything(t, homingtest.Redis(t, url))); diff != "" {
			t.Errorf("a refold differs (-live +refolded):\n%s", diff)
		}
		if len(p.entries) != n {
			t.Errorf("a refold introduced %d again", len(p.entries)-n)
		}
	})
}

// The fact that says who is who is marked together with the event that caused it, and not
// before: what the mark does not cover yet is folded again.
func TestALinkIsMarkedWithTheEventThatCausedIt(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := &tape{cluster: true}
		d := openDesk(t, url, p)
		e := knows(t, 1, "a", shared)
		box := ids(t).Mailbox("main", shared)
		marked := func() uint64 {
			marks, err := d.Marks(t.Context(), "main")
			if err != nil {
				t.Fatal(err)
			}
			return marks[box.Bucket]
		}
		for range 2 { // its first event does not reach the timeline, and comes again
			if err := fold(t.Context(), d.Customers, []customer.Entry{e}); err != nil {
				t.Fatal(err)
			}
			if n := marked(); n != 0 {
				t.Fatalf("marked up to %d before the event is on the timeline", n)
			}
		}
		d.takes(t, knows(t, 2, "b", other))
		link := p.facts(events.TypePersonLinked)[0].Sequence
		if n := marked(); n < link {
			t.Errorf("marked up to %d, and the link is at %d", n, link)
		}
	})
}

func TestABucketThatIsLostIsFoldedAgainWithItsLinks(t *testing.T) {
	whereFactsAre(t, func(t *testing.T, timeline func() *tape) {
		url, p := miniRedis(t), timeline()
		rdb := homingtest.Redis(t, url)
		d := openDesk(t, url, p)
		for i := range 40 {
			d.takes(t, buys(t, 1, fmt.Sprint("c", i), fmt.Sprint(i%15, "@example.com")), buys(t, 2, "", fmt.Sprint(i%15, "@example.com")))
		}
		d.takes(t, merges(t, 3, "c1", "c2"), merges(t, 4, "c3", "c4"))
		if err := introducing(t, url, p).Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		live, n := everything(t, rdb), len(p.entries)
		lost := map[uint8]bool{}
		for i := range 12 {
			lost[ids(t).Mailbox("main", fmt.Sprint(i, "@example.com")).Bucket] = true
		}
		lost[ids(t).Key("main", "c2").Bucket] = true
		for b := range lost {
			names, err := homingtest.Admin(t, rdb).Keys(t.Context(), fmt.Sprintf("homing:{main.%d}:*", b)).Result()
			if err == nil {
				err = rdb.Del(t.Context(), names...).Err()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := introducing(t, url, p).Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(live, everything(t, rdb)); diff != "" {
			t.Errorf("%d buckets were lost, and what is there now differs (-before +after):\n%s", len(lost), diff)
		}
		if len(p.entries) != n {
			t.Errorf("%d entries more on the timeline", len(p.entries)-n)
		}
	})
}

// A process stops after any step; the event comes again, and all is as if it had not.
func TestAnIntroductionThatIsInterruptedIsMadeAgain(t *testing.T) {
	es := func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), buys(t, 2, "", shared), buys(t, 3, "b", other), merges(t, 4, "a", "b")}
	}
	whereFactsAre(t, func(t *testing.T, timeline func() *tape) { interrupted(t, timeline, es) })
}

func interrupted(t *testing.T, timeline func() *tape, es func(testing.TB) []customer.Entry) {
	url := miniRedis(t)
	d := openDesk(t, url, timeline())
	d.takes(t, es(t)...)
	want := everything(t, homingtest.Redis(t, url))
	for stop, stopped := 1, true; stopped; stop++ {
		stopped = false
		url, p := miniRedis(t), timeline()
		for _, e := range es(t) {
			f := openFaulty(t, url, p)
			f.stopAfter(stop)
			if err := f.take(t.Context(), []customer.Entry{e}); err != nil {
				stopped = true
				openDesk(t, url, p).takes(t, e)
			}
		}
		rdb := homingtest.Redis(t, url)
		if diff := cmp.Diff(want, everything(t, rdb)); diff != "" {
			t.Fatalf("stopped after step %d (-want +got):\n%s", stop, diff)
		}
		if err := homingtest.Admin(t, rdb).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if err := introducing(t, url, p).Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, everything(t, rdb)); diff != "" {
			t.Fatalf("stopped after step %d, and folded again (-want +got):\n%s", stop, diff)
		}
	}
}

// village is records and links as they should be, and the persons they make.
type village struct {
	id      *customer.Identity
	records map[customer.Key]*customer.Customer
	links   map[customer.Key]map[customer.Key]bool
}

func (v *village) at(k customer.Key) *customer.Customer {
	if v.records[k] == nil {
		v.records[k] = &customer.Customer{}
	}
	return v.records[k]
}

func (v *village) take(e customer.Entry) {
	d := e.Event.Data.(events.CustomerData)
	if email := d.Who().Email; email != "" {
		m := v.id.Mailbox("main", email)
		if v.links[m] == nil {
			v.links[m] = map[customer.Key]bool{}
		}
		v.links[m][e.Key] = true
	}
	if m, ok := d.(*events.CustomerMerged); ok {
		into := e.Event
		into.Type, into.Data = events.TypePersonMerged, &events.PersonMerged{Into: d.Who().ID}
		into.ID, into.Source = fmt.Sprint("merged.", v.id.Key("main", m.From).Token, ".", e.Key.Token, ".", e.Event.Time.UnixMilli()), "/homing/intake"
		customer.Apply(v.at(v.id.Key("main", m.From)), into)
	}
	customer.Apply(v.at(e.Key), e.Event)
}

func (v *village) person(a customer.Ask) customer.Person {
	n := customer.NewNeighbourhood(v.id)
	for {
		records, links := n.Missing(a)
		if len(records)+len(links) == 0 {
			return n.Person(a)
		}
		for _, k := range records {
			r := customer.Record{Key: k}
			if c := v.records[k]; c != nil {
				r.Customer, _ = customer.Decode(string(customer.Encode(c)))
			}
			n.Add([]customer.Record{r})
		}
		for _, k := range links {
			n.AddLinks(k, slices.SortedFunc(maps.Keys(v.links[k]), customer.CompareKeys))
		}
	}
}

// Several processes take events in, in batches and orders of their own, each of them
// more than once: the persons are those of the pure model, live and after a refold.
func TestPersonsAreThoseOfTheModelHoweverTheyAreTakenIn(t *testing.T) {
	lengthy.WithRace(t)
	whereFactsAre(t, personsOfTheModel)
}

func personsOfTheModel(t *testing.T, timeline func() *tape) {
	url := miniRedis(t)
	rdb := homingtest.Redis(t, url)
	names := []string{"a", "b", "c", "d"}
	mails := []string{shared, other, "third@example.com"}
	rapid.Check(t, func(rt *rapid.T) {
		if err := homingtest.Admin(t, rdb).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		var es []customer.Entry
		model := &village{ids(t), map[customer.Key]*customer.Customer{}, map[customer.Key]map[customer.Key]bool{}}
		for i := range rapid.IntRange(1, 14).Draw(rt, "events") {
			n, c := rapid.IntRange(1, 8).Draw(rt, "time"), who(rapid.SampledFrom(append(names, "")).Draw(rt, "id"), rapid.SampledFrom(append(mails, "")).Draw(rt, "email"))
			if c.ID == "" && c.Email == "" {
				c.Email = shared
			}
			var d events.CustomerData
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				d = &events.CustomerUpdated{Customer: c}
			case 1:
				d = &events.CustomerUnsubscribed{Customer: c}
			case 2:
				from := rapid.SampledFrom(names).Draw(rt, "from")
				if d = (&events.CustomerMerged{Customer: c, From: from}); from == c.ID {
					d = &events.CustomerUpdated{Customer: c}
				}
			default:
				d = &events.OrderPlaced{Customer: c, Order: events.Order{ID: fmt.Sprint(i)}}
			}
			e := says(t, n, d)
			e.Event.ID = fmt.Sprint("e", i)
			es = append(es, e)
			model.take(e)
		}
		p := timeline()
		var wg sync.WaitGroup
		for range rapid.IntRange(1, 3).Draw(rt, "processes") {
			d := deskOn(t, rdb, p)
			mine := rapid.Permutation(es).Draw(rt, "order")
			size := rapid.IntRange(1, len(es)).Draw(rt, "batch")
			wg.Go(func() {
				for batch := range slices.Chunk(mine, size) {
					if err := d.take(t.Context(), batch); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		check := func(when string) {
			d := deskOn(t, rdb, p)
			var asks []customer.Ask
			for _, id := range names {
				asks = append(asks, customer.Ask{Key: ids(t).Key("main", id)})
			}
			for _, m := range mails {
				asks = append(asks, customer.Ask{Key: ids(t).Key("main", ids(t).Guest("main", m))}, ids(t).AskMailbox("main", m))
			}
			got, err := d.people.Read(t.Context(), asks)
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range asks {
				want := model.person(a)
				if members(want) != members(got[i]) {
					rt.Fatalf("%s: members of %v are %s, want %s", when, a, members(got[i]), members(want))
				}
				if diff := cmp.Diff(customer.Encode(&want.Customer), customer.Encode(&got[i].Customer)); diff != "" {
					rt.Fatalf("%s: %v differs (-want +got):\n%s", when, a, diff)
				}
			}
		}
		check("live")
		if err := homingtest.Admin(t, rdb).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if err := introducing(t, url, p).Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		check("after a refold")
	})
}

func TestAnOrderOfNobodyIsFoldedIntoNobody(t *testing.T) {
	url := miniRedis(t)
	d := openDesk(t, url, &tape{})
	e := says(t, 1, &events.OrderPlaced{Customer: who("x", ""), Order: events.Order{ID: "pos-1"}})
	e.Event.Data.(*events.OrderPlaced).ID, e.Key = "", ids(t).Nobody("main")
	d.takes(t, e)
	if load(t, d.Customers, e.Key).Found() {
		t.Error("there is a record of nobody")
	}
}
