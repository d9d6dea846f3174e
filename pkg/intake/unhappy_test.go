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

// unhappyWorld takes scores up to 2 for unhappy.
func unhappyWorld(t *testing.T) (*world, *intake.Intake) {
	w := &world{}
	o := w.options(t)
	o.Unhappy = func(store string, d *events.CustomerAnswered) bool {
		return store == "main" && d.Score != nil && *d.Score <= 2
	}
	return w, intake.New(o)
}

func answered(seq uint64, id, rest string) *message {
	return &message{subject: "storefront.main.customer.answered", seq: seq, data: fmt.Sprintf(
		`{"specversion":"1.0","id":%q,"source":"/shop","type":"customer.answered","time":"2026-03-01T10:00:00Z"%s}`, id, rest)}
}

const lowScore = `,"data":{"customer":{"id":"ann","email":"ann@example.com"},"survey":"s","question":"q","scale":"csat","score":2,"order_id":"1001"}`

func complaintsOf(w *world) (out []customer.Entry) {
	for _, e := range w.entries {
		if e.Event.Type == events.TypeComplaintOpened {
			out = append(out, e)
		}
	}
	return out
}

func TestAnUnhappyAnswerOpensOneComplaint(t *testing.T) {
	w, in := unhappyWorld(t)
	feed(t, in.Handle, []*message{
		answered(1, "a", `,"data":{"customer":{"id":"bob"},"question":"q","scale":"csat","score":5}`),
		answered(2, "b", lowScore),
		answered(3, "c", `,"historical":true`+lowScore),
	}, time.Second)
	first := complaintsOf(w)
	if len(w.entries) != 4 || len(first) != 1 || w.took[events.TypeComplaintOpened] != 1 {
		t.Fatalf("%d entries, %d complaints", len(w.entries), len(first))
	}
	e, d := first[0], first[0].Event.Data.(*events.ComplaintOpened)
	if e.Key != w.entries[1].Key || !e.Event.Time.Equal(w.entries[1].Event.Time) || d.Complaint.OrderID != "1001" || d.ID != "ann" || d.Email != "" {
		t.Errorf("%+v", e)
	}
	if b, err := events.Encode(e.Event); err != nil {
		t.Error(err)
	} else if back, err := events.DecodeTrusted("main", b); err != nil || back.ID != e.Event.ID {
		t.Errorf("%s: %v", b, err)
	}

	// Taken in again, by whichever process, it is the same complaint and the same event;
	// another answer to the same question is about the same complaint.
	w, in = unhappyWorld(t)
	feed(t, in.Handle, []*message{answered(2, "b", lowScore), answered(4, "d", lowScore)}, time.Second)
	again := complaintsOf(w)
	if len(again) != 2 || again[0].Event.ID != e.Event.ID || again[1].Event.ID == e.Event.ID {
		t.Fatalf("%+v", again)
	}
	for _, x := range again {
		if x.Event.Data.(*events.ComplaintOpened).Complaint.ID != d.Complaint.ID {
			t.Errorf("another complaint: %+v", x.Event.Data)
		}
	}
}

// What failed half way is taken in again, and the complaint with it; the entries that were
// given know their places.
func TestAComplaintThatFailedIsOpenedWithTheAnswer(t *testing.T) {
	w, in := unhappyWorld(t)
	w.fail = map[string]int{"mark": 1}
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	entries := []customer.Entry{{Key: id.Key("main", "ann"), Event: events.Event{ID: "a", Source: "/homing/gateway", Type: events.TypeCustomerAnswered,
		Store: "main", Time: time.Now(), Data: &events.CustomerAnswered{Customer: events.Customer{ID: "ann"}, Question: "q", Score: new(1)}}}}
	if err := in.Take(context.Background(), entries); err == nil {
		t.Fatal("it is said to be taken in")
	}
	if err := in.Take(context.Background(), entries); err != nil || len(complaintsOf(w)) != 1 || len(entries) != 1 || entries[0].Sequence == 0 {
		t.Errorf("%v, %+v, %+v", err, w.entries, entries)
	}
}
