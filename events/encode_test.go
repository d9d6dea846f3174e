package events

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A storefront in Go publishes what Encode writes on the subject of the type.
func ExampleEncode() {
	order := &OrderPlaced{
		Customer: Customer{ID: "c-1007", Email: "ann@example.com"},
		Order: Order{
			ID:    "10042",
			Items: []Item{{ProductID: "tea-1", Name: "Earl Grey", Quantity: 1, Price: Money{740, "EUR"}}},
			Total: Money{740, "EUR"},
		},
	}
	message, err := Encode(Event{
		ID: "order-10042", Source: "/stores/main", Time: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC), Data: order,
	})
	fmt.Println(Subject("main", order.Type()), err)
	fmt.Println(string(message))
	// Output:
	// storefront.main.order.placed <nil>
	// {"specversion":"1.0","id":"order-10042","source":"/stores/main","type":"order.placed","time":"2026-03-02T09:15:00Z","datacontenttype":"application/json","data":{"customer":{"id":"c-1007","email":"ann@example.com"},"order":{"id":"10042","items":[{"product_id":"tea-1","name":"Earl Grey","quantity":1,"price":{"amount":"7.40","currency":"EUR"}}],"total":{"amount":"7.40","currency":"EUR"}}}}
}

// A rejected event names the field and what would be right.
func ExampleDecode() {
	_, err := Decode(Raw{
		Subject: "storefront.main.review.submitted",
		Data:    []byte(`{"customer": {"id": "c-1007"}, "review": {"product_id": "tea-1", "rating": "five"}}`),
	}, time.Now())
	fmt.Println(err)
	// Output:
	// review.rating: "five" is not a whole number
}

func TestEncodeRefusesWhatIsNoEvent(t *testing.T) {
	good := Event{ID: "e", Source: "/s", Time: testNow, Data: &CustomerErased{}}
	for want, change := range map[string]func(*Event){
		"no data":                 func(e *Event) { e.Data = nil },
		"its type is order.paid":  func(e *Event) { e.Type = "order.paid" },
		"id and source":           func(e *Event) { e.ID = "" },
		"and source are required": func(e *Event) { e.Source = "" },
		"its time":                func(e *Event) { e.Time = time.Time{} },
		"between year 1 and 9999": func(e *Event) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		e := good
		change(&e)
		if b, err := Encode(e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode = %s, %v; want %q", b, err, want)
		}
	}
	if _, err := Encode(good); err != nil {
		t.Error(err)
	}
}

func TestEncodeMakesTextValid(t *testing.T) {
	b, err := Encode(Event{ID: "a\xffb", Source: "/s\x00\"\\", Time: testNow.Add(1999 * time.Microsecond), Data: &CustomerErased{}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := DecodeTrusted("main", b)
	if err != nil || e.ID != "a\ufffdb" || e.Source != "/s\x00\"\\" || !e.Time.Equal(testNow.Add(time.Millisecond)) {
		t.Errorf("came back as %q, %q, %s, %v", e.ID, e.Source, e.Time, err)
	}
}

func TestDecodeTrustedReadsWhatAYoungerVersionWrote(t *testing.T) {
	e, err := DecodeTrusted("main", []byte(`{"specversion":"1.1","time":"2026-03-02T09:15:00Z","data":{"touch":"t","new":{"a":[1]},"server_code":250},"new":1,"source":"/s","id":"1","type":"email.sent"}`))
	if err != nil || e.Data.(*EmailSent).Touch != "t" || e.Data.(Fact).Body().ServerCode != 250 {
		t.Errorf("%+v, %v", e.Data, err)
	}
	for data, want := range map[string]string{
		`{"type":"order.paid","time":"2026-03-02T09:15:00Z","data":{}}`: `type: "order.paid" is not a type of event`,
		`{"type":"email.sent","time":"2026-03-02T09:15:00Z"}`:           "data: missing",
		`{"time":"2026-03-02T09:15:00Z","data":{}}`:                     `type: missing`,
		`{"type":"email.sent","data":{}}`:                               `time: missing`,
		``:                                                              "not JSON: it ends too early, at byte 0",
	} {
		if _, err := DecodeTrusted("main", []byte(data)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", data, err, want)
		}
	}
}
