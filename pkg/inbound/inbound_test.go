package inbound_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/zap"

	"homing/pkg/customer"
	"homing/pkg/feedback"
	"homing/pkg/inbound"
	"homing/pkg/returnpath"
)

const ours, loops = "b+code@shop.example", "b+complaints@shop.example"

// taken is what a server was given.
type taken struct {
	mu       sync.Mutex
	recorded []feedback.Report
	kept     [][]byte
	said     []string
	fail     error
	notReady bool
}

func (x *taken) get() (recorded, kept int, said string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.recorded), len(x.kept), strings.Join(x.said, " ")
}

// of is the email whose return path ours is.
var of = returnpath.Of(customer.Key{Store: "main"}, "", "a.b.c.1")

func serve(t *testing.T, lmtp bool) (*taken, string) {
	t.Helper()
	return serveTLS(t, lmtp, nil)
}

func serveTLS(t *testing.T, lmtp bool, offered *tls.Config) (*taken, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &taken{}
	s, err := inbound.Serve(l, inbound.Options{
		LMTP: lmtp, Domain: "mail.shop.example", TLS: offered, Log: zap.NewNop(),
		Ready: func() bool { x.mu.Lock(); defer x.mu.Unlock(); return !x.notReady },
		Read: func(address string) (returnpath.Email, error) {
			if strings.EqualFold(address, ours) {
				return of, nil
			}
			return returnpath.Email{}, returnpath.ErrForged
		},
		Complaints: func(address string) bool { return address == loops },
		Record: func(_ context.Context, e returnpath.Email, r feedback.Report) (string, error) {
			x.mu.Lock()
			defer x.mu.Unlock()
			if x.fail != nil || r.Kind == feedback.Delivery && r.Means() == feedback.Unsaid {
				return "", x.fail
			}
			if e != of {
				t.Errorf("about %+v", e)
			}
			x.recorded = append(x.recorded, r)
			return "recorded", nil
		},
		Keep: func(_ context.Context, e returnpath.Email, b []byte) error {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.kept = append(x.kept, b)
			return x.fail
		},
		Took: func(what string) { x.mu.Lock(); defer x.mu.Unlock(); x.said = append(x.said, what) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return x, s.Addr()
}

func client(t *testing.T, addr string, lmtp bool) *smtp.Client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClient(conn)
	if lmtp {
		c = smtp.NewClientLMTP(conn)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

const (
	bounce = "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Final-Recipient: rfc822; ann@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
	unsaid    = "Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; ann@customer.example\r\nAction: vanished\r\n"
	complaint = "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n" +
		"Feedback-Type: abuse\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReturn-Path: <%s>\r\n\r\n--b--\r\n"
)

func code(err error) int {
	if e := (*smtp.SMTPError)(nil); errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return -1
	}
	return 250
}

func TestOnlyReportsAboutOurEmailAreTaken(t *testing.T) {
	about := func(path string) string { return fmt.Sprintf(complaint, path) }
	for _, c := range []struct {
		name, from, to, mail string
		code, recorded, kept int
		said                 string
	}{
		{"a bounce", "", ours, bounce, 250, 1, 0, "recorded"},
		{"a bounce, in upper case", "", strings.ToUpper(ours), bounce, 250, 1, 0, "recorded"},
		{"a bounce to a path that is made up", "", "b+other@shop.example", bounce, 550, 0, 0, "refused"},
		{"a bounce to anybody", "", "postmaster@shop.example", bounce, 550, 0, 0, "refused"},
		{"a bounce with a sender", "ann@customer.example", ours, bounce, 250, 0, 1, "unknown"},
		{"an answer", "ann@customer.example", ours, "Subject: Re: Tea\r\n\r\nThanks!\r\n", 250, 0, 1, "unknown"},
		{"what somebody's program answers", "ann@customer.example", ours, "Auto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nAway\r\n", 250, 0, 0, "auto_reply"},
		{"the same from nobody", "", ours, "Auto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nAway\r\n", 250, 0, 0, "auto_reply"},
		{"the same to where complaints go", "", loops, "Auto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nAway\r\n", 550, 0, 0, "refused"},
		{"a bounce that nobody understands", "", ours, unsaid, 250, 0, 1, "unknown"},
		{"a complaint", "fbl@provider.example", ours, about("x@shop.example"), 250, 1, 0, "recorded"},
		{"a complaint to where they go, about ours", "fbl@provider.example", loops, about(ours), 250, 1, 0, "recorded"},
		{"a complaint to where they go, about a path that is made up", "fbl@provider.example", loops, about("b+other@shop.example"), 550, 0, 0, "refused"},
		{"a bounce to where complaints go", "", loops, bounce, 550, 0, 0, "refused"},
		{"an email to where complaints go", "ann@customer.example", loops, "Subject: Hello\r\n\r\nHello\r\n", 550, 0, 0, "refused"},
	} {
		x, addr := serve(t, false)
		got := code(client(t, addr, false).SendMail(c.from, []string{c.to}, strings.NewReader(c.mail)))
		if recorded, kept, said := x.get(); got != c.code || recorded != c.recorded || kept != c.kept || said != c.said {
			t.Errorf("%s: %d, %d recorded, %d kept, %q; want %d, %d, %d, %q", c.name, got, recorded, kept, said, c.code, c.recorded, c.kept, c.said)
		}
	}
}

func TestWhatIsNotSafeIsNotTaken(t *testing.T) {
	x, addr := serve(t, false)
	x.fail = errors.New("no server answers")
	for what, mail := range map[string]string{"a report": bounce, "what nobody can read": "Subject: Hello\r\n\r\nHello\r\n"} {
		if got := code(client(t, addr, false).SendMail("", []string{ours}, strings.NewReader(mail))); got != 451 {
			t.Errorf("%s: %d, want 451", what, got)
		}
	}
	x.mu.Lock()
	x.fail, x.notReady = nil, true
	x.mu.Unlock()
	if got := code(client(t, addr, false).SendMail("", []string{ours}, strings.NewReader(bounce))); got != 451 {
		t.Errorf("before the secret is known to be right: %d, want 451", got)
	}
	if n, _, said := x.get(); n != 0 || said != "later later" {
		t.Errorf("%d recorded, %q", n, said)
	}
}

func TestAReportThatBreaksOffIsNotTaken(t *testing.T) {
	x, addr := serve(t, false)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "EHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n%s", ours, bounce)
	_ = conn.(*net.TCPConn).CloseWrite()
	buf := make([]byte, 1<<10)
	for err == nil { // until the server has closed
		_, err = conn.Read(buf)
	}
	if recorded, kept, _ := x.get(); recorded+kept != 0 {
		t.Errorf("%d recorded, %d kept", recorded, kept)
	}
}

func TestALongEmailIsRefusedAndLittleOfItKept(t *testing.T) {
	x, addr := serve(t, false)
	long := func(n int) string {
		return "Subject: long\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", n/72)
	}
	if got := code(client(t, addr, false).SendMail("", []string{ours}, strings.NewReader(long(2<<20)))); got != 250 {
		t.Errorf("2 MiB: %d", got)
	}
	if got := code(client(t, addr, false).SendMail("", []string{ours}, strings.NewReader(long(12<<20)))); got != 552 {
		t.Errorf("12 MiB: %d, want 552", got)
	}
	if _, kept, _ := x.get(); kept != 1 || len(x.kept[0]) != 64<<10 {
		t.Errorf("%d kept", kept)
	}
}

func TestLMTPIsSpokenToo(t *testing.T) {
	x, addr := serve(t, true)
	if got := code(client(t, addr, true).SendMail("", []string{ours}, strings.NewReader(bounce))); got != 250 {
		t.Errorf("%d", got)
	}
	x.mu.Lock()
	x.fail = errors.New("no server answers")
	x.mu.Unlock()
	err := client(t, addr, true).SendMail("", []string{ours}, strings.NewReader(bounce))
	if err == nil || !strings.Contains(err.Error(), "try again") {
		t.Errorf("%v", err)
	}
	if recorded, _, _ := x.get(); recorded != 1 {
		t.Errorf("%d recorded", recorded)
	}
}

func TestOneEmailHasOneRecipient(t *testing.T) {
	_, addr := serve(t, false)
	c := client(t, addr, false)
	if err := errors.Join(c.Mail("", nil), c.Rcpt(ours, nil)); err != nil {
		t.Fatal(err)
	}
	if got := code(c.Rcpt(ours, nil)); got != 452 {
		t.Errorf("the second: %d, want 452", got)
	}
}

// A process that is stopped as it starts ends.
func TestStopRightAfterTheStart(t *testing.T) {
	for range 200 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s, err := inbound.Serve(l, inbound.Options{Log: zap.NewNop(), Ready: func() bool { return true }})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// Who only stays connected doesn't keep the process from ending.
func TestStopWaitsForNobodyWhoOnlyStays(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := inbound.Serve(l, inbound.Options{Log: zap.NewNop(), Ready: func() bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	if err := client(t, s.Addr(), false).Hello("mx"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	done := make(chan error)
	go func() { done <- s.Stop(ctx) }()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A report may quote longer lines than SMTP allows. Refused, it would come again and again,
// and never be read.
func TestAReportWithLongLinesIsTaken(t *testing.T) {
	for _, n := range []int{3_000, 300_000} {
		mail := strings.TrimSuffix(bounce, "--b--\r\n") + "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n" + strings.Repeat("x", n) + "\r\n--b--\r\n"
		x, addr := serve(t, false)
		got := code(client(t, addr, false).SendMail("", []string{ours}, strings.NewReader(mail)))
		if recorded, _, _ := x.get(); got != 250 || recorded != 1 {
			t.Errorf("a line of %d bytes: %d, %d recorded", n, got, recorded)
		}
	}
}
