package mailer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/refusal"
)

// to sends one email to an address; an error is the connection's.
func to(t *testing.T, r *Relay, address string, urgent bool) (Outcome, error) {
	t.Helper()
	mail := sample()
	mail.To, mail.ToName, mail.Urgent = address, "", urgent
	m := mustBuild(t, mail)
	defer m.Release()
	c, err := r.AcquireFor(t.Context(), m)
	if err != nil {
		return Outcome{}, err
	}
	defer c.Release()
	return c.Send(t.Context(), m, nil), nil
}

// OpenSMTPD takes a hundred emails a connection, and then says 452 to each MAIL.
func TestAConnectionThatIsFullIsReplacedAndNoEmailWaits(t *testing.T) {
	for mode, ext := range modes {
		onConnection := map[int]int{}
		f := &fake{ext: ext}
		f.answer = func(dial int, verb string) string {
			if verb == "MAIL" && onConnection[dial] >= 7 {
				return "452 4.5.3 Too many recipients: Too many messages sent"
			}
			if verb == "DOT" {
				onConnection[dial]++
			}
			return ""
		}
		r := f.relay(t, nil)
		for i := range 30 {
			if out := sendOne(t, r, nil); out.State != Accepted {
				t.Fatalf("%s: email %d: %+v", mode, i, out)
			}
		}
		_ = r.Close()
		f.wg.Wait()
		mails := slices.DeleteFunc(f.mails, func(m string) bool { return m == "" }) // of a DATA that ends a refusal
		if f.dials != 5 || len(mails) != 30 {
			t.Errorf("%s: %d connections, want 5, and %d emails", mode, f.dials, len(mails))
		}
	}
}

func TestEmailsPerConnection(t *testing.T) {
	for greeting, c := range map[string]struct{ most, want int }{
		"220 relay.example ESMTP Postfix":                                   {0, 100},
		"220 relay.example ESMTP Exim 4.96 Sun, 29 Nov 2026 00:00:00 +0000": {0, 10},
		"220 relay.example ESMTP Exim 4.97":                                 {50, 50},
		"220 exim.example ESMTP":                                            {0, 100},
	} {
		f := &fake{answer: at("GREETING", greeting)}
		r := f.relay(t, func(o *Options) { o.MaxPerConnection = c.most })
		for range 101 {
			sendOne(t, r, nil)
		}
		_ = r.Close()
		f.wg.Wait()
		first := 0
		for _, h := range f.heard {
			if h == "1 DOT" {
				first++
			}
		}
		if first != c.want {
			t.Errorf("%q: %d emails on the first connection, want %d", greeting, first, c.want)
		}
	}
}

// Postfix waits for a second before each reply once there were ten errors.
func TestAConnectionIsReplacedAfterFourRefusalsInARow(t *testing.T) {
	f := &fake{ext: modes["pipelining"]}
	n := 0
	f.answer = func(_ int, verb string) string {
		if verb == "RCPT" {
			if n++; n%4 != 0 && n < 12 || n > 20 {
				return "550 5.1.1 no such user"
			}
		}
		return ""
	}
	r := f.relay(t, nil)
	for range 28 {
		sendOne(t, r, nil)
	}
	_ = r.Close()
	f.wg.Wait()
	if f.dials != 2 {
		t.Errorf("%d connections, want a second one after the 24th email: %v", f.dials, f.heard)
	}
}

// A relay that lets two connections be is not asked for more than that all the time.
func TestTheRelayAllowsFewerConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open, most, refused atomic.Int32
		f := &fake{}
		f.answer = func(_ int, verb string) string {
			switch {
			case verb == "GREETING" && open.Load() >= 2:
				code := [...]string{"421", "554"}[refused.Add(1)%2] // Sendmail and others mean it for good
				return code + " too many connections from 10.0.0.1\r\n" + cut
			case verb == "GREETING":
				most.Store(max(most.Load(), open.Add(1)))
			case verb == "QUIT":
				open.Add(-1)
			}
			return ""
		}
		f.pause = func(verb string) {
			if verb == "DOT" {
				time.Sleep(100 * time.Millisecond)
			}
		}
		r := f.relay(t, nil)
		done := make(chan error)
		for i := range 8 {
			go func() {
				for range 50 {
					if out, err := to(t, r, fmt.Sprintf("c%d@customer.example", i), false); err != nil || out.State != Accepted {
						done <- fmt.Errorf("%+v: %w", out, err)
						return
					}
				}
				done <- nil
			}()
		}
		for range 8 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if refused.Load() > 8 || most.Load() != 2 {
			t.Errorf("refused %d times, %d at most", refused.Load(), most.Load())
		}
		_ = r.Close()
		f.wg.Wait()
	})
}

// A relay that has had enough from us says so to one email at a time, less and less
// often, and the first that it takes is the end of it.
func TestARelayThatTakesNoEmailIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		full.Store(true)
		asked := 0
		f := &fake{}
		f.answer = func(_ int, verb string) string {
			if verb == "MAIL" && full.Load() {
				asked++
				return "450 4.7.1 Error: too much mail from 10.0.0.1"
			}
			return ""
		}
		r := f.relay(t, nil)
		send := func(n int) (accepted int) {
			for range n {
				out, err := to(t, r, "ann@customer.example", false)
				switch {
				case err == nil && out.State == Accepted:
					accepted++
				case err != nil && !errors.Is(err, ErrRelayDown):
					t.Fatal(err)
				case err != nil && !strings.Contains(err.Error(), "450 4.7.1: Error: too much mail from 10.0.0.1"):
					t.Fatalf("the words are not there: %v", err)
				}
				time.Sleep(time.Second)
			}
			return accepted
		}
		if n := send(600); n != 0 || asked < 10 || asked > 30 {
			t.Errorf("%d accepted, asked %d times in ten minutes", n, asked)
		}
		full.Store(false)
		if n := send(100); n < 20 {
			t.Errorf("%d accepted after that", n)
		}
		_ = r.Close()
		f.wg.Wait()
	})
}

// A relay that does not know us refuses every recipient, in words that may be about
// them. Nobody's verdict is final; one email at a time is tried, to other domains and
// recipients, those first that a customer waits for. The first that it takes is the
// end of it.
func TestARelayThatRefusesUsRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var knows atomic.Bool
		var tried []string
		f := &fake{}
		f.answer = func(_ int, verb string) string {
			if verb != "RCPT" {
				return ""
			}
			line := f.lines[len(f.lines)-1]
			tried = append(tried, strings.TrimSuffix(strings.TrimPrefix(line, "RCPT TO:<"), ">"))
			if knows.Load() {
				return ""
			}
			return "550 Invalid recipient"
		}
		r := f.relay(t, nil)
		for i := range 4 {
			if out, err := to(t, r, fmt.Sprintf("a%d@one.example", i), false); err != nil || !out.Undecided || out.Barred {
				t.Fatalf("email %d: %+v, %v", i, out, err)
			}
		}
		if out, _ := to(t, r, "a0@one.example", false); out.Barred {
			t.Error("four recipients are not five")
		}
		if out, err := to(t, r, "a4@one.example", false); err != nil || !out.Barred || out.Undecided {
			t.Fatalf("the fifth: %+v, %v", out, err)
		}
		tried = nil
		// Three wait for the try at the same time, and come back every two seconds.
		for range 20 {
			for _, who := range []string{"a4@one.example", "b@two.example", "u@two.example"} {
				out, err := to(t, r, who, who[0] == 'u')
				if err == nil && !out.Barred {
					t.Errorf("%s: %+v", who, out)
				}
			}
			time.Sleep(2 * time.Second)
		}
		if len(tried) < 3 || len(tried) > 8 || tried[0] != "u@two.example" || !slices.Contains(tried, "a4@one.example") || !slices.Contains(tried, "b@two.example") {
			t.Errorf("tried: %q", tried)
		}
		knows.Store(true)
		time.Sleep(2 * time.Minute)
		if out, err := to(t, r, "b@two.example", false); err != nil || out.State != Accepted {
			t.Errorf("%+v, %v", out, err)
		}
		for i := range 10 {
			if out, err := to(t, r, fmt.Sprintf("a%d@one.example", i), false); err != nil || out.State != Accepted {
				t.Errorf("%+v, %v", out, err)
			}
		}
		_ = r.Close()
		f.wg.Wait()
	})
}

// One recipient is refused among others who are not: the first refusal leaves it open,
// and the next one, after something was accepted, does not.
func TestARefusalIsDecidedByTheNextAcceptance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.answer = func(_ int, verb string) string {
			if verb == "RCPT" && strings.Contains(f.lines[len(f.lines)-1], "gone") {
				return "550 cannot deliver"
			}
			return ""
		}
		r := f.relay(t, nil)
		one := func(who string) Outcome {
			time.Sleep(time.Second)
			out, err := to(t, r, who, false)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		for range 3 {
			if out := one("gone@customer.example"); !out.Undecided {
				t.Errorf("nothing was accepted yet: %+v", out)
			}
		}
		one("ann@customer.example")
		if out := one("gone@customer.example"); out.Undecided || out.Barred || out.Meaning() != MeansDoubtful {
			t.Errorf("%+v", out)
		}
		_ = r.Close()
		f.wg.Wait()
	})
}

// However many unknown users are refused in a row, it is not us.
func TestUnknownUsersAreNoRun(t *testing.T) {
	for _, words := range []string{"550 Unrouteable address", "550 5.1.1 gone", "550 no such user here"} {
		f := &fake{answer: at("RCPT", words)}
		r := f.relay(t, nil)
		for i := range 20 {
			out, err := to(t, r, fmt.Sprintf("c%d@customer.example", i), false)
			if err != nil || out.Undecided || out.Barred || out.Meaning() != MeansBadAddress {
				t.Fatalf("%s, email %d: %+v, %v", words, i, out, err)
			}
		}
		_ = r.Close()
		f.wg.Wait()
	}
}

// A mistyped domain is not found today, and so for a day, and others are accepted.
func TestADomainThatIsNotFoundForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.answer = func(_ int, verb string) string {
			if verb == "RCPT" && strings.Contains(f.lines[len(f.lines)-1], "gmial") {
				return "450 4.1.2 <x@gmial.example>: Recipient address rejected: Domain not found"
			}
			return ""
		}
		r := f.relay(t, nil)
		for hour := range 48 {
			out, err := to(t, r, "ann@gmial.example", false)
			if err != nil || out.Meaning() != MeansLater || out.Lasts != (hour >= 24) {
				t.Fatalf("hour %d: %+v, %v", hour, out, err)
			}
			sendOne(t, r, nil)
			time.Sleep(time.Hour)
		}
		_ = r.Close()
		f.wg.Wait()
	})
}

func TestAPortThatSpeaksTLSFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: at("GREETING", silence)}
		r := f.relay(t, nil)
		start := time.Now()
		_, err := r.Acquire(t.Context())
		if time.Since(start) != 30*time.Second || !errors.Is(err, ErrSilent) || !strings.Contains(err.Error(), "smtps://") {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		_ = r.Close()
		f.wg.Wait()
	})
	f := &fake{tcp: true}
	r := f.relay(t, func(o *Options) { o.URL = "smtps://relay.example" })
	if _, err := r.Acquire(t.Context()); !errors.Is(err, ErrSpeaksFirst) {
		t.Errorf("%v", err)
	}
	_ = r.Close()
	f.wg.Wait()
}

func TestWordsOfARefusal(t *testing.T) {
	for words, want := range map[string]Meaning{
		"Unrouteable address":                             MeansBadAddress,
		"<address> User unknown":                          MeansBadAddress,
		"sorry, no mailbox here by that name":             MeansBadAddress,
		"relay not permitted":                             MeansSenderAtFault,
		"Relaying denied":                                 MeansSenderAtFault,
		"Administrative prohibition":                      MeansSenderAtFault, // Exim's own words
		"Authentication required":                         MeansSenderAtFault,
		"Sender verify failed: no such user":              MeansSenderAtFault,
		"Client host rejected: listed at bl.example":      MeansSenderAtFault,
		"Your domain does not exist":                      MeansSenderAtFault,
		"Mailbox is full":                                 MeansLater,
		"Too many messages, try again later":              MeansLater,
		"Invalid recipient: <address>":                    MeansDoubtful,
		"I cannot deliver mail for <address>":             MeansDoubtful,
		"Requested action not taken: mailbox unavailable": MeansDoubtful,
		"5.0.0 Invalid recipient":                         MeansDoubtful,
		"5.0.0 <address>... User unknown in local table":  MeansBadAddress,
		"5.7.1 User unknown (code names the sender)":      MeansSenderAtFault,
		"5.1.1 relay denied (code names the recipient)":   MeansBadAddress,
	} {
		o := Outcome{State: NotSent, Phase: PhaseRcpt, Code: 550, Enhanced: refusal.EnhancedCode(550, words), Reply: words}
		if got := o.Meaning(); got != want {
			t.Errorf("%q means %v, want %v", words, got, want)
		}
		if o.Phase = PhaseDot; o.Enhanced == "" && o.Meaning() != MeansRefused {
			t.Errorf("%q to the content means %v: the words are read for a recipient only", words, o.Meaning())
		}
	}
}
