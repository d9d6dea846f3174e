package touch_test

import (
	"testing"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

// What was sent, is being sent or was dropped under one of the ids counts for the touch
// under all of them, and so does the code that was bound.
func TestATouchIsThePersons(t *testing.T) {
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := id.Key("main", "a"), id.Key("main", "b")
	x := touch.Touch{Worker: "thank-you", Step: "thanks", Customer: mine, Occasion: "1"}
	there := x.Under(theirs.Token).ClaimKey()
	person := func(states ...customer.Claim) *customer.Customer {
		c := &customer.Customer{Tokens: []string{mine.Token, theirs.Token}}
		for _, k := range states {
			c.SetClaim(k)
		}
		return c
	}
	here := x.ClaimKey()
	for name, c := range map[string]struct {
		of   *customer.Customer
		want customer.ClaimState // 0: it is free
	}{
		"nothing was sent":                      {person(), 0},
		"sent under the other":                  {person(customer.Claim{Touch: there, State: customer.Sent, At: 1}), customer.Sent},
		"being sent under the other":            {person(customer.Claim{Touch: there, State: customer.Open, At: 1}), customer.Open},
		"dropped here, sent there":              {person(customer.Claim{Touch: here, State: customer.Dropped, At: 1}, customer.Claim{Touch: there, State: customer.Sent, At: 2}), customer.Sent},
		"sent under an id that is not theirs":   {&customer.Customer{Tokens: []string{mine.Token}, Claims: []customer.Claim{{Touch: there, State: customer.Sent, At: 1}}}, 0},
		"another email sent under the other":    {person(customer.Claim{Touch: there + 1, State: customer.Sent, At: 1}), 0},
		"dropped under the other, not here yet": {person(customer.Claim{Touch: there, State: customer.Dropped, At: 1}), customer.Dropped},
	} {
		if k, ok := x.ClaimIn(c.of); k.State != c.want || ok != (c.want != 0) {
			t.Errorf("%s: %+v, %v; want state %d", name, k, ok, c.want)
		}
	}
	p := person()
	p.Bind(customer.Offer{Touch: there, Code: "TEN", At: 1})
	if o, ok := x.OfferIn(p); !ok || o.Code != "TEN" {
		t.Errorf("the code that was bound under the other id: %+v, %v", o, ok)
	}
}
