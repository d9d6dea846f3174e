package sizing_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"homing/pkg/sizing"
)

//go:generate go test -run ^TestTheDocsHaveTheTable$ . -update

var update = flag.Bool("update", false, "write the tables of docs/performance.md")

func shop(customers, orders float64) sizing.Shop {
	s := sizing.Usual()
	s.Customers, s.OrdersPerDay = customers, orders
	return s
}

func values(t *testing.T, s sizing.Shop) map[string]float64 {
	t.Helper()
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, l := range sizing.Of(s) {
		if _, twice := out[l.ID]; twice || l.Value <= 0 || l.What == "" || l.Basis == "" || strings.HasPrefix(l.Number, "0 ") || strings.HasPrefix(l.Number, "0.0") {
			t.Errorf("%+v", l)
		}
		out[l.ID] = l.Value
	}
	return out
}

func TestMoreOfAnythingNeverTakesLess(t *testing.T) {
	base := shop(1e6, 20e3)
	was := values(t, base)
	for name, more := range map[string]func(*sizing.Shop){
		"customers": func(s *sizing.Shop) { s.Customers *= 7 },
		"orders":    func(s *sizing.Shop) { s.OrdersPerDay *= 7 },
		"events":    func(s *sizing.Shop) { s.EventsPerOrder *= 7 },
		"emails":    func(s *sizing.Shop) { s.EmailsPerOrder *= 7 },
		"peak":      func(s *sizing.Shop) { s.Peak *= 7 },
		"years":     func(s *sizing.Shop) { s.Years *= 7 },
		"replicas":  func(s *sizing.Shop) { s.Replicas = 5 },
	} {
		s, grew := base, false
		more(&s)
		for id, v := range values(t, s) {
			if v < was[id] {
				t.Errorf("with more %s, %s is %v, and was %v", name, id, v, was[id])
			}
			grew = grew || v > was[id]
		}
		if !grew {
			t.Errorf("more %s changes nothing", name)
		}
	}
}

func TestTheSmallestAndTheLargestShopHaveAnAnswer(t *testing.T) {
	for _, c := range []float64{1, 100, 1e8, 1e11} {
		values(t, shop(c, max(1, c/50)))
	}
}

func TestAKnownShop(t *testing.T) {
	s := shop(2e6, 43_200) // an order every two seconds
	s.EventsPerOrder, s.EmailsPerOrder, s.Peak = 4, 2, 10
	got := values(t, s)
	for id, want := range map[string]float64{
		"events_per_second": 2, "events_per_second_peak": 20, "emails_per_second_peak": 10, "relay_per_second": 15,
		"emails_per_day": 86_400, "processes": 2, "nats_servers": 3, "partitions": 1,
		"redis_data": 2e6*sizing.Customer.Value + (43_200*365-2.8e6)*sizing.Order.Value, "rebuild_seconds": 43_200 * 365 * 6 / sizing.Refold.Value,
	} {
		if d := got[id] - want; d > 1e-6*want || d < -1e-6*want {
			t.Errorf("%s is %v, want %v", id, got[id], want)
		}
	}
}

func TestFiguresThatCantBeAreNamed(t *testing.T) {
	for field, change := range map[string]func(*sizing.Shop){
		"customers": func(s *sizing.Shop) { s.Customers = 0 }, "orders_per_day": func(s *sizing.Shop) { s.OrdersPerDay = -1 },
		"peak": func(s *sizing.Shop) { s.Peak = 0.5 }, "replicas": func(s *sizing.Shop) { s.Replicas = 2 }, "years": func(s *sizing.Shop) { s.Years = 0 },
		"events_per_order": func(s *sizing.Shop) { s.EventsPerOrder = 1e6 }, "emails_per_order": func(s *sizing.Shop) { s.EmailsPerOrder = 0 },
	} {
		s := shop(1e6, 20e3)
		change(&s)
		if e, ok := errors.AsType[*sizing.FieldError](s.Check()); !ok || e.Field != field {
			t.Errorf("%s: %v", field, s.Check())
		}
	}
}

func TestCountsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]float64{"2M": 2e6, "40k": 40e3, "1.5M": 1.5e6, "2000000": 2e6, "0.5k": 500, "7": 7} {
		if got, err := sizing.ParseCount(text); err != nil || got != want {
			t.Errorf("%s is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "M", "2 M", "2G", "-4k", "0", "1e6", "NaN", "Inf", "2,000", "0x10", "1_000", "k40", "2MM"} {
		if got, err := sizing.ParseCount(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
	for want, v := range map[string]float64{"950": 950, "40k": 40e3, "1.5M": 1.5e6, "9876": 9876, "250M": 250e6, "1G": 1e9} {
		if got := sizing.Count(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}

// The tables between comments of docs/performance.md are made here.
func TestTheDocsHaveTheTable(t *testing.T) {
	const path = "../../docs/performance.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := between(t, between(t, string(text), "sizing", sizingTable()), "measured", measuredTable())
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatal("docs/performance.md is not what pkg/sizing says: run make generate")
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func between(t *testing.T, text, name, table string) string {
	t.Helper()
	from, to := "<!-- "+name+", by make generate -->\n", "<!-- end of "+name+" -->\n"
	before, rest, ok := strings.Cut(text, from)
	_, after, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("nothing is between %q and %q", from, to)
	}
	return before + from + "\n" + table + "\n" + to + after
}

func sizingTable() string {
	shops := []sizing.Shop{shop(1e6, 20e3), shop(10e6, 200e3), shop(100e6, 2e6)}
	var b strings.Builder
	b.WriteString("| derived |")
	for _, s := range shops {
		fmt.Fprintf(&b, " %s customers, %s orders a day |", sizing.Count(s.Customers), sizing.Count(s.OrdersPerDay))
	}
	b.WriteString(" from |\n|---|--:|--:|--:|---|\n")
	for i, l := range sizing.Of(shops[0]) {
		fmt.Fprintf(&b, "| %s |", l.What)
		for _, s := range shops {
			fmt.Fprintf(&b, " %s |", sizing.Of(s)[i].Number)
		}
		fmt.Fprintf(&b, " %s |\n", l.Basis)
	}
	return b.String()
}

func measuredTable() string {
	var b strings.Builder
	b.WriteString("| measured | where |\n|---|---|\n")
	for _, m := range sizing.All() {
		fmt.Fprintf(&b, "| %s | %s |\n", m, m.From)
	}
	return b.String()
}
