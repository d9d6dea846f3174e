package relays

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"homing/pkg/customer"
	"homing/pkg/feedback"
	"homing/pkg/inbound"
	"homing/pkg/mailer"
	"homing/pkg/returnpath"
)

// What Postfix finds out after it took an email comes to the return path of that email, by
// SMTP with TLS, and means what happened.
func TestPostfixReportsToTheReturnPath(t *testing.T) {
	folder(t, "usr/lib/postfix/sbin/smtp")
	ids, err := customer.NewIdentity(strings.Repeat("s", 32))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := returnpath.New(strings.Repeat("s", 32))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	type came struct {
		email returnpath.Email
		means feedback.Meaning
	}
	back := make(chan came, 10)
	server, err := inbound.Serve(listener, inbound.Options{
		Domain: "homing.example", Log: zaptest.NewLogger(t), Ready: func() bool { return true },
		Read:       func(address string) (returnpath.Email, error) { return signer.Read(address, []string{"main"}) },
		Complaints: func(string) bool { return false },
		Record: func(_ context.Context, e returnpath.Email, r feedback.Report) (string, error) {
			back <- came{e, r.Means()}
			return r.Means().String(), nil
		},
		Keep: func(_ context.Context, _ returnpath.Email, b []byte) error { t.Errorf("not read:\n%s", b); return nil },
		Took: func(string) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	_, port, _ := net.SplitHostPort(server.Addr())
	s := Postfix(t, "smtpd_reject_unlisted_recipient = no\n"+
		"transport_maps = inline:{ { bounces.shop.example = smtp:[127.0.0.1]:"+port+" } }")
	c := connect(t, s, nil)
	want := map[string]feedback.Meaning{"nobody": feedback.Hard, "nemo": feedback.Hard}
	sent := map[returnpath.Email]string{}
	for who := range want {
		to := who + "@customer.example"
		e := returnpath.Of(ids.Key("main", who), ids.Address("main", to), "thank-you.thanks."+who)
		m, err := mailer.Build(mailer.Mail{From: "Shop <hello@shop.example>", To: to, Subject: "Hello", Text: "Hello", MessageID: who + "@shop.example",
			Envelope: signer.Address("*@bounces.shop.example", e)})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := c.relay.AcquireFor(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if out := conn.Send(t.Context(), m, nil); out.State != mailer.Accepted {
			t.Fatal(fmt.Sprint(out))
		}
		conn.Release()
		sent[e] = who
	}
	for range want {
		select {
		case x := <-back:
			who := sent[x.email]
			if x.means != want[who] || who == "" {
				t.Errorf("%q: %v, want %v", who, x.means, want[who])
			}
			delete(sent, x.email)
		case <-time.After(time.Minute):
			t.Fatal("nothing came back")
		}
	}
}
