package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"homing/pkg/delivery"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/mailer"
	"homing/pkg/throughput"
)

// asked counts the permits that are asked for.
type asked struct {
	delivery.Rate
	n atomic.Int32
}

func (a *asked) Wait(ctx context.Context, domain string, transactional, had bool) (time.Duration, string, error) {
	a.n.Add(1)
	return a.Rate.Wait(ctx, domain, transactional, had)
}

// A relay is down for a while on a day of its warm-up. What waits for it does not use
// the day up: all that the day allows leaves when the relay is back, and no more.
func TestARelayThatIsDownDoesNotUseUpADayOfItsWarmUp(t *testing.T) {
	lengthy.WithRace(t)
	for name, mail := range map[string]string{
		"cannot be reached": "",
		"takes nothing":     "450 4.7.1 Error: too much mail",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				const perDay = 20
				var down atomic.Bool
				down.Store(true)
				var tries atomic.Int32
				try := func() bool { tries.Add(1); return down.Load() }
				r.sink.Answer = func(command, _ string) string {
					if command == "MAIL" && mail != "" && try() {
						return mail
					}
					return ""
				}
				relay, err := mailer.New(mailer.Options{URL: "smtp+insecure://127.0.0.1:25", Log: zap.NewNop(),
					Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
						if mail == "" && try() {
							return nil, errors.New("connection refused")
						}
						return r.sink.Dial(ctx, network, addr)
					}})
				if err != nil {
					t.Fatal(err)
				}
				r.t.Cleanup(func() { _ = relay.Close() })
				rate := &asked{Rate: throughput.New(r.rdb, throughput.Options{Relay: "relay:25", PerSecond: 100,
					WarmUp: throughput.WarmUp{Start: time.Now().UTC().Truncate(day), PerDay: []int{perDay, 2 * perDay}}})}
				for i := range perDay + 10 {
					id := fmt.Sprint("c", i)
					r.known(id)
					r.touch(id, "offer", "l1", time.Minute+time.Duration(i)*10*time.Second, nil)
				}
				r.start(r.withHolds("main"), func(o *delivery.Options) {
					o.Routes["main"] = delivery.Route{Channel: r.email(relay), Rate: rate}
				})
				time.Sleep(20 * time.Minute)
				t.Logf("%d permits for %d tries", rate.n.Load(), tries.Load())
				if mail != "" && rate.n.Load() > 2*tries.Load() {
					t.Errorf("%d permits were asked for, for %d tries", rate.n.Load(), tries.Load())
				}
				down.Store(false)
				time.Sleep(3 * time.Hour)
				if n := len(r.sink.Mails()); n != perDay {
					t.Errorf("%d emails left on a day that allows %d", n, perDay)
				}
			})
		})
	}
}
