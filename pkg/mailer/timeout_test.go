package mailer

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// took runs f on fake time and says how long it took.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestSilenceEndsWithTheTimeOfThePhase(t *testing.T) {
	for _, c := range []struct {
		verb  string
		state State
		phase Phase
		after time.Duration
	}{
		{"MAIL", NotSent, PhaseMail, 5 * time.Minute},
		{"RCPT", NotSent, PhaseRcpt, 5 * time.Minute},
		{"DATA", NotSent, PhaseData, 5 * time.Minute},
		{"DOT", Unknown, PhaseDot, 10 * time.Minute},
	} {
		for mode, ext := range modes {
			t.Run(c.verb+"/"+mode, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fake{ext: ext, answer: at(c.verb, silence)}
					r := f.relay(t, nil)
					var out Outcome
					if d := took(func() { out = sendOne(t, r, nil) }); d != c.after {
						t.Errorf("took %v, want %v", d, c.after)
					}
					if out.State != c.state || out.Phase != c.phase || !errors.Is(out.Err, ErrTimeout) {
						t.Errorf("%+v", out)
					}
					checkErr(t, out)
					_ = r.Close()
					f.wg.Wait()
				})
			})
		}
	}
}

// A silence costs its time once: a kept-open connection that says nothing is
// not tried again.
func TestSilenceOnAKeptConnectionIsNotStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mails := 0
		f := &fake{answer: func(_ int, verb string) string {
			if verb == "MAIL" {
				if mails++; mails == 2 {
					return silence
				}
			}
			return ""
		}}
		r := f.relay(t, nil)
		sendOne(t, r, nil)
		if out := sendOne(t, r, nil); out.State != NotSent || f.dials != 1 {
			t.Errorf("%+v over %d connections", out, f.dials)
		}
		_ = r.Close()
		f.wg.Wait()
	})
}

func TestSilenceWhileConnecting(t *testing.T) {
	for verb, c := range map[string]struct {
		phase Phase
		after time.Duration
	}{
		"DIAL":     {PhaseDial, 30 * time.Second},
		"GREETING": {PhaseDial, 30 * time.Second},
	} {
		t.Run(verb, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: at(verb, silence)}
				r := f.relay(t, func(o *Options) {
					if verb == "DIAL" {
						o.Dial = blackHole
					}
				})
				var err error
				if d := took(func() { _, err = r.Acquire(t.Context()) }); d != c.after {
					t.Errorf("took %v, want %v", d, c.after)
				}
				failure, _ := errors.AsType[*Failure](err)
				if !errors.Is(err, ErrRelayDown) || !errors.Is(err, ErrTimeout) || failure.Phase != c.phase {
					t.Errorf("%v", err)
				}
				_ = r.Close()
				f.wg.Wait()
			})
		})
	}
}

// blackHole is a dial function that is never answered.
func blackHole(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// lease15 is a lease of 15 seconds that is extended while extend says so.
func lease15(extend func() bool) testLease {
	end := time.Now().Add(15 * time.Second)
	return testLease{deadline: func() time.Time {
		if !end.After(time.Now()) && extend() {
			end = time.Now().Add(15 * time.Second)
		}
		return end
	}}
}

func TestLeaseEndsTheWait(t *testing.T) {
	for verb, state := range map[string]State{"MAIL": NotSent, "RCPT": NotSent, "DOT": Unknown} {
		t.Run(verb, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: at(verb, silence)}
				r := f.relay(t, nil)
				var out Outcome
				lease := lease15(func() bool { return false })
				if d := took(func() { out = sendOne(t, r, lease) }); d != 15*time.Second {
					t.Errorf("took %v", d)
				}
				if out.State != state || !errors.Is(out.Err, ErrLeaseEnded) {
					t.Errorf("%+v", out)
				}
				_ = r.Close()
				f.wg.Wait()
			})
		})
	}
}

// The reply comes in pieces, each after the end of the lease as it stood.
func TestExtendedLeaseWaitsOn(t *testing.T) {
	for mode, ext := range modes {
		t.Run(mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				extended := 0
				lease := lease15(func() bool { extended++; return true })
				f := &fake{ext: ext, answer: at("DOT", "2<wait>50<wait>-2.0.0 o<wait>k\r\n250 queued")}
				r := f.relay(t, nil)
				var out Outcome
				if d := took(func() { out = sendOne(t, r, lease) }); d != time.Minute {
					t.Errorf("took %v", d)
				}
				if out.State != Accepted || extended < 3 {
					t.Errorf("%+v after %d extensions", out, extended)
				}
				if out := sendOne(t, r, nil); out.State != Accepted || f.dials != 1 {
					t.Errorf("the next email: %+v over %d connections", out, f.dials)
				}
				_ = r.Close()
				f.wg.Wait()
			})
		})
	}
}

// Extending the lease for ever does not extend the phase.
func TestExtendedLeaseEndsWithThePhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: at("DOT", silence)}
		r := f.relay(t, nil)
		var out Outcome
		if d := took(func() { out = sendOne(t, r, lease15(func() bool { return true })) }); d != 10*time.Minute {
			t.Errorf("took %v", d)
		}
		if out.State != Unknown || !errors.Is(out.Err, ErrTimeout) {
			t.Errorf("%+v", out)
		}
		_ = r.Close()
		f.wg.Wait()
	})
}

func TestLeaseThatEndedBeforeTheDotSendsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lease := lease15(func() bool { return false })
		lease.beforeDot = func() error { time.Sleep(time.Minute); return nil }
		f := &fake{}
		r := f.relay(t, nil)
		out := sendOne(t, r, lease)
		if out.State != NotSent || out.Phase != PhaseContent || !errors.Is(out.Err, ErrLeaseEnded) {
			t.Errorf("%+v", out)
		}
		_ = r.Close()
		f.wg.Wait()
		if len(f.mails) != 0 {
			t.Error("the dot went out")
		}
	})
}

// A relay that takes the content slowly, and one that stops taking it.
func TestContentThatIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{pause: func(verb string) {
			if verb == "DOT" {
				time.Sleep(time.Minute)
			}
		}}
		r := f.relay(t, nil)
		if out := sendOne(t, r, nil); out.State != Accepted {
			t.Errorf("slow: %+v", out)
		}
		f.answer = at("CONTENT", silence)
		f.pause = nil
		out := sendOne(t, r, lease15(func() bool { return false }))
		if out.State != NotSent || out.Phase != PhaseContent || !errors.Is(out.Err, ErrLeaseEnded) {
			t.Errorf("stopped: %+v", out)
		}
		_ = r.Close()
		f.wg.Wait()
	})
}

func TestIdleConnectionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r := f.relay(t, nil)
		sendOne(t, r, nil)
		time.Sleep(20 * time.Second)
		sendOne(t, r, nil) // starts the time again
		time.Sleep(29 * time.Second)
		synctest.Wait()
		if _, open := f.connections(); open != 1 {
			t.Errorf("%d connections open after 29 s, want 1", open)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		_, open := f.connections()
		if heard, _ := f.told(); open != 0 || heard[len(heard)-1] != "1 QUIT" {
			t.Errorf("%d connections open after 31 s: %v", open, heard)
		}
		out := sendOne(t, r, nil)
		if made, _ := f.connections(); out.State != Accepted || made != 2 {
			t.Errorf("%+v over %d connections", out, made)
		}
		_ = r.Close()
		f.wg.Wait()
	})
}

func TestGoodbyeIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: at("QUIT", silence)}
		r := f.relay(t, nil)
		sendOne(t, r, nil)
		if d := took(func() { _ = r.Close() }); d != quitTimeout {
			t.Errorf("took %v", d)
		}
		f.wg.Wait()
	})
}

func TestWaitingForAConnectionEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r := f.relay(t, func(o *Options) { o.Connections = 1 })
		c, err := r.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrRelayDown) {
			t.Errorf("%v", err)
		}
		c.Release()
		_ = r.Close()
		f.wg.Wait()
	})
}
