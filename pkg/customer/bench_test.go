package customer_test

import (
	"fmt"
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

// usual is a customer as most are: three orders of three items, each thanked for.
// The places are those of a stream that has had some millions of events.
func usual() []events.Event {
	var es []events.Event
	who := events.Customer{ID: "C-10007", Email: "ann.ray@mail.example", FirstName: "Ann", LastName: "Ray", TimeZone: "Europe/London",
		Locale: "en-GB", Country: "GB", Consent: &events.Consent{Email: events.Subscribed, At: new(instant(0))}}
	for i := range 3 {
		o := events.Order{ID: fmt.Sprintf("53636%d", i), Total: events.Money{Minor: int64(4295 + 5000*i), Currency: "GBP"}}
		for k := range 3 {
			o.Items = append(o.Items, events.Item{ProductID: fmt.Sprintf("8512%dA", k+i), Quantity: k + 1})
		}
		e := at(2_600_000*i, fmt.Sprint("order-", i), &events.OrderPlaced{Customer: who, Order: o})
		e.Place = uint64(41_000_000 + 7_000_000*i)
		es = append(es, e, at(2_600_000*i+1860, fmt.Sprint("f", i), &events.EmailSent{Email: events.Email{Touch: fmt.Sprintf("thank-you.thanks.abc.53636%d", i)}}))
	}
	return es
}

func BenchmarkAppend(b *testing.B) {
	c, body := fold(usual()), []byte(nil)
	for b.Loop() {
		body = customer.Append(body[:0], &c)
	}
	b.ReportMetric(float64(len(body)), "bytes")
}

func BenchmarkDecode(b *testing.B) {
	c := fold(usual())
	body := string(customer.Encode(&c))
	for b.Loop() {
		if _, err := customer.Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	es := usual()
	for b.Loop() {
		fold(es)
	}
}
