package customer_test

import (
	"fmt"
	"math"
	"testing"

	"homing/pkg/customer"
)

func drawer(t *testing.T) *customer.Identity {
	t.Helper()
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Who is in a control group must stay there: golden values.
func TestAControlGroupStaysAsItIs(t *testing.T) {
	id := drawer(t)
	for _, c := range []struct {
		store, customer, worker string
		want                    float64
	}{
		{"main", "ann", "", 0.672385},
		{"main", "ann", "birthday", 0.588782},
		{"outlet", "ann", "", 0.226159},
		{"main", "bob", "", 0.859991},
	} {
		if got := id.Draw(id.Key(c.store, c.customer), c.worker); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s %s %q: %.6f, want %.6f", c.store, c.customer, c.worker, got, c.want)
		}
	}
}

// Every share of the customers is drawn as often as it should, and whether
// somebody is in one worker's group says nothing of another's.
func TestControlGroupsAreFair(t *testing.T) {
	id := drawer(t)
	const people = 20_000
	names := []string{"", "birthday", "win-back"}
	var in [3][3]int // how many are in both groups; the diagonal: in that one
	shares := []float64{0.05, 0.1, 0.5}
	var below [3]int
	for i := range people {
		k := id.Key("main", fmt.Sprint("c-", i))
		for a, worker := range names {
			x := id.Draw(k, worker)
			if x < 0 || x >= 1 {
				t.Fatalf("drew %v", x)
			}
			if x >= 0.1 {
				continue
			}
			for b, other := range names {
				if id.Draw(k, other) < 0.1 {
					in[a][b]++
				}
			}
		}
		for s, share := range shares {
			if id.Draw(k, "") < share {
				below[s]++
			}
		}
	}
	near := func(what string, got int, share float64) {
		if want, sd := people*share, math.Sqrt(people*share*(1-share)); math.Abs(float64(got)-want) > 5*sd {
			t.Errorf("%s: %d of %d, want %.0f, give or take %.0f", what, got, people, want, sd)
		}
	}
	for s, share := range shares {
		near(fmt.Sprint("a share of ", share), below[s], share)
	}
	for a := range names {
		for b := range names {
			share := 0.01
			if a == b {
				share = 0.1
			}
			near(fmt.Sprintf("in the groups of %q and %q", names[a], names[b]), in[a][b], share)
		}
	}
}
