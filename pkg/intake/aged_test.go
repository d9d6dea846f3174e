package intake_test

import (
	"testing"
	"time"

	"homing/pkg/intake"
)

// An event's age is told once it is taken in, by the shop's time and by the stream's; of one
// that is rejected, none is.
func TestHowOldAnEventIsWhenItIsTakenIn(t *testing.T) {
	w := &world{}
	o := w.options(t)
	type age struct {
		historical          bool
		happened, published time.Duration
	}
	var ages []age
	o.Aged = func(historical bool, happened, published time.Duration) {
		ages = append(ages, age{historical, happened, published})
	}
	o.Business = func(t time.Time) time.Time { return t }
	at := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	feed(t, intake.New(o).Handle, []*message{
		{subject: "storefront.main.customer.created", seq: 1, data: `{"specversion":"1.0","id":"1","source":"/s","type":"customer.created","time":"` + at + `","data":{"customer":{"id":"ann"}}}`},
		{subject: "storefront.main.customer.created", seq: 2, data: `nonsense`},
	}, time.Second)
	if len(ages) != 1 || ages[0].historical {
		t.Fatalf("%+v", ages)
	}
}
