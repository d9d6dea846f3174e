package events

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// orderOf returns an order of n lines as a storefront publishes it; three lines
// are about 600 bytes of data.
func orderOf(n int) Raw {
	var items []string
	for i := range n {
		items = append(items, fmt.Sprintf(`{"product_id":"tea-%03d","name":"Darjeeling First Flush No. %d","quantity":2,"price":{"amount":"12.95","currency":"EUR"}}`, i, i))
	}
	return Raw{
		Subject: "storefront.main.order.placed",
		Data: []byte(`{"specversion":"1.0","id":"order-10042","source":"/stores/main","type":"order.placed","time":"2026-03-02T09:15:00Z","data":` +
			`{"customer":{"id":"c-1007","email":"ann@example.com","first_name":"Ann"},"order":{"id":"10042","items":[` +
			strings.Join(items, ",") + `],"total":{"amount":"` + (Money{int64(n) * 2590, "EUR"}).Decimal() + `","currency":"EUR"}}}}`),
		Stream: "STOREFRONT", Sequence: 7, Time: time.Date(2026, 3, 2, 9, 15, 1, 0, time.UTC),
	}
}

var benchNow = time.Date(2026, 3, 2, 9, 15, 2, 0, time.UTC)

func BenchmarkDecode(b *testing.B) {
	for _, lines := range []int{3, 19} {
		raw := orderOf(lines)
		b.Run(fmt.Sprintf("%d_lines_%d_bytes", lines, len(raw.Data)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(raw, benchNow); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, lines := range []int{3, 19} {
		e, err := Decode(orderOf(lines), benchNow)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%d_lines", lines), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Encode(e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeTrusted(b *testing.B) {
	for _, lines := range []int{3, 19} {
		e, err := Decode(orderOf(lines), benchNow)
		if err != nil {
			b.Fatal(err)
		}
		data, err := Encode(e)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%d_lines", lines), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DecodeTrusted("main", data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d_lines_encoding_json", lines), func(b *testing.B) { // what it is measured against
			b.ReportAllocs()
			for b.Loop() {
				var envelope struct {
					ID, Source, Type string
					Time             time.Time
					Data             OrderPlaced
				}
				if err := json.Unmarshal(data, &envelope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
