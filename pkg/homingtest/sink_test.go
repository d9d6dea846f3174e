package homingtest_test

import (
	"strings"
	"testing"

	"homing/pkg/homingtest"
	"homing/pkg/mailer"
)

// Both ways of giving an email lead to the same answers.
func TestTheSinkTakesEmailsEitherWay(t *testing.T) {
	for _, chunking := range []bool{false, true} {
		s := &homingtest.Sink{Chunking: chunking, Answer: func(command, arg string) string {
			switch {
			case command == "RCPT" && arg == "nobody@example.com":
				return "550 5.1.1 no such user"
			case command == "DATA" && chunking:
				return "502 5.5.1 never asked"
			case command == "." && arg == "spam@example.com":
				return "554 5.7.1 spam"
			case command == "." && arg == "lost@example.com":
				return homingtest.CutAfter
			}
			return ""
		}}
		r, err := mailer.New(mailer.Options{URL: "smtp+insecure://sink.example:25", Dial: s.Dial})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			to    string
			state mailer.State
			phase mailer.Phase
		}{
			{"ann@example.com", mailer.Accepted, mailer.PhaseDot},
			{"nobody@example.com", mailer.NotSent, mailer.PhaseRcpt},
			{"spam@example.com", mailer.NotSent, mailer.PhaseDot},
			{"lost@example.com", mailer.Unknown, mailer.PhaseDot},
			{"bob@example.com", mailer.Accepted, mailer.PhaseDot},
		} {
			m, err := mailer.Build(mailer.Mail{From: "hello@shop.example", To: c.to, Subject: "Thanks", Text: ".\nhello\n", MessageID: "x@shop.example"})
			if err != nil {
				t.Fatal(err)
			}
			conn, err := r.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if out := conn.Send(t.Context(), m, nil); out.State != c.state || out.Phase != c.phase {
				t.Errorf("chunking %t, %s: %+v", chunking, c.to, out)
			}
			conn.Release()
			m.Release()
		}
		_ = r.Close()
		s.Close()
		var got strings.Builder
		for _, m := range s.Mails() {
			got.WriteString(m.To + " ")
			if m.Subject != "Thanks" || m.MessageID != "x@shop.example" {
				t.Errorf("%+v", m)
			}
		}
		if got.String() != "ann@example.com lost@example.com bob@example.com " {
			t.Errorf("chunking %t: emails to %s", chunking, got.String())
		}
	}
}
