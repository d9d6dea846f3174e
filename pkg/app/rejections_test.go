package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/events"
	"homing/pkg/intake"
)

func TestAFloodOfRejectionsIsAFewLinesThatCountThemAll(t *testing.T) {
	for _, details := range []bool{false, true} {
		core, logs := observer.New(zap.DebugLevel)
		synctest.Test(t, func(t *testing.T) {
			r := newRejections(zap.New(core), details)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { r.run(ctx); close(done) }()
			for i := range 10_000 {
				r.add(intake.Rejection{Store: "main", Type: events.TypeOrderPlaced, Reason: events.ReasonBadMoney, Field: fmt.Sprintf("order.items[%d].price", i%7),
					Detail: `order.items[0].price.amount: "Ann Lee" is not a decimal number`, Event: "order-of-ann", Source: "/s"})
				time.Sleep(20 * time.Millisecond)
			}
			for i := range 300 { // more kinds than are told apart
				r.add(intake.Rejection{Store: fmt.Sprint("s", i), Type: "ann@example.com", Reason: events.ReasonUnknownStore})
			}
			cancel()
			<-done
		})
		total := 0
		for _, l := range logs.All() {
			m := l.ContextMap()
			if n, ok := m["events"]; ok {
				total += int(n.(int64))
			} else {
				total++
			}
			line := fmt.Sprint(l.Message, m)
			if strings.Contains(line, "order-of-ann") || strings.Contains(line, "@") || !details && strings.Contains(line, "Ann") {
				t.Errorf("the log says %s", line)
			}
		}
		if total != 10_300 {
			t.Errorf("the log counts %d events", total)
		}
		if n := logs.Len(); n > 120 {
			t.Errorf("%d lines", n)
		}
		if first := logs.All()[0].ContextMap(); first["field"] != "order.items[].price" || first["reason"] != "bad_money" || (first["detail"] != nil) != details {
			t.Errorf("the first says %v", first)
		}
	}
}
