package events

import (
	"strings"
	"testing"
)

func TestAPlaceIsTheSequenceOnStorefrontAndIsKeptOnTheTimeline(t *testing.T) {
	raw := bareRaw(TypeOrderPlaced, `{"specversion":"1.0","id":"e","source":"/s","type":"order.placed","time":"2026-03-01T09:30:00Z","place":"7","copy":"true","data":`+minimalOrder+`}`)
	e := mustDecode(t, raw)
	if e.Place != 42 || e.Copy {
		t.Fatalf("place is %d, copy %v; a storefront's own say nothing", e.Place, e.Copy)
	}
	e.Copy = true
	b, err := Encode(e)
	if err != nil || !strings.Contains(string(b), `"place":"42","copy":"true"`) {
		t.Fatalf("%s, %v", b, err)
	}
	if err := compileSchema(t, "envelope").Validate(generic(t, b)); err != nil {
		t.Error(err)
	}
	checkTrusted(t, e)

	raw.Stream = "REJECTED"
	if e := mustDecode(t, raw); e.Place != 0 {
		t.Errorf("place on another stream is %d", e.Place)
	}
}

func TestAnEntryWithoutAPlaceHasNone(t *testing.T) {
	for _, attribute := range []string{"", `"place":"","copy":"",`, `"place":7,"copy":true,`, `"place":"x","copy":"no",`, `"place":{},"copy":[],`} {
		e, err := DecodeTrusted("main", []byte(`{"specversion":"1.0","id":"e","source":"/s",`+attribute+`"type":"order.placed","time":"2026-03-01T09:30:00Z","data":`+minimalOrder+`}`))
		if err != nil || e.Place != 0 || e.Copy {
			t.Errorf("%s: %d, %v, %v", attribute, e.Place, e.Copy, err)
		}
	}
}
