package intake_test

import (
	"fmt"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/intake"
)

// What a shop says without proof is a request where consent is to be confirmed; what it
// proved, what was brought over, and every no counts as it is told.
func TestAConsentWithoutProofIsARequest(t *testing.T) {
	for _, c := range []struct {
		consent   string
		double    bool
		confirmed bool
		history   bool
		want      string
	}{
		{events.Subscribed, true, false, false, events.ConsentRequested},
		{events.Subscribed, true, true, false, events.Subscribed},
		{events.Subscribed, true, false, true, events.Subscribed},
		{events.Subscribed, false, false, false, events.Subscribed},
		{events.Unsubscribed, true, false, false, events.Unsubscribed},
		{events.ConsentUnknown, true, false, false, events.ConsentUnknown},
	} {
		w := &world{}
		o := w.options(t)
		o.Confirm = map[string]bool{"main": c.double}
		more := ""
		if c.history {
			more = `"historical":"true",`
		}
		data := fmt.Sprintf(`{"specversion":"1.0","id":"1","source":"/shop","type":"order.delivered","time":"1999-03-01T10:00:00Z",%s"data":{`+
			`"customer":{"id":"ann","consent":{"email":%q,"confirmed":%v}},"order":{"id":"1"}}}`, more, c.consent, c.confirmed)
		feed(t, intake.New(o).Handle, []*message{{subject: "storefront.main.order.delivered", seq: 1, data: data}}, time.Second)
		if len(w.entries) != 1 {
			t.Fatalf("%d entries", len(w.entries))
		}
		if got := w.entries[0].Event.Data.(events.CustomerData).Who().Consent.Email; got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	// The gateway's own, which is said where it is proved, does not come through that door.
	w := &world{}
	o := w.options(t)
	o.Confirm = map[string]bool{"main": true}
	e := events.Event{ID: "1", Source: "/homing/gateway", Type: events.TypeCustomerUpdated, Store: "main", Time: time.Unix(1, 0),
		Data: &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.Subscribed}}}}
	if err := intake.New(o).Take(t.Context(), []customer.Entry{{Event: e}}); err != nil {
		t.Fatal(err)
	}
	if got := w.entries[0].Event.Data.(events.CustomerData).Who().Consent.Email; got != events.Subscribed {
		t.Error(got)
	}
}
