package intake_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/intake"
)

// passed are codes that customers pass on.
type passed struct {
	owner map[customer.Key]customer.Key
	asked int
}

func (p *passed) Links(_ context.Context, codes []customer.Key) ([][]customer.Key, error) {
	p.asked++
	out := make([][]customer.Key, len(codes))
	for i, c := range codes {
		if k, ok := p.owner[c]; ok {
			out[i] = []customer.Key{k}
		}
	}
	return out, nil
}

// Orders are asked about in one go, and those without coupons not at all, nor where nobody
// passes codes on; the first code that was passed on is noted with the friend.
func TestOrdersAreAskedForCodesThatWerePassedOn(t *testing.T) {
	order := func(seq uint64, who, coupons string) *message {
		return &message{subject: "storefront.main.order.placed", seq: seq, data: fmt.Sprintf(
			`{"customer":{"id":%q},"order":{"id":"%d","coupons":%s,"items":[{"product_id":"tea","name":"Tea","quantity":1}],"total":{"amount":"9.00","currency":"GBP"}}}`, who, seq, coupons)}
	}
	for _, c := range []struct {
		name   string
		passOn bool
		msgs   []*message
		asked  int
		noted  string
	}{
		{"no coupons", true, []*message{order(1, "lee", `[]`), order(2, "kim", `[]`)}, 0, "[]"},
		{"coupons", true, []*message{order(1, "lee", `["SPRING","friend-1","FRIEND-2"]`), order(2, "kim", `["SPRING"]`), order(3, "joe", `["FRIEND-2"]`)}, 1, "[1 ann 3 bob]"},
		{"nobody passes codes on", false, []*message{order(1, "lee", `["FRIEND-1"]`)}, 0, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{}
			o := w.options(t)
			ann, bob := o.Identity.Key("main", "ann"), o.Identity.Key("main", "bob")
			codes := &passed{owner: map[customer.Key]customer.Key{o.Identity.Code("main", "FRIEND-1"): ann, o.Identity.Code("main", "FRIEND-2"): bob}}
			o.Codes, o.People, o.PassOn = codes, &known{}, func(string) bool { return c.passOn }
			feed(t, intake.New(o).Handle, c.msgs, 10*time.Second)
			noted := []string{}
			for _, e := range w.entries {
				if d, ok := e.Event.Data.(*events.ReferralNoted); ok {
					noted = append(noted, d.Order, map[string]string{ann.Token: "ann", bob.Token: "bob"}[d.Other])
				}
			}
			if fmt.Sprint(noted) != c.noted || codes.asked != c.asked {
				t.Errorf("%v after %d look-ups", noted, codes.asked)
			}
		})
	}
}
