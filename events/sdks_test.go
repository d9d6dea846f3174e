package events

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// What CloudEvents' official SDKs for Go and for JavaScript publish is one and the same
// order, in each of their forms: bytes, text, a type of one's own, headers of Kafka. `make
// cloudevents` asks them, that for Go through a NATS.
func TestWhatTheSDKsPublishIsTakenIn(t *testing.T) {
	file, err := os.ReadFile("testdata/sdks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for line := range bytes.Lines(file) {
		var m struct {
			SDK, How string
			Header   map[string][]string
			Data     []byte
		}
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		n[m.SDK]++
		t.Run(m.SDK+" "+m.How, func(t *testing.T) {
			e := mustDecode(t, Raw{Subject: Subject("main", TypeOrderPlaced), Header: m.Header, Data: m.Data, Stream: "STOREFRONT", Sequence: 42, Time: testNow})
			o, is := e.Data.(*OrderPlaced)
			if !is || o.Customer.ID != "c1" || o.Order.Total.String() != "12.95 GBP" || len(o.Order.Items) != 1 || e.Source != "/shop" || e.ID[:3] != m.SDK[:2]+"-" {
				t.Errorf("%+v", e)
			}
			if !e.Time.Equal(time.Date(2026, 1, 5, 9, 0, 0, 123e6, time.UTC)) {
				t.Errorf("time %v", e.Time)
			}
		})
	}
	if n["go"] < 6 || n["js"] < 12 {
		t.Errorf("%v forms", n)
	}
}
