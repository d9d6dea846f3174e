package mailer

import (
	"bufio"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"homing/pkg/refusal"
)

func TestMeaning(t *testing.T) {
	for _, c := range []struct {
		phase    Phase
		code     int
		enhanced string
		reply    string
		want     Meaning
	}{
		{PhaseRcpt, 550, "5.1.1", "", MeansBadAddress},
		{PhaseRcpt, 550, "5.1.2", "", MeansBadAddress},
		{PhaseRcpt, 553, "5.1.3", "", MeansBadAddress},
		{PhaseDot, 550, "5.1.6", "", MeansBadAddress},
		{PhaseRcpt, 556, "5.1.10", "", MeansBadAddress},
		{PhaseRcpt, 550, "5.2.1", "5.2.1 the account is disabled", MeansBadAddress},
		{PhaseRcpt, 550, "5.2.1", "5.2.1 receiving mail at a rate that prevents more", MeansLater},
		{PhaseRcpt, 550, "5.2.1", "5.2.1 receiving mail too quickly", MeansLater},
		{PhaseRcpt, 552, "5.2.2", "", MeansLater},
		{PhaseRcpt, 450, "4.1.1", "", MeansLater},
		{PhaseRcpt, 452, "4.2.2", "", MeansLater},
		{PhaseRcpt, 421, "", "", MeansLater},
		{PhaseDot, 552, "5.3.4", "", MeansMessageAtFault},
		{PhaseDot, 554, "5.6.0", "", MeansMessageAtFault},
		{PhaseMail, 552, "", "", MeansMessageAtFault},
		{PhaseMail, 552, "5.3.4", "", MeansMessageAtFault},
		{PhaseDot, 554, "5.7.1", "", MeansSenderAtFault},
		{PhaseRcpt, 550, "5.7.26", "", MeansSenderAtFault},
		{PhaseRcpt, 553, "5.1.8", "", MeansSenderAtFault},
		{PhaseRcpt, 530, "", "", MeansSenderAtFault},
		{PhaseMail, 550, "5.1.1", "", MeansSenderAtFault},
		{PhaseMail, 550, "", "", MeansSenderAtFault},
		{PhaseAuth, 535, "5.7.8", "", MeansSenderAtFault},
		{PhaseDial, 554, "", "", MeansSenderAtFault},
		{PhaseAuth, 454, "4.7.0", "", MeansLater},
		{PhaseRcpt, 550, "", "", MeansDoubtful},
		{PhaseRcpt, 552, "", "", MeansLater},
		{PhaseDot, 554, "", "", MeansRefused},
		{PhaseRcpt, 550, "5.4.1", "", MeansRefused},
		{PhaseDot, 554, "5.5.2", "", MeansRefused},
		{PhaseDial, 0, "", "", MeansLater},
	} {
		o := Outcome{State: NotSent, Phase: c.phase, Code: c.code, Enhanced: c.enhanced, Reply: c.reply}
		if got := o.Meaning(); got != c.want {
			t.Errorf("%v %d %s %q means %v, want %v", c.phase, c.code, c.enhanced, c.reply, got, c.want)
		}
	}
	if m := (Outcome{}).Meaning(); m != MeansUnknown {
		t.Errorf("the zero outcome means %v", m)
	}
	if m := (Outcome{State: Unknown, Code: 550, Enhanced: "5.1.1"}).Meaning(); m != MeansUnknown {
		t.Errorf("an unknown outcome means %v", m)
	}
}

func TestFailureText(t *testing.T) {
	for want, f := range map[string]*Failure{
		"rcpt: the relay answered 550 5.1.1: no such user":    {Phase: PhaseRcpt, Code: 550, Enhanced: "5.1.1", Reply: "5.1.1 no such user"},
		"dot: no answer in time":                              {Phase: PhaseDot, Err: ErrTimeout},
		"mail: the relay answered 354 " + ErrProtocol.Error(): {Phase: PhaseMail, Code: 354, Err: ErrProtocol},
	} {
		if f.Error() != want {
			t.Errorf("%q, want %q", f.Error(), want)
		}
	}
	if f := (&Failure{Err: ErrTimeout}); !errors.Is(f, ErrTimeout) {
		t.Error("the reason is lost")
	}
}

func TestReadReply(t *testing.T) {
	for in, c := range map[string]struct {
		code int
		text string
		ok   bool
	}{
		"250 ok\r\n":                       {250, "", true},
		"250\r\n":                          {250, "", true},
		"250 ok\n":                         {250, "", true},
		"250-a\r\n250-b\r\n250 c\r\n":      {250, "", true},
		"550-5.1.1 a\r\n550 5.1.1 b\r\n":   {550, "5.1.1 a 5.1.1 b", true},
		"550-a\r\n":                        {550, "a", false},
		"250-a\r\n":                        {250, "", false},
		"250-a\r\n550 b\r\n":               {250, "", false},
		"25":                               {0, "", false},
		"250 o":                            {0, "", false},
		"":                                 {0, "", false},
		"150 a\r\n":                        {0, "", false},
		"650 a\r\n":                        {0, "", false},
		"2x0 a\r\n":                        {0, "", false},
		"250_a\r\n":                        {0, "", false},
		"\r\n":                             {0, "", false},
		strings.Repeat("550-a\r\n", 1000):  {550, strings.TrimSpace(strings.Repeat("a ", 100)), false},
		"250 " + strings.Repeat("a", 9000): {0, "", false},
	} {
		r, err := readReply(bufio.NewReader(strings.NewReader(in)))
		if r.code != c.code || r.text != c.text || (err == nil) != c.ok {
			t.Errorf("%.30q: %+v, %v", in, r, err)
		}
	}
}

func FuzzReply(f *testing.F) {
	f.Add("550-5.1.1 <ann@customer.example>\r\n550 no\r\n")
	f.Add("250 ok\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := readReply(bufio.NewReader(strings.NewReader(s)))
		if err == nil && (r.code < 200 || r.code > 599) {
			t.Fatalf("code %d", r.code)
		}
		words := refusal.Shorten(refusal.Redact(r.text, "ann"))
		if strings.Contains(words, "@") || len(words) > refusal.Kept || !utf8.ValidString(words) || strings.ContainsAny(words, "\r\n\x00") {
			t.Fatalf("redacted to %q", words)
		}
		if e := refusal.EnhancedCode(r.code, r.text); e != "" && (len(e) < 5 || len(e) > 9) {
			t.Fatalf("enhanced code %q", e)
		}
	})
}

// What Exim says of a sender whose address it asked about, and of its own rules, is in
// the last line, behind what somebody else's server said of that address.
func TestALongRefusalIsJudgedByAllItsWords(t *testing.T) {
	said := "550-Verification failed for <hello@shop.example>\r\n550-Called:   2001:db8::1\r\n550-Sent:     RCPT TO:<hello@shop.example>\r\n" +
		"550-Response: 550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n" +
		"550-550-5.1.1 double-checking the address for typing errors or unnecessary spaces.\r\n550 Sender verify failed"
	f := &fake{answer: at("RCPT", said)}
	r := f.relay(t, nil)
	out, err := to(t, r, "ann@customer.example", false)
	if err != nil || out.Meaning() != MeansSenderAtFault {
		t.Errorf("it means %v, %v", out.Meaning(), err)
	}
	if w := out.Words(); len(w) > refusal.Kept || len(out.Err.Error()) > refusal.Kept+100 {
		t.Errorf("%d bytes are shown: %s", len(w), out.Err)
	}
	_ = r.Close()
	f.wg.Wait()
}

// A relay that refuses the connection or our password for good is asked by one email at
// a time, as one that refuses them for now: many lock out who fails too often.
func TestARefusedConnectionOrLoginIsAPause(t *testing.T) {
	for verb, answer := range map[string]string{"GREETING": "554 5.7.1 no service for you", "AUTH": "535 5.7.8 wrong password"} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{ext: []string{"AUTH PLAIN"}, answer: at(verb, answer)}
			r := f.relay(t, func(o *Options) { o.URL = "smtp+insecure://hello%40shop.example:s3cret@relay.example" })
			for end := time.Now().Add(time.Hour); time.Now().Before(end); time.Sleep(time.Second) {
				for range 8 {
					if _, err := r.Acquire(t.Context()); !errors.Is(err, ErrRelayDown) {
						t.Fatalf("%s: %v", verb, err)
					}
				}
			}
			if made, _ := f.connections(); made > 90 {
				t.Errorf("%s: %d connections in an hour", verb, made)
			}
			_ = r.Close()
			f.wg.Wait()
		})
	}
}

// People are called what relays say. What is hidden of the words is judged all the same,
// and nobody is suppressed, and no sender blamed, for being called so.
func TestARefusalIsJudgedByWordsThatAreNotShown(t *testing.T) {
	for _, c := range []struct {
		local, said string
		want        Meaning
	}{
		{"user", "550 user unknown", MeansBadAddress},
		{"full", "550 mailbox full", MeansLater},
		{"sender", "550 Sender verify failed: no such user", MeansDoubtful},
		{"spam", "550 no such user: spam", MeansDoubtful},
		{"spam", "550 rejected as spam by policy", MeansSenderAtFault},
		{"ann", "550 no such user: ann", MeansBadAddress},
		{"ann", "550 <relay@customer.example> no such user", MeansBadAddress},
	} {
		f := &fake{answer: at("RCPT", c.said)}
		r := f.relay(t, nil)
		out, err := to(t, r, c.local+"@customer.example", false)
		if err != nil || out.Meaning() != c.want {
			t.Errorf("%s@, %q: it means %v, %v; want %v", c.local, c.said, out.Meaning(), err, c.want)
		}
		for _, shown := range []string{out.Words(), out.Reply, out.Err.Error()} {
			if refusal.Mentions(shown, c.local) {
				t.Errorf("%s@ is shown: %q", c.local, shown)
			}
		}
		_ = r.Close()
		f.wg.Wait()
	}
}
