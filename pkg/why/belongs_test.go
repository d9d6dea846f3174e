package why_test

import (
	"bytes"
	"regexp"
	"slices"
	"testing"

	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/segment"
	"homing/pkg/why"
	"homing/workers"
	"homing/workers/rewards"
)

// An agent sees in which segments a customer is, and how many points they have.
func TestSegmentsAndPointsAreSaid(t *testing.T) {
	l := begin(t, rewards.Kind)
	l.in.Store.Segments = segment.NewSet(nil)
	l.in.Store.Workers[0].Settings.Status = workers.Live
	l.in.Store.HeldOut = func(*customer.Customer) bool { return false }
	l.in.Products = &product.Snapshot{Segments: &segment.Snapshot{Version: 1}}
	l.happens(24*60, "a", order("1"))
	l.happens(1, "b", order("2"))
	r := why.Tell(l.in)
	if p := r.Standing.Points; p == nil || p.Balance == 0 || p.Pending == 0 || !slices.Contains(r.Standing.Segments, "loyal") && !slices.Contains(r.Standing.Segments, "new") && !slices.Contains(r.Standing.Segments, "champion") {
		t.Fatalf("%+v %q", p, r.Standing.Segments)
	}
	var b bytes.Buffer
	if err := why.Text(&b, r); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^  segments +[a-z_]+.*\n  rewards +\d+ points, and \d+ points of orders that are too new`).Match(b.Bytes()) {
		t.Error(b.String())
	}
	l.in.Products = nil
	if r := why.Tell(l.in); r.Standing.Segments != nil {
		t.Errorf("nothing is known, and they are in %q", r.Standing.Segments)
	}
}
