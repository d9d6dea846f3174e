package homingtest_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
)

const (
	traced   = "tracing: {endpoint: \"http://collector.example:4318\"}\nworkers: {thank-you: {class: marketing, after: 46h}}\n"
	ofShop   = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanShop = "00f067aa0ba902b7"
)

// An order that a storefront traces is planned in its trace, and what falls due days later,
// is held for the night and then sent, is two traces with a link to the plan. No span says
// whom it is about.
func TestATraceLeadsFromTheStorefrontToTheEmail(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := homingtest.NewCollector()
		defer c.Close()
		w := homingtest.New(t, dir, traced)
		w.TraceDial = c.Dial
		w.Start()
		publishTraced(t, w, "ann", nats.Header{"traceparent": {"00-" + ofShop + "-" + spanShop + "-01"}, "tracestate": {"shop=1"}})
		time.Sleep(72 * time.Hour)
		w.Stop()
		if len(w.Sink.Mails()) != 1 {
			t.Fatalf("%d emails", len(w.Sink.Mails()))
		}

		intake, plan := one(t, c.Spans("intake")), planOf(t, c)
		if hex.EncodeToString(intake.TraceId) != ofShop || hex.EncodeToString(intake.ParentSpanId) != spanShop || intake.TraceState != "shop=1" {
			t.Errorf("intake is in trace %x under %x with %q", intake.TraceId, intake.ParentSpanId, intake.TraceState)
		}
		if hex.EncodeToString(plan.TraceId) != ofShop || string(plan.ParentSpanId) != string(intake.SpanId) {
			t.Errorf("the plan is in trace %x under %x, not under %x", plan.TraceId, plan.ParentSpanId, intake.SpanId)
		}
		delivers := c.Spans("deliver")
		if len(delivers) != 2 {
			t.Fatalf("%d deliveries", len(delivers))
		}
		slices.SortFunc(delivers, func(a, b *tracepb.Span) int { return int(int64(a.StartTimeUnixNano) - int64(b.StartTimeUnixNano)) })
		for i, s := range delivers {
			if hex.EncodeToString(s.TraceId) == ofShop || len(s.ParentSpanId) > 0 {
				t.Errorf("delivery %d is no trace of its own", i)
			}
			if len(s.Links) != 1 || string(s.Links[0].SpanId) != string(plan.SpanId) || string(s.Links[0].TraceId) != string(plan.TraceId) {
				t.Errorf("delivery %d links to %v", i, s.Links)
			}
		}
		held, sent := said(delivers[0]), said(delivers[1])
		if held["homing.outcome"] != "held" || held["homing.reason"] != "quiet_hours" {
			t.Errorf("first: %v", held)
		}
		if sent["homing.outcome"] != "sent" || sent["homing.worker"] != "thank-you" || sent["homing.step"] != "thanks" || sent["homing.store"] != "main" ||
			!strings.HasPrefix(sent["homing.touch"], "thank-you.thanks.") {
			t.Errorf("second: %v", sent)
		}
		for _, name := range []string{"judge", "permit", "word", "bind", "compose", "open", "claim", "transmit", "finish"} {
			s := c.Spans(name)
			if last := s[len(s)-1]; string(last.ParentSpanId) != string(delivers[1].SpanId) {
				t.Errorf("%s is under %x", name, last.ParentSpanId)
			}
		}
		for _, s := range c.Spans("") {
			if text := s.String(); strings.Contains(text, "example.com") || strings.Contains(text, "ann") || strings.Contains(text, "Ann") {
				t.Errorf("a span says whom it is about: %s", text)
			}
		}
	})
}

// A collector that is away keeps no email, and is spoken of once.
func TestACollectorThatIsAwayKeepsNoEmail(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.WarnLevel)
		w := homingtest.New(t, dir, strings.Replace(traced, "46h", "1h", 1))
		w.Log = zap.New(core)
		w.TraceDial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody there") }
		w.Start()
		for _, who := range []string{"ann", "bea", "cat"} {
			publishTraced(t, w, who, nil)
			time.Sleep(10 * time.Minute)
		}
		time.Sleep(24 * time.Hour)
		w.Stop()
		if len(w.Sink.Mails()) != 3 {
			t.Errorf("%d emails", len(w.Sink.Mails()))
		}
		if n := logs.FilterMessageSnippet("the collector takes no traces").Len(); n != 1 {
			t.Errorf("it is spoken of %d times", n)
		}
	})
}

// Where nothing is traced, messages of ours say nothing of traces.
func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.TraceDial = func(context.Context, string, string) (net.Conn, error) {
			t.Error("it looks for a collector")
			return nil, errors.New("nobody there")
		}
		w.Start()
		publishTraced(t, w, "ann", nats.Header{"traceparent": {"00-" + ofShop + "-" + spanShop + "-01"}})
		time.Sleep(time.Minute)
		n := bus.PartitionsOf(w.JS)
		p := n.Of(w.Identity().Key("main", "ann").Bucket)
		for _, stream := range []string{n.Timeline(p), n.Schedule("thank-you", p)} {
			s, err := w.JS.Stream(t.Context(), stream)
			if err != nil {
				t.Fatal(err)
			}
			m, err := s.GetMsg(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if m.Header["traceparent"] != nil {
				t.Errorf("%s: %v", stream, m.Header)
			}
		}
	})
}

func publishTraced(t *testing.T, w *homingtest.World, customer string, h nats.Header) {
	t.Helper()
	order := homingtest.Order(customer, "4711-"+strings.ToUpper(customer[:1]))
	body, err := events.Encode(events.Event{ID: customer, Source: "/shop", Type: order.Type(), Store: "main", Time: time.Now().UTC().Truncate(time.Millisecond), Data: order})
	if err == nil {
		_, err = w.JS.PublishMsg(t.Context(), &nats.Msg{Subject: events.Subject("main", order.Type()), Data: body, Header: h})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func one(t *testing.T, spans []*tracepb.Span) *tracepb.Span {
	t.Helper()
	if len(spans) != 1 {
		t.Fatalf("%d spans: %v", len(spans), spans)
	}
	return spans[0]
}

// planOf is the span in which the order was planned for thank-you.
func planOf(t *testing.T, c *homingtest.Collector) *tracepb.Span {
	t.Helper()
	return one(t, slices.DeleteFunc(c.Spans("plan"), func(s *tracepb.Span) bool {
		return said(s)["homing.worker"] != "thank-you" || said(s)["homing.event"] != "order.placed"
	}))
}

func said(s *tracepb.Span) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes {
		out[a.Key] = a.Value.GetStringValue()
	}
	return out
}
