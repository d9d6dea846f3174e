package touch_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
)

func TestTokenLeavesAloneWhatMayStandInASubject(t *testing.T) {
	for _, s := range []string{"1001", "a", "order-7", strings.Repeat("a", 32), "2025"} {
		if got := touch.Token(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestTokenHidesWhatMayNot(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []string{"", "A", "a.b", "a b", "*", ">", "ä", "order_7", strings.Repeat("a", 33), "1001\n", strings.Repeat("x", 10_000)} {
		got := touch.Token(s)
		if !regexp.MustCompile(`^[a-z2-7]{26}$`).MatchString(got) {
			t.Errorf("%q became %q, want 26 letters of base32", s, got)
		}
		if twin, ok := seen[got]; ok {
			t.Errorf("%q and %q have the same token", s, twin)
		}
		seen[got] = s
	}
	if got, want := touch.Token("Order 7"), "sghgfuqbjugf37cfau3xixclmq"; got != want {
		t.Errorf("golden: %q, want %q: the ids of pending touches would change", got, want)
	}
}

func TestEveryTouchHasAnIDThatCanBeTakenApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := [4]string{
			touch.Token(rapid.String().Draw(t, "worker")), touch.Token(rapid.String().Draw(t, "step")),
			touch.Token(rapid.String().Draw(t, "customer")), touch.Token(rapid.String().Draw(t, "occasion")),
		}
		x := touch.Touch{Worker: want[0], Step: want[1], Customer: customer.Key{Token: want[2]}, Occasion: want[3]}
		var got [4]string
		var err error
		if got[0], got[1], got[2], got[3], err = touch.ParseID(x.ID()); err != nil || got != want {
			t.Fatalf("%s: %v, %v", x.ID(), got, err)
		}
	})
}

func TestParseIDRefusesWhatIsNone(t *testing.T) {
	for _, s := range []string{"", "a", "a.b.c", "a.b.c.d.e", "a.b.c.", ".b.c.d", "a.B.c.d", "a.b.c.*", "a.b.c.d ", "a.b.c." + strings.Repeat("d", 33)} {
		if _, _, _, _, err := touch.ParseID(s); !errors.Is(err, touch.ErrID) {
			t.Errorf("%q: %v, want ErrID", s, err)
		}
	}
}

func TestItemsStayWithinTheirBounds(t *testing.T) {
	many := func(n, name int) []events.Item {
		out := make([]events.Item, n)
		for i := range out {
			out[i] = events.Item{ProductID: "p", Name: strings.Repeat("n", name), Quantity: 1}
		}
		return out
	}
	for _, c := range []struct {
		name  string
		items []events.Item
		kept  int
	}{
		{"none", nil, 0},
		{"as many as may be", many(touch.MaxItems, 10), touch.MaxItems},
		{"one more", many(touch.MaxItems+1, 10), touch.MaxItems},
		{"few, but long", many(20, 2000), 3},
		{"one that is too long alone", many(1, touch.MaxSnapshot), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept, more := touch.Items(c.items)
			if len(kept) != c.kept || more != len(c.items)-c.kept {
				t.Errorf("%d kept and %d more of %d, want %d kept", len(kept), more, len(c.items), c.kept)
			}
			if len(kept) > 0 && more > 0 {
				_ = append(kept, events.Item{ProductID: "intruder"})
				if c.items[len(kept)].ProductID == "intruder" {
					t.Error("appending to what was kept writes over what was left out")
				}
			}
		})
	}
}
