package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/mailer"
)

func TestOrdersAreOfTheSizesTheyAreSaidToBe(t *testing.T) {
	now := time.Now()
	for items, want := range map[int]int{3: 600, 19: 2600} {
		m, err := message(order(12_345, 67_890, items, now))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(m.Data); n < want*95/100 || n > want*105/100 {
			t.Errorf("an order of %d items is %d bytes, not about %d", items, n, want)
		}
		if _, err := events.Decode(events.Raw{Subject: m.Subject, Data: m.Data}, now); err != nil {
			t.Errorf("an order of %d items: %v", items, err)
		}
	}
}

func TestARepeatedOrderIsOfAnotherCustomer(t *testing.T) {
	file := []*events.OrderPlaced{order(1, 1, 3, time.Now()).Data.(*events.OrderPlaced)}
	a, b := repeated(file, 0, time.Now()), repeated(file, 1, time.Now())
	x, y := a.Data.(*events.OrderPlaced), b.Data.(*events.OrderPlaced)
	if a.ID == b.ID || x.Order.ID == y.Order.ID || x.Customer.ID == y.Customer.ID || x.Customer.Email == y.Customer.Email {
		t.Errorf("%+v is too much like %+v", y, x)
	}
}

func TestTheBareMailHasTheSizeAskedFor(t *testing.T) {
	for _, size := range []int{4_000, 9_651, 30_000} {
		m, err := buildBare(size)
		if err != nil {
			t.Fatal(err)
		}
		n, err := m.WriteTo(io.Discard)
		if err != nil || n < int64(size)-100 || n > int64(size)+100 {
			t.Errorf("%d bytes (%v), not about %d", n, err, size)
		}
	}
}

func TestTheSinkTakesPipelinedMails(t *testing.T) {
	w, err := beginSink(json.RawMessage(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	c, err := textproto.Dial("tcp", w.ready.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	expect := func(code int) {
		t.Helper()
		if _, _, err := c.ReadResponse(code); err != nil {
			t.Fatal(err)
		}
	}
	expect(220)
	if _, err := c.W.WriteString("EHLO bench\r\n"); err != nil || c.W.Flush() != nil {
		t.Fatal(err)
	}
	expect(250)
	for i := range 2 {
		if err := c.PrintfLine("MAIL FROM:<a@shop.example>\r\nRCPT TO:<c-%d@example.com>\r\nDATA", i); err != nil {
			t.Fatal(err)
		}
		expect(250)
		expect(250)
		expect(354)
		if err := c.PrintfLine("Subject: x\r\n\r\n..\r\n%s\r\n.", strings.Repeat("long", 30_000)); err != nil {
			t.Fatal(err)
		}
		expect(250)
	}
	mails, err := w.answers["mails"]()
	if err != nil {
		t.Fatal(err)
	}
	if err := eachOnce(mails.([]receipt), 2); err != nil {
		t.Error(err)
	}
}

func TestTheSinkTakesAMailInOneWrite(t *testing.T) {
	for _, spec := range []string{`{"chunking": true}`, `{"chunking": true, "far": true}`} {
		w, err := beginSink(json.RawMessage(spec))
		if err != nil {
			t.Fatal(err)
		}
		defer w.stop()
		r, err := mailer.New(mailer.Options{URL: "smtp+insecure://" + w.ready.Addr})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			m, err := mailer.Build(mailer.Mail{
				From: "hello@shop.example", To: fmt.Sprintf("c-%d@example.com", i), MessageID: "x@shop.example",
				Text: strings.Repeat("long", 30_000),
			})
			if err != nil {
				t.Fatal(err)
			}
			c, err := r.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if out := c.Send(t.Context(), m, nil); out.State != mailer.Accepted {
				t.Errorf("%s: %+v", spec, out)
			}
			c.Release()
			m.Release()
		}
		_ = r.Close()
		mails, err := w.answers["mails"]()
		if err != nil {
			t.Fatal(err)
		}
		if err := eachOnce(mails.([]receipt), 3); err != nil {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

func TestLostAndDoubledMailsAreFound(t *testing.T) {
	for name, who := range map[string][]int{"lost": {0, 2}, "doubled": {0, 1, 2, 1}, "a stranger's": {0, 1, 2, 3}, "nobody's": {-1, 0, 1, 2}} {
		var mails []receipt
		for _, w := range who {
			mails = append(mails, receipt{Who: w})
		}
		if err := eachOnce(mails, 3); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTableSaysWhatWasMissed(t *testing.T) {
	var r report
	slow := rowOf(partIntake, "orders", perSecond, 1_234_567.6, 2_000_000)
	slow.judge("≥ 2,000,000/s", false)
	r.add(slow)
	var out bytes.Buffer
	if err := r.print(&out, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1,234,568/s", "0.62", "MISSED"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
}

func TestABusyMachineIsMeasuredAgainAndGetsNoVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		others []float64 // cores, in each try
		tries  int
		says   string
	}{
		"quiet":           {[]float64{0.1}, 1, "ok"},
		"busy, then not":  {[]float64{1.5, 0.1}, 2, "ok"},
		"busy throughout": {[]float64{1.5, 1, 0.5}, 3, "no verdict: others took 25 % of the machine"},
	} {
		b := &bench{progress: func(string, ...any) {}}
		b.report.Machine.Cores = 2
		tries := 0
		err := b.measure(t.Context(), partIntake, func(context.Context) error {
			b.report.CPU = append(b.report.CPU, cost{Others: c.others[tries]})
			tries++
			r := rowOf(partIntake, "orders", perSecond, 2, 1)
			r.judge("≥ 1/s", true)
			b.report.add(r)
			return nil
		})
		if err != nil || tries != c.tries || len(b.report.Rows) != 1 || verdict(b.report.Rows[0]) != c.says {
			t.Errorf("%s: %d tries, and %v (%v); want %d, and one row that is %q", name, tries, b.report.Rows, err, c.tries, c.says)
		}
	}
}

func TestCallersShareAllThereIs(t *testing.T) {
	for _, callers := range []int{1, 4, 8} {
		var mu sync.Mutex
		done := make([]int, 1000)
		err := inBatches(gateSpec{N: len(done), Callers: callers}, 128, func(from, to int) error {
			mu.Lock()
			defer mu.Unlock()
			for i := from; i < to; i++ {
				done[i]++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range done {
			if n != 1 {
				t.Fatalf("%d callers: %d was done %d times", callers, i, n)
			}
		}
	}
}

func TestWhatTakesMinutesIsMeasuredOnceEvenOnABusyMachine(t *testing.T) {
	b := &bench{progress: func(string, ...any) {}}
	b.report.Machine.Cores = 2
	n := 0
	err := b.measure(t.Context(), partCustomers, func(context.Context) error {
		n++
		b.report.CPU = append(b.report.CPU, cost{Others: 1})
		b.report.add(rowOf(partCustomers, "bytes", bytesUnit, 2, 1))
		return nil
	})
	if err != nil || n != 1 || b.report.Rows[0].Busy != 0.5 {
		t.Errorf("measured %d times, and %+v (%v)", n, b.report.Rows, err)
	}
}

func TestTheSampleShopIsWhatItIsSaidToBe(t *testing.T) {
	shop := newShop(100, ordersOf)
	all, orders := shop.count()
	seen, placed, ids := 0, 0, map[string]bool{}
	last := time.Time{}
	err := shop.each(func(e events.Event) error {
		if e.Time.Before(last) || e.Time.After(time.Now()) {
			t.Errorf("%s is at %v, after %v", e.ID, e.Time, last)
		}
		m, err := message(e)
		if err != nil {
			return err
		}
		if _, err := events.Decode(events.Raw{Subject: m.Subject, Data: m.Data}, time.Now()); err != nil {
			return fmt.Errorf("%s: %w", e.ID, err)
		}
		if seen++; e.Type == events.TypeOrderPlaced {
			placed++
		}
		ids[e.ID], last = true, e.Time
		return nil
	})
	if err != nil || seen != all || placed != orders || len(ids) != all {
		t.Errorf("%d events, %d orders, %d ids (%v); want %d, %d, all different", seen, placed, len(ids), err, all, orders)
	}
}

func TestTheMarkdownSaysWhereItWasMeasured(t *testing.T) {
	r := report{Machine: facts{Cores: 2, Go: "go1", OS: "linux/amd64"}}
	r.add(rowOf(partBurst, "orders", seconds, 4, 2))
	var out bytes.Buffer
	r.markdown(&out, time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC))
	for _, want := range []string{"29 November 2026: 2 cores", "| burst | orders | 4.00 s | 2.00 s | 2.00 |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestTheLongPartsRunOnlyWhenAskedFor(t *testing.T) {
	for args, want := range map[string][]string{
		"": usualParts, "-quick": usualParts, "-capacity": capacityParts, "-capacity -quick": capacityParts, "-capacity -only burst": {partBurst},
	} {
		b, err := parse(strings.Fields(args))
		if err != nil || !slices.Equal(b.only, want) {
			t.Errorf("%q runs %v (%v), want %v", args, b, err, want)
		}
	}
	for _, p := range capacityParts {
		if !slices.Contains(parts, p) {
			t.Errorf("%s is not among all parts", p)
		}
	}
	if _, err := parse([]string{"-only", "bursts"}); err == nil {
		t.Error("a part that there isn't is run")
	}
}
