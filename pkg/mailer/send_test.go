package mailer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// modes are the two ways of saying MAIL, RCPT and DATA.
var modes = map[string][]string{"lock-step": nil, "pipelining": {"PIPELINING", "SIZE 50000000"}}

func TestOutcomeOfEachPhase(t *testing.T) {
	for _, c := range []struct {
		name, verb, answer string
		want               Outcome
		meaning            Meaning
		dials              int // after a second email, when all is well again
	}{
		{"accepted", "DOT", "250 ok", Outcome{State: Accepted, Phase: PhaseDot, Code: 250}, MeansAccepted, 1},
		{"accepted in many lines", "DOT", "250-2.0.0 ok\r\n250 queued", Outcome{State: Accepted, Phase: PhaseDot, Code: 250}, MeansAccepted, 1},
		{"accepted, then cut", "DOT", "250 ok\r\n" + cut, Outcome{State: Accepted, Phase: PhaseDot, Code: 250}, MeansAccepted, 2},
		{"accepted, cut in the middle of the reply", "DOT", "250-ok\r\n" + cut, Outcome{State: Accepted, Phase: PhaseDot, Code: 250}, MeansAccepted, 2},
		{"mail for now", "MAIL", "451 4.3.0 busy", Outcome{State: NotSent, Phase: PhaseMail, Code: 451, Enhanced: "4.3.0", Reply: "4.3.0 busy"}, MeansLater, 1},
		{"mail for good", "MAIL", "550 5.7.1 you are on a list", Outcome{State: NotSent, Phase: PhaseMail, Code: 550, Enhanced: "5.7.1", Reply: "5.7.1 you are on a list"}, MeansSenderAtFault, 1},
		{"mail closing", "MAIL", "421 4.3.2 shutting down" + "\r\n" + cut, Outcome{State: NotSent, Phase: PhaseMail, Code: 421, Enhanced: "4.3.2", Reply: "4.3.2 shutting down"}, MeansLater, 2},
		{"mail cut", "MAIL", cut, Outcome{State: NotSent, Phase: PhaseMail}, MeansLater, 2},
		{"mail nonsense", "MAIL", "hello", Outcome{State: NotSent, Phase: PhaseMail}, MeansLater, 2},
		{"mail go-ahead", "MAIL", "354 go", Outcome{State: NotSent, Phase: PhaseMail, Code: 354}, MeansLater, 2},
		{"size", "MAIL", "552 5.3.4 too big", Outcome{State: NotSent, Phase: PhaseMail, Code: 552, Enhanced: "5.3.4", Reply: "5.3.4 too big"}, MeansMessageAtFault, 1},
		{"rcpt for now", "RCPT", "450 4.2.1 later", Outcome{State: NotSent, Phase: PhaseRcpt, Code: 450, Enhanced: "4.2.1", Reply: "4.2.1 later"}, MeansLater, 1},
		{
			"rcpt for good", "RCPT", "550-5.1.1 <ann@customer.example>: no such user\r\n550 5.1.1 ask postmaster@customer.example",
			Outcome{State: NotSent, Phase: PhaseRcpt, Code: 550, Enhanced: "5.1.1", Reply: "5.1.1 <address> no such user 5.1.1 ask <address>"}, MeansBadAddress, 1,
		},
		{"rcpt cut", "RCPT", cut, Outcome{State: NotSent, Phase: PhaseRcpt}, MeansLater, 2},
		{"data for now", "DATA", "451 no", Outcome{State: NotSent, Phase: PhaseData, Code: 451, Reply: "no"}, MeansLater, 1},
		{"data for good", "DATA", "554 no", Outcome{State: NotSent, Phase: PhaseData, Code: 554, Reply: "no"}, MeansRefused, 1},
		{"data accepted too early", "DATA", "250 ok", Outcome{State: NotSent, Phase: PhaseData, Code: 250}, MeansLater, 2},
		{"data cut", "DATA", cut, Outcome{State: NotSent, Phase: PhaseData}, MeansLater, 2},
		{"content cut", "CONTENT", cut, Outcome{State: NotSent, Phase: PhaseContent}, MeansLater, 2},
		{
			"refused before the content", "DATA", "354 go\r\n552 5.3.4 too big",
			Outcome{State: NotSent, Phase: PhaseContent, Code: 552, Enhanced: "5.3.4", Reply: "5.3.4 too big"}, MeansMessageAtFault, 2,
		},
		{"accepted before the content", "DATA", "354 go\r\n250 ok", Outcome{State: NotSent, Phase: PhaseContent, Code: 250}, MeansLater, 2},
		{"dot for now", "DOT", "451 4.7.1 greylisted", Outcome{State: NotSent, Phase: PhaseDot, Code: 451, Enhanced: "4.7.1", Reply: "4.7.1 greylisted"}, MeansLater, 1},
		{"dot closing", "DOT", "421 4.3.0 bye\r\n" + cut, Outcome{State: NotSent, Phase: PhaseDot, Code: 421, Enhanced: "4.3.0", Reply: "4.3.0 bye"}, MeansLater, 2},
		{"dot for good", "DOT", "554 5.6.0 bad content", Outcome{State: NotSent, Phase: PhaseDot, Code: 554, Enhanced: "5.6.0", Reply: "5.6.0 bad content"}, MeansMessageAtFault, 1},
		{"dot for good, then cut", "DOT", "554-5.7.1 spam\r\n" + cut, Outcome{State: NotSent, Phase: PhaseDot, Code: 554, Enhanced: "5.7.1", Reply: "5.7.1 spam"}, MeansSenderAtFault, 2},
		{"dot cut", "DOT", cut, Outcome{State: Unknown, Phase: PhaseDot}, MeansUnknown, 2},
		{"dot cut in the middle of a line", "DOT", "25" + cut, Outcome{State: Unknown, Phase: PhaseDot}, MeansUnknown, 2},
		{"dot nonsense", "DOT", "hello", Outcome{State: Unknown, Phase: PhaseDot}, MeansUnknown, 2},
		{"dot go-ahead", "DOT", "354 go", Outcome{State: Unknown, Phase: PhaseDot, Code: 354}, MeansUnknown, 2},
	} {
		for mode, ext := range modes {
			t.Run(c.name+"/"+mode, func(t *testing.T) {
				var well atomic.Bool
				f := &fake{ext: ext}
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
				c.want.Undecided = c.meaning == MeansRefused // for all that is known, it may be about us
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
}

// checkErr holds that an error is there when it must be, and safe to be logged.
func checkErr(t *testing.T, o Outcome) {
	t.Helper()
	failure, ok := errors.AsType[*Failure](o.Err)
	if ok != (o.State != Accepted) {
		t.Errorf("state %v with error %v", o.State, o.Err)
	}
	if !ok {
		return
	}
	text := fmt.Sprint(o.Err, " ", o.Reply)
	if strings.Contains(text, "@") || strings.Contains(text, "ann") {
		t.Errorf("the outcome holds an address: %s", text)
	}
	if failure.Phase != o.Phase || failure.Code != o.Code || failure.Enhanced != o.Enhanced || failure.Reply != o.Reply {
		t.Errorf("%+v differs from its error %+v", o, failure)
	}
	if failure.Code == 0 && failure.Err == nil {
		t.Error("an error without a reason")
	}
}

func TestTheRelayGetsTheMessageUnchanged(t *testing.T) {
	for mode, ext := range modes {
		f := &fake{ext: ext}
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
			t.Errorf("%s: (-want +got):\n%s", mode, d)
		}
		size := ""
		if ext != nil {
			size = fmt.Sprint(" SIZE=", m.Size())
		}
		want := []string{"EHLO shop.example", "MAIL FROM:<hello@shop.example>" + size, "RCPT TO:<ann@customer.example>", "DATA", "QUIT"}
		if d := cmp.Diff(want, f.lines); d != "" {
			t.Errorf("%s: commands (-want +got):\n%s", mode, d)
		}
	}
}

// One round trip for the commands and one for the content.
func TestPipeliningSendsThreeCommandsAtOnce(t *testing.T) {
	f := &fake{ext: []string{"PIPELINING"}}
	var waiting []int
	f.pause = func(verb string) {
		if verb == "MAIL" || verb == "RSET" {
			waiting = append(waiting, len(f.heard))
		}
	}
	r := f.relay(t, nil)
	sendOne(t, r, nil)
	_ = r.Close()
	f.wg.Wait()
	want := []string{"1 EHLO", "1 MAIL", "1 RCPT", "1 DATA", "1 DOT", "1 QUIT"}
	if d := cmp.Diff(want, f.heard); d != "" {
		t.Errorf("commands (-want +got):\n%s", d)
	}
	if len(waiting) != 1 {
		t.Errorf("MAIL was answered %d times", len(waiting))
	}
}

// A relay that opens DATA although it refused the recipient is given nothing,
// and the connection goes on.
func TestDataOpenedWithoutRecipient(t *testing.T) {
	for answer, dials := range map[string]int{"554 5.5.1 no recipients": 1, "250 ok": 1, cut: 2} {
		var well atomic.Bool
		f := &fake{ext: []string{"PIPELINING"}}
		f.answer = func(_ int, verb string) string {
			switch {
			case well.Load():
			case verb == "RCPT":
				return "550 5.1.1 no"
			case verb == "DOT":
				return answer
			}
			return ""
		}
		r := f.relay(t, nil)
		if out := sendOne(t, r, nil); out.State != NotSent || out.Phase != PhaseRcpt || out.Meaning() != MeansBadAddress {
			t.Errorf("%q: %+v", answer, out)
		}
		well.Store(true)
		if out := sendOne(t, r, nil); out.State != Accepted {
			t.Errorf("%q: the next email: %+v", answer, out)
		}
		_ = r.Close()
		f.wg.Wait()
		if f.dials != dials || f.mails[0] != "" || len(f.mails) != 2 {
			t.Errorf("%q: %d connections, emails %.20q", answer, f.dials, f.mails)
		}
	}
}

func TestRsetOnlyAfterAnError(t *testing.T) {
	for mode, ext := range modes {
		n := 0
		f := &fake{ext: ext}
		f.answer = func(_ int, verb string) string {
			if verb == "RCPT" {
				if n++; n == 2 {
					return "550 5.1.1 no"
				}
			}
			if verb == "DATA" && n == 2 {
				return "503 5.5.1 no"
			}
			return ""
		}
		r := f.relay(t, nil)
		for range 4 {
			sendOne(t, r, nil)
		}
		_ = r.Close()
		f.wg.Wait()
		count := map[string]int{}
		for _, h := range f.heard {
			count[h]++
		}
		if count["1 RSET"] != 1 || count["1 NOOP"] != 0 || count["1 DOT"] != 3 || f.dials != 1 {
			t.Errorf("%s: %v", mode, f.heard)
		}
	}
}

func TestStaleConnectionIsReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		verb, answer string
		want         State
		phase        Phase
		dials        int
	}{
		"closed while idle":            {"", "", Accepted, PhaseDot, 2},
		"421 at MAIL":                  {"MAIL", "421 4.4.2 timeout\r\n" + cut, Accepted, PhaseDot, 2},
		"cut at MAIL":                  {"MAIL", cut, Accepted, PhaseDot, 2},
		"refused at MAIL":              {"MAIL", "451 busy", Accepted, PhaseDot, 2},
		"refused at MAIL for good":     {"MAIL", "550 5.7.1 no", NotSent, PhaseMail, 1},
		"cut at RCPT":                  {"RCPT", cut, NotSent, PhaseRcpt, 1},
		"cut at the dot is no retry":   {"DOT", cut, Unknown, PhaseDot, 1},
		"no retry when refused at dot": {"DOT", "451 4.3.0 no", NotSent, PhaseDot, 1},
	} {
		for mode, ext := range modes {
			t.Run(name+"/"+mode, func(t *testing.T) {
				mails := 0
				f := &fake{ext: ext}
				f.answer = func(dial int, verb string) string {
					switch {
					case dial > 1:
					case verb == "DOT" && mails == 0:
						mails++
						if c.verb == "" {
							return "250 ok\r\n" + cut
						}
					case verb == c.verb && mails == 1:
						return c.answer
					}
					return ""
				}
				r := f.relay(t, nil)
				if out := sendOne(t, r, nil); out.State != Accepted {
					t.Fatal(out)
				}
				if out := sendOne(t, r, nil); out.State != c.want || out.Phase != c.phase {
					t.Errorf("%+v", out)
				}
				_ = r.Close()
				f.wg.Wait()
				if f.dials != c.dials {
					t.Errorf("%d connections: %v", f.dials, f.heard)
				}
			})
		}
	}
}

func TestStaleConnectionAndTheRelayIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: at("DOT", "250 ok\r\n"+cut)}
		r := f.relay(t, nil)
		sendOne(t, r, nil)
		f.refuse = errors.New("connection refused")
		c, err := r.Acquire(t.Context()) // takes the one that looks open
		if err != nil {
			t.Fatal(err)
		}
		m := mustBuild(t, sample())
		for range 2 { // the second time there is no connection left
			if out := c.Send(t.Context(), m, nil); out.State != NotSent || out.Phase != PhaseDial || out.Meaning() != MeansLater {
				t.Errorf("%+v", out)
			}
		}
		c.Release()
		m.Release()
		f.refuse = nil
		time.Sleep(2 * firstPause)
		if out := sendOne(t, r, nil); out.State != Accepted {
			t.Errorf("after the relay came back: %+v", out)
		}
		_ = r.Close()
	})
}

func TestRsetThatFailsMeansAFreshConnection(t *testing.T) {
	for mode, ext := range modes {
		for _, answer := range []string{"421 bye\r\n" + cut, "500 what?", cut} {
			f := &fake{ext: ext}
			f.answer = func(dial int, verb string) string {
				switch {
				case dial == 1 && verb == "DOT":
					return "451 no"
				case verb == "RSET":
					return answer
				}
				return ""
			}
			r := f.relay(t, nil)
			sendOne(t, r, nil)
			if out := sendOne(t, r, nil); out.State != Accepted {
				t.Errorf("%s %q: %+v", mode, answer, out)
			}
			_ = r.Close()
			f.wg.Wait()
		}
	}
}

func TestBeforeDotHoldsTheMailBack(t *testing.T) {
	held := errors.New("the claim is another's")
	f := &fake{}
	r := f.relay(t, nil)
	out := sendOne(t, r, testLease{beforeDot: func() error { return held }})
	if out.State != NotSent || out.Phase != PhaseContent || !errors.Is(out.Err, held) || out.Meaning() != MeansLater {
		t.Errorf("%+v", out)
	}
	_ = r.Close()
	f.wg.Wait()
	if len(f.mails) != 0 || f.cutShort != 1 {
		t.Errorf("%d emails, %d cut short", len(f.mails), f.cutShort)
	}
}

func TestBeforeDotIsAskedWhenAllContentIsOut(t *testing.T) {
	f := &fake{}
	r := f.relay(t, nil)
	defer func() { _ = r.Close() }()
	asked := 0
	out := sendOne(t, r, testLease{beforeDot: func() error {
		asked++
		if _, mails := f.told(); mails != 0 {
			t.Error("the dot had gone out before")
		}
		return nil
	}})
	if out.State != Accepted || asked != 1 {
		t.Errorf("%+v, asked %d times", out, asked)
	}
}

func TestContextEndsWhatCanStillBeEnded(t *testing.T) {
	why := errors.New("shutting down")
	for _, verb := range []string{"MAIL", "RCPT", "DATA"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		f := &fake{answer: at(verb, silence), pause: func(v string) {
			if v == verb {
				cancel(why)
			}
		}}
		r := f.relay(t, nil)
		c, err := r.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out := c.Send(ctx, mustBuild(t, sample()), nil)
		if out.State != NotSent || !errors.Is(out.Err, why) {
			t.Errorf("%s: %+v", verb, out)
		}
		c.Release()
		_ = r.Close()
		f.wg.Wait()
	}
}

func TestContextDoesNotEndTheWaitForTheReplyToTheDot(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{pause: func(v string) {
		if v == "DOT" {
			cancel()
		}
	}}
	r := f.relay(t, nil)
	defer func() { _ = r.Close() }()
	c, err := r.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out := c.Send(ctx, mustBuild(t, sample()), nil); out.State != Accepted {
		t.Errorf("%+v", out)
	}
	c.Release()
	if out := sendOne(t, r, nil); out.State != Accepted || f.dials != 1 {
		t.Errorf("the next email: %+v over %d connections", out, f.dials)
	}
	if out := c.Send(t.Context(), mustBuild(t, sample()), nil); out.State != NotSent {
		t.Errorf("over a released connection: %+v", out)
	}
}

func TestContextThatHasEndedSendsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{}
	r := f.relay(t, nil)
	c, err := r.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if out := c.Send(ctx, mustBuild(t, sample()), nil); out.State != NotSent || !errors.Is(out.Err, context.Canceled) {
		t.Errorf("%+v", out)
	}
	c.Release()
	_ = r.Close()
	f.wg.Wait()
	if len(f.mails) != 0 {
		t.Error("an email went out")
	}
}
