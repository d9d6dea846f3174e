package trace

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func TestWhatAnEventSaysOfItsTrace(t *testing.T) {
	whole := Headers{Parent: {parent}, State: {"a=1"}}
	for _, c := range []struct {
		name   string
		header map[string][]string
		data   string
		want   Headers
	}{
		{"nothing", nil, `{}`, nil},
		{"headers", map[string][]string{"traceparent": {parent}, "tracestate": {"a=1"}}, `{}`, whole},
		{"headers in another case", map[string][]string{"Traceparent": {parent}, "TraceState": {"a=1"}}, `{}`, whole},
		{"a state alone", map[string][]string{"tracestate": {"a=1"}}, `{}`, nil},
		{"binary, escaped", map[string][]string{"ce-traceparent": {parent}, "ce-tracestate": {"a%3D1"}}, `{}`, whole},
		{"binary, as Kafka has it", map[string][]string{"ce_traceparent": {parent}}, `{}`, Headers{Parent: {parent}}},
		{"structured", nil, `{"specversion":"1.0","traceparent":"` + parent + `","tracestate":"a=1"}`, whole},
		{"the event's own goes first", map[string][]string{"traceparent": {"other"}}, `{"specversion":"1.0","traceparent":"` + parent + `","tracestate":"a=1"}`, whole},
		{"data that is no envelope", map[string][]string{"traceparent": {parent}}, `{"traceparent":"x"}`, Headers{Parent: {parent}}},
		{"not JSON", nil, `"traceparent"`, nil},
	} {
		if diff := cmp.Diff(c.want, OfEvent(c.header, []byte(c.data))); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

// Where nothing is traced, what is called on the way costs nothing.
func TestNothingIsDoneWhereNothingIsTraced(t *testing.T) {
	var none *Tracer
	if n := testing.AllocsPerRun(100, func() {
		s := none.Follow("intake", nil)
		s.Inside("judge").End()
		s.Say("outcome", "sent")
		s.Fail("no")
		if s.Headers() != nil || s.ID() != "" {
			t.Error("a span that is none says something")
		}
		s.End()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	none.Close(t.Context())
}

// A trace of Homing's own is recorded by its share, and what follows from a trace as that is:
// later ones, too.
func TestALineOfTracesIsRecordedAsItsFirstIs(t *testing.T) {
	for _, share := range []float64{0, 1} {
		tracer, err := Open(Options{Endpoint: "http://127.0.0.1:1", Share: share})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			from Headers
			want bool
		}{
			{"its own", nil, share == 1},
			{"of a storefront that records", Headers{Parent: {parent}}, true},
			{"of a storefront that does not", Headers{Parent: {parent[:len(parent)-1] + "0"}}, false},
			{"of a storefront that says nonsense", Headers{Parent: {"ann@example.com"}}, share == 1},
		} {
			intake := tracer.Follow("intake", c.from)
			deliver := tracer.Later("deliver", time.Now(), intake.Headers())
			if (intake.ID() != "") != c.want || (deliver.ID() != "") != c.want {
				t.Errorf("share %v, %s: intake %q, deliver %q", share, c.name, intake.ID(), deliver.ID())
			}
			if got := intake.Headers(); len(got[Parent]) != 1 {
				t.Errorf("share %v, %s: %v", share, c.name, got)
			}
		}
	}
}
