package mailer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// oneWrite are the extensions with which a whole email goes out at once.
var oneWrite = []string{"PIPELINING", "CHUNKING", "SIZE 50000000"}

func TestWritesAMail(t *testing.T) {
	for name, c := range map[string]struct {
		ext    []string
		writes int
		heard  string
	}{
		"neither":    {nil, 4, "MAIL RCPT DATA DOT"},
		"pipelining": {[]string{"PIPELINING"}, 2, "MAIL RCPT DATA DOT"},
		"chunking":   {[]string{"CHUNKING"}, 4, "MAIL RCPT DATA DOT"},
		"both":       {oneWrite, 1, "MAIL RCPT BDAT DOT"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{ext: c.ext}
				r := f.relay(t, nil)
				sendOne(t, r, nil)
				before, heard := f.writes, len(f.heard)
				time.Sleep(900 * time.Millisecond)
				if out := sendOne(t, r, nil); out.State != Accepted {
					t.Errorf("%+v", out)
				}
				got := strings.ReplaceAll(strings.Join(f.heard[heard:], " "), "1 ", "")
				if f.writes-before != c.writes || got != c.heard {
					t.Errorf("%d writes, want %d: %s", f.writes-before, c.writes, got)
				}
				_ = r.Close()
				f.wg.Wait()
			})
		})
	}
}

func TestOneWriteLeavesTheMessageUnchanged(t *testing.T) {
	f := &fake{ext: oneWrite}
	r := f.relay(t, nil)
	m := mustBuild(t, sample())
	m.bytes = append(slices.Clone(m.bytes), ".\r\n..\r\n.a\r\n"...) // what no build makes
	m.dots = true
	c, err := r.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out := c.Send(t.Context(), m, nil); out.State != Accepted {
		t.Fatal(out)
	}
	c.Release()
	_ = r.Close()
	f.wg.Wait()
	if d := cmp.Diff([]string{string(m.Bytes())}, f.mails); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	want := []string{
		"EHLO shop.example", fmt.Sprint("MAIL FROM:<hello@shop.example> SIZE=", m.Size()), "RCPT TO:<ann@customer.example>",
		fmt.Sprintf("BDAT %d LAST", m.Size()), "QUIT",
	}
	if d := cmp.Diff(want, f.lines); d != "" {
		t.Errorf("commands (-want +got):\n%s", d)
	}
}

// With one write there is no "before the dot": what is not answered is unknown,
// and the first refusal is the one that counts.
func TestOutcomeOfOneWrite(t *testing.T) {
	refused := func(p Phase, code int, enhanced, words string) Outcome {
		return Outcome{State: NotSent, Phase: p, Code: code, Enhanced: enhanced, Reply: strings.TrimSpace(enhanced + " " + words)}
	}
	accepted := Outcome{State: Accepted, Phase: PhaseDot, Code: 250}
	unknown := Outcome{State: Unknown, Phase: PhaseDot}
	for _, c := range []struct {
		name, verb, answer string
		want               Outcome
		meaning            Meaning
		dials              int // after a second email, when all is well again
	}{
		{"accepted", "DOT", "250 ok", accepted, MeansAccepted, 1},
		{"accepted in many lines", "DOT", "250- 66 byte chunk\r\n250 OK id=1", accepted, MeansAccepted, 1},
		{"accepted, then cut", "DOT", "250 ok\r\n" + cut, accepted, MeansAccepted, 2},
		{"accepted, cut in the middle of the reply", "DOT", "250-ok\r\n" + cut, accepted, MeansAccepted, 2},
		{"mail for now", "MAIL", "451 4.3.0 busy", refused(PhaseMail, 451, "4.3.0", "busy"), MeansLater, 1},
		{"mail for good", "MAIL", "550 5.7.1 you are on a list", refused(PhaseMail, 550, "5.7.1", "you are on a list"), MeansSenderAtFault, 1},
		{"mail closing", "MAIL", "421 4.3.2 bye\r\n" + cut, refused(PhaseMail, 421, "4.3.2", "bye"), MeansLater, 2},
		{"mail cut", "MAIL", cut, unknown, MeansUnknown, 2},
		{"mail nonsense", "MAIL", "hello", unknown, MeansUnknown, 2},
		{"size", "MAIL", "552 5.3.4 too big", refused(PhaseMail, 552, "5.3.4", "too big"), MeansMessageAtFault, 1},
		{"rcpt for now", "RCPT", "450 4.2.1 later", refused(PhaseRcpt, 450, "4.2.1", "later"), MeansLater, 1},
		{"rcpt for good", "RCPT", "550-5.1.1 no\r\n550 5.1.1 user", refused(PhaseRcpt, 550, "5.1.1", "no 5.1.1 user"), MeansBadAddress, 1},
		{"rcpt for good, then cut", "RCPT", "550 5.1.1 no\r\n" + cut, refused(PhaseRcpt, 550, "5.1.1", "no"), MeansBadAddress, 2},
		{"rcpt closing", "RCPT", "421 4.3.2 bye\r\n" + cut, refused(PhaseRcpt, 421, "4.3.2", "bye"), MeansLater, 3},
		{"rcpt cut", "RCPT", cut, unknown, MeansUnknown, 2},
		{"content for now", "DOT", "451 4.7.1 greylisted", refused(PhaseDot, 451, "4.7.1", "greylisted"), MeansLater, 1},
		{"content closing", "DOT", "421 4.3.0 bye\r\n" + cut, refused(PhaseDot, 421, "4.3.0", "bye"), MeansLater, 2},
		{"content for good", "DOT", "554 5.6.0 bad", refused(PhaseDot, 554, "5.6.0", "bad"), MeansMessageAtFault, 1},
		{"content for good, then cut", "DOT", "554-5.7.1 spam\r\n" + cut, refused(PhaseDot, 554, "5.7.1", "spam"), MeansSenderAtFault, 2},
		{"content cut", "DOT", cut, unknown, MeansUnknown, 2},
		{"content cut in the middle of a line", "DOT", "25" + cut, unknown, MeansUnknown, 2},
		{"content nonsense", "DOT", "hello", unknown, MeansUnknown, 2},
		{"content go-ahead", "DOT", "354 go", Outcome{State: Unknown, Phase: PhaseDot, Code: 354}, MeansUnknown, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var well atomic.Bool
			f := &fake{ext: oneWrite}
			f.answer = func(_ int, verb string) string {
				if !well.Load() && verb == c.verb {
					return c.answer
				}
				return ""
			}
			r := f.relay(t, nil)
			got := sendOne(t, r, nil)
			checkErr(t, got)
			got.Err = nil
			if d := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(Outcome{})); d != "" {
				t.Errorf("outcome (-want +got):\n%s", d)
			}
			if m := got.Meaning(); m != c.meaning {
				t.Errorf("means %v, want %v", m, c.meaning)
			}
			well.Store(true)
			r.pause.met(true) // another process found out
			if again := sendOne(t, r, nil); again.State != Accepted {
				t.Errorf("the next email: %+v", again)
			}
			_ = r.Close()
			f.wg.Wait()
			if f.dials != c.dials {
				t.Errorf("%d connections, want %d: %v", f.dials, c.dials, f.heard)
			}
		})
	}
}

// After a refusal the transaction is ended by an RSET of its own: Exim goes on
// with the one before, and with its sender, if nobody resets it.
func TestARefusalIsResetBeforeTheNextWrite(t *testing.T) {
	f := &fake{ext: oneWrite}
	n := 0
	f.answer = func(_ int, verb string) string {
		if verb == "RCPT" {
			if n++; n == 1 {
				return "550 5.1.1 no"
			}
		}
		return ""
	}
	r := f.relay(t, nil)
	sendOne(t, r, nil)
	before := f.writes
	sendOne(t, r, nil)
	if f.writes-before != 2 {
		t.Errorf("%d writes", f.writes-before)
	}
	sendOne(t, r, nil)
	_ = r.Close()
	f.wg.Wait()
	want := "EHLO MAIL RCPT BDAT RSET MAIL RCPT BDAT DOT MAIL RCPT BDAT DOT QUIT"
	if got := strings.ReplaceAll(strings.Join(f.heard, " "), "1 ", ""); got != want {
		t.Errorf("%s", got)
	}
}

// What the relay says to the content is what counts, also where it refused MAIL
// because a transaction was open.
func TestContentThatIsTakenAfterARefusal(t *testing.T) {
	for verb, state := range map[string]State{"MAIL": Accepted, "RCPT": NotSent} {
		f := &fake{ext: oneWrite, answer: func(dial int, v string) string {
			switch {
			case dial > 1:
			case v == verb:
				return "503 5.5.1 sender already given"
			case v == "RCPT", v == "BDAT":
				return "250 ok"
			}
			return ""
		}}
		r := f.relay(t, nil)
		if out := sendOne(t, r, nil); out.State != state {
			t.Errorf("%s: %+v", verb, out)
		}
		sendOne(t, r, nil)
		_ = r.Close()
		f.wg.Wait()
		if f.dials != 2 {
			t.Errorf("%s: %d connections: %v", verb, f.dials, f.heard)
		}
	}
}

// A connection that was closed while it was kept, however and whenever that is
// noticed, leaves no mail unknown and none unsent.
func TestAConnectionClosedWhileIdleLeavesNothingUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		idle                 time.Duration
		afterDot, afterReset string
		heard                string // of the second email
	}{
		"closed, long ago":       {10 * time.Second, "250 ok\r\n" + cut, "", "2 EHLO 2 MAIL 2 RCPT 2 BDAT 2 DOT"},
		"closed, just now":       {time.Millisecond, "250 ok\r\n" + cut, "", "2 EHLO 2 MAIL 2 RCPT 2 BDAT 2 DOT"},
		"421 while idle":         {10 * time.Second, "250 ok\r\n421 4.4.2 idle\r\n" + cut, "", "2 EHLO 2 MAIL 2 RCPT 2 BDAT 2 DOT"},
		"421 right behind":       {time.Millisecond, "250 ok\r\n421 4.4.2 idle\r\n" + cut, "", "2 EHLO 2 MAIL 2 RCPT 2 BDAT 2 DOT"},
		"421 to the probe":       {2 * time.Second, "", "421 4.4.2 idle\r\n" + cut, "1 RSET 2 EHLO 2 MAIL 2 RCPT 2 BDAT 2 DOT"},
		"the probe is cut":       {2 * time.Second, "", cut, "1 RSET 2 EHLO 2 MAIL 2 RCPT 2 BDAT 2 DOT"},
		"the probe is refused":   {2 * time.Second, "", "500 what?", "1 RSET 2 EHLO 2 MAIL 2 RCPT 2 BDAT 2 DOT"},
		"open, and it is proven": {2 * time.Second, "", "", "1 RSET 1 MAIL 1 RCPT 1 BDAT 1 DOT"},
		"open, and it is fresh":  {999 * time.Millisecond, "", "", "1 MAIL 1 RCPT 1 BDAT 1 DOT"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{ext: oneWrite, answer: func(dial int, verb string) string {
					switch {
					case dial == 1 && verb == "DOT":
						return c.afterDot
					case verb == "RSET":
						return c.afterReset
					}
					return ""
				}}
				r := f.relay(t, nil)
				sendOne(t, r, nil)
				time.Sleep(c.idle)
				before := len(f.heard)
				if out := sendOne(t, r, nil); out.State != Accepted {
					t.Errorf("%+v", out)
				}
				if got := strings.Join(f.heard[before:], " "); got != c.heard {
					t.Errorf("heard %s", got)
				}
				_ = r.Close()
				f.wg.Wait()
			})
		})
	}
}

// The same over real connections, where a write to one that was closed goes well.
func TestARelayThatRestartsLeavesNothingUnknown(t *testing.T) {
	server, client := testTLS(t)
	for name, url := range map[string]string{"plain": "smtp+insecure://relay.example", "TLS": "smtps://relay.example"} {
		for _, bye := range []string{"", "421 4.3.2 restarting\r\n"} {
			f := &fake{ext: oneWrite, tcp: true, tls: server, tlsNow: name == "TLS"}
			f.answer = func(dial int, verb string) string {
				if dial == 1 && verb == "DOT" {
					return "250 ok\r\n" + bye + cut
				}
				return ""
			}
			r := f.relay(t, func(o *Options) { o.URL, o.TLSConfig = url, client })
			sendOne(t, r, nil)
			f.wg.Wait() // the end of the connection has come
			if out := sendOne(t, r, nil); out.State != Accepted {
				t.Errorf("%s %q: %+v", name, bye, out)
			}
			_ = r.Close()
			f.wg.Wait()
			if f.dials != 2 || len(f.mails) != 2 {
				t.Errorf("%s %q: %d connections, %d emails", name, bye, f.dials, len(f.mails))
			}
		}
	}
}

// An email of which the relay can't have had the last byte is not sent.
func TestAWriteThatBreaksOffIsNotSent(t *testing.T) {
	big := sample()
	big.HTML = strings.Repeat("<p>Blue café mug</p>\n", 20_000)
	first := true
	f := &fake{ext: oneWrite, answer: func(_ int, verb string) string {
		if verb == "MAIL" && first {
			return cut
		}
		return ""
	}}
	r := f.relay(t, nil)
	m := mustBuild(t, big)
	c, err := r.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out := c.Send(t.Context(), m, nil); out.State != NotSent || out.Phase != PhaseContent || out.Meaning() != MeansLater {
		t.Errorf("%+v", out)
	}
	c.Release()
	_ = r.Close()
	f.wg.Wait()
	if len(f.mails) != 0 {
		t.Error("an email went out")
	}
}

// A relay that stops taking the content: the lease bounds the write, and what is
// cut off then is not sent.
func TestLeaseAndPhaseBoundOneWrite(t *testing.T) {
	big := sample()
	big.HTML = strings.Repeat("<p>Blue café mug</p>\n", 20_000)
	for name, c := range map[string]struct {
		lease func() Lease
		is    error
		after time.Duration
	}{
		"lease":          {func() Lease { return lease15(func() bool { return false }) }, ErrLeaseEnded, 15 * time.Second},
		"phase":          {func() Lease { return nil }, ErrTimeout, 5 * time.Minute},
		"extended lease": {func() Lease { return lease15(func() bool { return true }) }, ErrTimeout, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{ext: oneWrite, pause: func(verb string) {
					if verb == "MAIL" {
						time.Sleep(time.Hour)
					}
				}}
				r := f.relay(t, nil)
				conn, err := r.Acquire(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var out Outcome
				if d := took(func() { out = conn.Send(t.Context(), mustBuild(t, big), c.lease()) }); d != c.after {
					t.Errorf("took %v", d)
				}
				if out.State != NotSent || out.Phase != PhaseContent || !errors.Is(out.Err, c.is) {
					t.Errorf("%+v", out)
				}
				conn.Release()
				_ = r.Close()
				f.wg.Wait()
			})
		})
	}
}

// Once all is written, each reply has the time of the last: a relay may say all
// three when it has the content.
func TestSilenceAfterOneWrite(t *testing.T) {
	for _, verb := range []string{"MAIL", "RCPT", "DOT"} {
		for name, c := range map[string]struct {
			lease func() Lease
			is    error
			after time.Duration
		}{
			"phase":          {func() Lease { return nil }, ErrTimeout, 10 * time.Minute},
			"lease":          {func() Lease { return lease15(func() bool { return false }) }, ErrLeaseEnded, 15 * time.Second},
			"extended lease": {func() Lease { return lease15(func() bool { return true }) }, ErrTimeout, 10 * time.Minute},
		} {
			t.Run(verb+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fake{ext: oneWrite, answer: at(verb, silence)}
					r := f.relay(t, nil)
					var out Outcome
					if d := took(func() { out = sendOne(t, r, c.lease()) }); d != c.after {
						t.Errorf("took %v", d)
					}
					if out.State != Unknown || out.Phase != PhaseDot || !errors.Is(out.Err, c.is) {
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

func TestTheLeaseIsAskedBeforeOneWrite(t *testing.T) {
	held := errors.New("the claim is another's")
	f := &fake{ext: oneWrite}
	r := f.relay(t, nil)
	sendOne(t, r, nil)
	before := f.writes
	asked := 0
	out := sendOne(t, r, testLease{beforeDot: func() error {
		if asked++; f.writes != before {
			t.Error("something had been written before")
		}
		return held
	}})
	if out.State != NotSent || out.Phase != PhaseContent || !errors.Is(out.Err, held) || out.Meaning() != MeansLater || asked != 1 {
		t.Errorf("%+v, asked %d times", out, asked)
	}
	if out := sendOne(t, r, nil); out.State != Accepted { // nothing was said, so nothing is broken
		t.Errorf("%+v", out)
	}
	_ = r.Close()
	f.wg.Wait()
	if len(f.mails) != 2 || f.dials != 1 {
		t.Errorf("%d emails over %d connections", len(f.mails), f.dials)
	}
}

func TestContextAndOneWrite(t *testing.T) {
	why := errors.New("shutting down")
	big := sample()
	big.HTML = strings.Repeat("<p>Blue café mug</p>\n", 20_000)
	for name, c := range map[string]struct {
		mail  Mail
		when  string // MAIL: while it is written, or read
		state State
	}{
		"before":                      {sample(), "", NotSent},
		"while it is written":         {big, "MAIL", NotSent},
		"when it had been written":    {sample(), "DOT", Accepted},
		"while the replies were read": {sample(), "RCPT", Accepted},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				f := &fake{ext: oneWrite, pause: func(v string) {
					if v == c.when {
						cancel(why)
						time.Sleep(time.Second)
					}
				}}
				r := f.relay(t, nil)
				conn, err := r.Acquire(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if c.when == "" {
					cancel(why)
				}
				out := conn.Send(ctx, mustBuild(t, c.mail), nil)
				if out.State != c.state || out.State == NotSent && !errors.Is(out.Err, why) {
					t.Errorf("%+v", out)
				}
				conn.Release()
				if out := sendOne(t, r, nil); out.State != Accepted {
					t.Errorf("the next email: %+v", out)
				}
				_ = r.Close()
				f.wg.Wait()
			})
		})
	}
}

// interrupting is a connection whose caller gives up in the instant in which the
// last byte has been written.
type interrupting struct {
	net.Conn
	cancel func()
}

func (c interrupting) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if n > 500 { // the email
		c.cancel()
		synctest.Wait()
	}
	return n, err
}

func TestContextThatEndsWithTheWriteDoesNotMakeTheMailUnknown(t *testing.T) {
	for name, ext := range map[string][]string{"one write": oneWrite, "content and dot": {"PIPELINING"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				f := &fake{ext: ext}
				r := f.relay(t, func(o *Options) {
					o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
						c, err := f.dial(ctx, network, addr)
						return interrupting{c, cancel}, err
					}
				})
				conn, err := r.Acquire(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if out := conn.Send(ctx, mustBuild(t, sample()), nil); out.State != Accepted {
					t.Errorf("%+v", out)
				}
				conn.Release()
				if out := sendOne(t, r, nil); out.State != Accepted || f.dials != 1 {
					t.Errorf("the next email: %+v over %d connections", out, f.dials)
				}
				_ = r.Close()
				f.wg.Wait()
			})
		})
	}
}

// Some relays offer CHUNKING through a firewall that doesn't know BDAT.
func TestARelayThatRefusesBDATIsGivenDATA(t *testing.T) {
	for _, code := range []string{"500 5.5.2 what?", "502 5.5.1 no", "503 5.5.1 bad sequence", "504 5.5.4 no"} {
		f := &fake{ext: oneWrite}
		f.answer = func(dial int, verb string) string {
			if verb == "DOT" && dial == 1 {
				return code
			}
			return ""
		}
		r := f.relay(t, func(o *Options) { o.MaxPerConnection = 2 })
		for range 3 {
			if out := sendOne(t, r, nil); out.State != Accepted {
				t.Errorf("%s: %+v", code, out)
			}
		}
		_ = r.Close()
		f.wg.Wait()
		bdats := 0
		for _, h := range f.heard {
			if strings.HasSuffix(h, "BDAT") {
				bdats++
			}
		}
		if bdats != 1 || f.dials != 3 {
			t.Errorf("%s: %v", code, f.heard)
		}
	}
}
