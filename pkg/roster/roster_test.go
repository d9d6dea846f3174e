package roster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/roster"
)

// shop is a store whose customers are in audiences as a test says.
type shop struct {
	t    *testing.T
	o    roster.Options
	ids  *customer.Identity
	in   map[string]string   // id → audiences
	also map[string][]string // id → other ids of the person
	gone map[string]bool
	fail int // publishing fails for the nth time, and all that follow; 0: never
	told []string
}

func newShop(t *testing.T) *shop {
	js := natstest.Start(t, t.TempDir()).JS
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	ids, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, ids: ids, in: map[string]string{}, also: map[string][]string{}, gone: map[string]bool{}}
	s.o = roster.Options{JS: js, Customers: s, People: s, Publish: s.publish, Now: time.Now, Log: zap.NewNop(),
		In: func(_ string, who *customer.Customer, audiences []string) (out []bool, _ error) {
			for _, a := range audiences {
				out = append(out, slices.Contains(strings.Fields(s.in[who.ID.Value]), a))
			}
			return out, nil
		}}
	return s
}

func (s *shop) key(id string) customer.Key { return s.ids.Key("main", id) }

func (s *shop) customer(id string) customer.Customer {
	var c customer.Customer
	if !s.gone[id] {
		c.ID.Value, c.Email.Value = id, strings.TrimPrefix(id, "guest:")+"@example.com"
	}
	for _, of := range append([]string{id}, s.also[id]...) {
		c.Tokens = append(c.Tokens, s.key(of).Token)
	}
	return c
}

func (s *shop) Scan(_ context.Context, _ string, fn func([]customer.Record) error) error {
	for id := range s.in {
		if err := fn([]customer.Record{{Key: s.key(id), Customer: s.customer(id)}}); err != nil {
			return err
		}
	}
	return nil
}

func (s *shop) Named(_ context.Context, rs []customer.Record) ([]int, error) {
	return make([]int, len(rs)), nil
}

func (s *shop) Read(_ context.Context, asks []customer.Ask, _ ...customer.Key) ([]customer.Person, error) {
	out := make([]customer.Person, len(asks))
	for i, a := range asks {
		for id := range s.in {
			if s.key(id) == a.Key {
				out[i].Customer = s.customer(id)
			}
		}
	}
	return out, nil
}

var errFault = errors.New("a fault of the test")

func (s *shop) publish(_ context.Context, es []events.Event) error {
	if s.fail == 1 {
		return errFault
	}
	s.fail = max(s.fail-1, 0)
	for _, e := range es {
		d := e.Data.(events.CustomerData).Who()
		name, _, _ := strings.Cut(e.ID, "-")
		says := fmt.Sprint(e.Type.Action(), " ", name, " ", d.ID, d.Email)
		if _, err := events.Encode(e); err != nil || e.Store != "main" {
			s.t.Errorf("%+v: %v", e, err)
		}
		s.told = append(s.told, says+" "+e.ID[strings.Index(e.ID, "2026"):][:10])
	}
	slices.Sort(s.told)
	return nil
}

// night has a process tell of some audiences, as of a day in June, and returns what it told.
func (s *shop) night(day int, audiences ...string) []string {
	s.t.Helper()
	s.told = nil
	err := roster.New(s.o).Tell(s.t.Context(), "main", time.Date(2026, 6, day, 0, 0, 0, 0, time.UTC), audiences)
	if failed := errors.Is(err, errFault); err != nil && !failed || failed != (s.fail == 1) {
		s.t.Fatal(err)
	}
	return s.told
}

func (s *shop) want(what string, got []string, want ...string) {
	s.t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		s.t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestWhoCameAndWhoLeftIsToldOnce(t *testing.T) {
	s := newShop(t)
	s.in = map[string]string{"ann": "champion vip", "bob": "champion", "guest:cid": "", "dan": ""}
	s.want("the first night", s.night(1, "champion"))
	s.in["bob"], s.in["guest:cid"], s.in["dan"] = "", "champion", "vip"
	s.want("the same night", s.night(1, "champion"))
	s.want("the second", s.night(2, "champion", "vip"), "entered champion cid@example.com 2026-06-02", "left champion bob 2026-06-02")
	s.want("the second, by another process", s.night(2, "champion", "vip"))
	s.in["dan"], s.in["ann"] = "", "champion"
	s.want("the third", s.night(3, "champion", "vip"), "left vip ann 2026-06-03", "left vip dan 2026-06-03")
	s.gone["ann"], s.in["ann"] = true, "" // erased, which its own event tells
	s.want("after an erasure", s.night(4, "champion", "vip"))
	s.in["dan"] = "vip"
	s.want("one that is not asked for any more", s.night(5, "champion"))
	s.want("and again: it begins", s.night(6, "champion", "vip"))
}

// A process dies while it tells, and customers go on changing: the next tells what the
// first would have, by the same ids, and the night after tells the rest.
func TestAProcessThatDiesLeavesNobodyUntold(t *testing.T) {
	s := newShop(t)
	s.in = map[string]string{"ann": "champion", "bob": ""}
	s.night(1, "champion")
	s.in["ann"], s.in["bob"], s.fail = "", "champion", 2 // who came is told, who left is not
	s.want("until it died", s.night(2, "champion"), "entered champion bob 2026-06-02")
	s.in["ann"], s.in["bob"], s.fail = "champion", "", 0
	s.want("afterwards", s.night(2, "champion"), "entered champion bob 2026-06-02", "left champion ann 2026-06-02")
	s.want("the night after", s.night(3, "champion"), "entered champion ann 2026-06-03", "left champion bob 2026-06-03")
	s.in["ann"], s.fail = "", 1
	s.night(4, "champion")
	s.in["bob"], s.fail = "champion", 0
	s.want("two nights at once", s.night(5, "champion"), "entered champion bob 2026-06-05", "left champion ann 2026-06-04")
}

func TestSomebodyWithAnotherIDHasStayed(t *testing.T) {
	s := newShop(t)
	s.in = map[string]string{"ann": "champion", "guest:ann": ""}
	s.night(1, "champion")
	s.in["ann"], s.in["guest:ann"] = "", "champion" // now counted under the other id
	s.also["guest:ann"] = []string{"ann"}
	s.want("joined", s.night(2, "champion"))
	s.in["guest:ann"] = ""
	s.want("left", s.night(3, "champion"), "left champion ann@example.com 2026-06-03")
}
