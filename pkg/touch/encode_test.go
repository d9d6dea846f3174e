package touch

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// A touch is encoded as json.Marshal encodes it, whatever field of it is set, and whatever
// is in it.
func TestATouchIsEncodedAsJSONIs(t *testing.T) {
	at := time.Date(2027, 3, 1, 9, 0, 0, 120_000_000, time.FixedZone("", 3600))
	plain := Touch{Worker: "announcements", Step: "newsletter", Customer: customer.Key{Store: "main", Bucket: 77, Token: "abcdefghijklmnop"}, Occasion: "spring", Due: at, Wake: at}
	seven := 7
	cases := []Touch{{}, plain}
	with := func(change func(t *Touch)) {
		x := plain
		change(&x)
		cases = append(cases, x)
	}
	for _, s := range []string{"a b", "\"", "\\", "<a>&", "\u2028", "é", "\x00", "\xff"} {
		with(func(x *Touch) { x.Worker = s })
		with(func(x *Touch) { x.Step = s })
		with(func(x *Touch) { x.Customer.Store = s })
		with(func(x *Touch) { x.Customer.Token = s })
		with(func(x *Touch) { x.Occasion = s })
		with(func(x *Touch) { x.Zone = s })
		with(func(x *Touch) { x.Address = s })
	}
	for _, x := range []time.Time{at.UTC(), at.In(time.FixedZone("", -12*3600)), at.In(time.FixedZone("", 30)), at.AddDate(9000, 0, 0), {}} {
		with(func(t *Touch) { t.Due = x })
		with(func(t *Touch) { t.Wake = x })
		with(func(t *Touch) { t.Caused = x })
	}
	with(func(x *Touch) { x.Late, x.Tries, x.Issued = true, -3, true })
	with(func(x *Touch) { x.Again = &Again{Occasion: "1", By: "Ann <b>"} })
	with(func(x *Touch) { x.Own = &Own{Priority: &seven, Expires: time.Hour, Holdout: 0.1} })
	with(func(x *Touch) { x.Snapshot = &Snapshot{} })
	// each field of a snapshot by itself: none may be forgotten
	fill := reflect.TypeFor[Snapshot]()
	for i := range fill.NumField() {
		s := new(Snapshot)
		switch f := reflect.ValueOf(s).Elem().Field(i); f.Interface().(type) {
		case string:
			f.SetString("x & y")
		case int:
			f.SetInt(3)
		case time.Time:
			f.Set(reflect.ValueOf(at))
		case events.Money:
			f.Set(reflect.ValueOf(events.Money{Minor: 1295, Currency: "EUR"}))
		case []events.Item:
			f.Set(reflect.ValueOf([]events.Item{{ProductID: "tea"}}))
		case *events.Subscription:
			f.Set(reflect.ValueOf(&events.Subscription{ID: "1"}))
		default:
			t.Fatalf("the test does not know how to fill %s", fill.Field(i).Name)
		}
		with(func(x *Touch) { x.Snapshot = s })
	}
	if n := reflect.TypeFor[Touch]().NumField(); n != 16 {
		t.Errorf("a touch has %d fields: encode the new ones, and say here how many there are", n)
	}
	for _, x := range cases {
		want, wrong := json.Marshal(x)
		got, err := x.Encode()
		if (err == nil) != (wrong == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("%+v:\n%s (%v), want\n%s (%v)", x, got, err, want, wrong)
		}
	}
}
