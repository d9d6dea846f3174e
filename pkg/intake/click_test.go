package intake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/click"
	"homing/pkg/customer"
	"homing/pkg/intake"
)

// known are people of whom the id is known.
type known struct{ fail int }

func (p *known) Read(_ context.Context, asks []customer.Ask, _ ...customer.Key) ([]customer.Person, error) {
	if p.fail > 0 {
		p.fail--
		return nil, errDown
	}
	out := make([]customer.Person, len(asks))
	for i := range out {
		out[i].Customer.ID.Value = "ann"
	}
	return out, nil
}

// A click is taken in by the token, as an event like any other; what the gateway did not
// sign is rejected, whatever it says, and its neighbours are not.
func TestAClickIsTakenInFromTheGatewayOnly(t *testing.T) {
	w := &world{}
	o := w.options(t)
	var err error
	if o.Clicks, err = click.NewSigner("a secret that only tests use, 32+ bytes"); err != nil {
		t.Fatal(err)
	}
	o.People = &known{fail: 1}
	ann := o.Identity.Key("main", "ann")
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	body, err := o.Clicks.Encode(click.Click{Customer: ann, Scope: "a-worker-that-was-removed", At: at.UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	forged := fmt.Sprintf(`{"customer":%q,"scope":"all","at":1,"signature":"AAAA"}`, ann.Token)
	msgs := []*message{
		{subject: "storefront.main.link.clicked", seq: 1, data: string(body)},
		{subject: "storefront.main.link.clicked", seq: 2, data: forged},
		{subject: "storefront.second.link.clicked", seq: 3, data: string(body)},
		{subject: "storefront.main.link.clicked", seq: 4, data: `{"specversion":"1.0","id":"1","source":"/shop","type":"link.clicked","data":{}}`},
		created(5, `"id":"bob"`),
	}
	feed(t, intake.New(o).Handle, msgs, 10*time.Second)
	for i, m := range msgs {
		want := "reject term"
		if i == 0 || i == 4 {
			want = "ack"
		}
		if got := strings.Join(m.said, " "); !strings.HasSuffix(got, want) {
			t.Errorf("message %d: %s, want %s", i+1, got, want)
		}
	}
	for _, r := range w.rejected {
		if r != events.ReasonUnknownType {
			t.Errorf("rejected for %s", r)
		}
	}
	want := events.Event{
		ID: fmt.Sprintf("unsubscribed.%s.a-worker-that-was-removed.%d", ann.Token, at.UnixMilli()), Source: "/homing/gateway", Place: 1,
		Type: events.TypeCustomerUnsubscribed, Store: "main", Time: at,
		Data: &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}, Scope: "a-worker-that-was-removed"},
	}
	if len(w.entries) != 2 || w.entries[0].Key != ann {
		t.Fatalf("%+v", w.entries)
	}
	if d := cmp.Diff(want, w.entries[0].Event); d != "" {
		t.Error(d)
	}
}
