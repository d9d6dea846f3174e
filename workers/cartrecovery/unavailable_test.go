package cartrecovery_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// says is a shop that says of each product whether it can be bought: "tea", "-lamp".
func says(products ...string) *product.Snapshot {
	s := &product.Snapshot{Products: map[string]product.Product{}}
	for _, id := range products {
		id, off := strings.CutPrefix(id, "-")
		yes := !off
		s.Products[id] = product.Product{Available: &yes}
	}
	return s
}

func TestWhatCannotBeBoughtIsLeftOut(t *testing.T) {
	const h = time.Hour
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf("p%02d", i)
	}
	off := func(products []string) *product.Snapshot {
		var out []string
		for _, p := range products {
			out = append(out, "-"+p)
		}
		return says(out...)
	}
	for _, c := range []struct {
		name string
		left []string // what was in the cart when it was left
		told []events.Event
		shop *product.Snapshot
		want []string // what the email shows; nil: what was left
		more int
		drop bool
	}{
		{"nothing is known", []string{"lamp"}, nil, nil, nil, 0, false},
		{"of another product", []string{"lamp"}, nil, says("-tea"), nil, 0, false},
		{"it can be bought", []string{"lamp"}, nil, says("lamp"), nil, 0, false},
		{"the only one is gone", []string{"lamp"}, nil, says("-lamp"), nil, 0, true},
		{"both are gone", []string{"lamp", "tea"}, nil, says("-lamp", "-tea"), nil, 0, true},
		{"one of two is gone", []string{"lamp", "tea"}, nil, says("-lamp", "tea"), []string{"tea"}, 0, false},
		{"the other is not known", []string{"lamp", "tea"}, nil, says("-lamp"), []string{"tea"}, 0, false},
		{"what is gone was taken out", []string{"lamp", "tea"}, []events.Event{updated(h/2, cart("k1", "tea"))}, says("-lamp"), []string{"tea"}, 0, false},
		{"only what is gone is left", []string{"lamp", "tea"}, []events.Event{updated(h/2, cart("k1", "lamp"))}, says("-lamp"), nil, 0, true},
		{"what is new in it is gone", []string{"tea"}, []events.Event{updated(h/2, cart("k1", "tea", "lamp")), left(h/2+1, cart("k1", "tea", "lamp"))}, says("-lamp"), []string{"tea"}, 0, false},
		{"what is new in it is there", []string{"lamp"}, []events.Event{updated(h/2, cart("k1", "tea", "lamp")), left(h/2+1, cart("k1", "tea", "lamp"))}, says("-lamp"), []string{}, 1, false},
		{"of an older cart, one is gone", []string{"lamp", "tea"}, []events.Event{updated(h/2, cart("k2"))}, says("-lamp"), []string{"tea"}, 0, false},
		{"of an older cart, all are gone", []string{"lamp"}, []events.Event{updated(h/2, cart("k2"))}, says("-lamp"), nil, 0, true},
		{"all that is known of many is gone", many, nil, off(many), []string{}, 10, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := asked("reminder", "k1-0")
			x.Snapshot.Items, x.Snapshot.More = touch.Items(cart("k1", c.left...).Items)
			in := workers.Input{Customer: new(fold(append([]events.Event{left(0, cart("k1", c.left...))}, c.told...)...)), Products: c.shop, Now: noon.Add(2 * h)}
			v := worker(t, asIs).Wanted(x, in)
			if dropped := v.Action == touch.Drop; dropped != c.drop || dropped && (v.Reason != reason.Unavailable || !strings.Contains(v.Detail, "lamp")) {
				t.Errorf("%+v, want it dropped as unavailable: %v", v, c.drop)
			}
			if c.drop {
				return
			}
			got := worker(t, asIs).Compose(x, in)
			var shown []string
			if got.Items != nil {
				shown = []string{}
			}
			for _, it := range got.Items {
				shown = append(shown, it.ProductID)
			}
			if d := cmp.Diff(c.want, shown); d != "" || got.More != c.more {
				t.Errorf("%d more, want %d; shown (-want +got):\n%s", got.More, c.more, d)
			}
			gone := c.shop != nil && slices.ContainsFunc(in.Customer.Cart.Value.Lines, func(l customer.Line) bool { p, _ := c.shop.Of(l.Product); return p.Unavailable() })
			if strings.Contains(got.Detail, "left out, because") != (gone || strings.HasPrefix(c.name, "of an older cart")) {
				t.Errorf("the detail is %q", got.Detail)
			}
		})
	}
}
