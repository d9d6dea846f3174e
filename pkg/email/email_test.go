package email_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/email"
	"homing/pkg/homingtest"
	"homing/pkg/mailer"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/returnpath"
	"homing/pkg/touch"
)

// texts is a renderer that makes the same email of everything.
type texts struct{}

func (texts) Render(name string, _ render.Data) (render.Mail, error) {
	if name == "broken" {
		return render.Mail{}, errors.New("a template that fails")
	}
	return render.Mail{Template: name, Subject: "Hello", HTML: "<p>Hello", Text: "Hello"}, nil
}

type dial func(ctx context.Context, network, addr string) (net.Conn, error)

func opened(t *testing.T, d dial) *email.Channel { return openedWith(t, d, texts{}) }

func openedWith(t *testing.T, d dial, templates email.Renderer) *email.Channel {
	t.Helper()
	relay, err := mailer.New(mailer.Options{URL: "smtp+insecure://127.0.0.1:25", Dial: d, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() })
	return email.New(email.Options{
		Store: &programme.Store{ID: "main", Zone: time.UTC, From: "Shop <hello@shop.example>", Domain: "shop.example",
			View: render.Store{Name: "Shop", URL: "https://shop.example", PostalAddress: "1 High Street", Locale: "en", Currency: "GBP"}},
		Relay: relay, Templates: func() (email.Renderer, string) { return templates, "12" },
		Unsubscribe: func(customer.Key, string) string { return "https://mail.shop.example/u" },
	})
}

func content(to string) channel.Content {
	c := &customer.Customer{}
	c.Email.Value = to
	return channel.Content{ID: "win-back.offer.tok.l1", Touch: touch.Touch{Worker: "win-back", Snapshot: &touch.Snapshot{}},
		Step: touch.Step{Name: "offer", Template: "win-back/offer", Class: touch.Marketing}, Customer: c, To: channel.Recipient{Address: to}, Now: time.Now()}
}

// The header for the relay's provider is one line, and DKIM signs it not: the provider may
// take it out.
func TestAnEmailTellsTheProviderItsCode(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dkim, err := mailer.NewDKIM("shop.example", "homing", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	code := strings.Repeat("a2", 28)[:55]
	for _, provider := range returnpath.Providers {
		sink := &homingtest.Sink{}
		relay, err := mailer.New(mailer.Options{URL: "smtp+insecure://127.0.0.1:25", Dial: sink.Dial, Log: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		c := email.New(email.Options{
			Store: &programme.Store{ID: "main", Zone: time.UTC, From: "Shop <hello@shop.example>", Domain: "shop.example",
				View: render.Store{Name: "Shop", URL: "https://shop.example", PostalAddress: "1 High Street", Locale: "en", Currency: "GBP"}},
			Relay: relay, DKIM: dkim, Templates: func() (email.Renderer, string) { return texts{}, "12" },
			Unsubscribe: func(customer.Key, string) string { return "https://mail.shop.example/u" },
			Report: func(_ customer.Key, touchID, to string) (name, value string) {
				if touchID != "win-back.offer.tok.l1" || to != "ann@customer.example" {
					t.Errorf("%s, %s", touchID, to)
				}
				return returnpath.Header(provider, code)
			},
		})
		m, err := c.Compose(content("ann@customer.example"))
		if err != nil {
			t.Fatal(err)
		}
		conn, err := c.Open(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if out := conn.Send(t.Context(), m, lease{}); out.Meaning != channel.Accepted {
			t.Fatal(out)
		}
		conn.Release()
		raw := sink.Mails()[0].Raw
		name, value := returnpath.Header(provider, code)
		if !strings.Contains(raw, "\r\n"+name+": "+value+"\r\n") || strings.Count(raw, code) != 1 {
			t.Errorf("%s:\n%.1200s", provider, raw)
		}
		signature, _, _ := strings.Cut(raw, "\r\nDate:")
		if !strings.HasPrefix(signature, "DKIM-Signature:") || strings.Contains(strings.ToLower(signature), "x-") {
			t.Errorf("%s: signed is\n%s", provider, signature)
		}
		_ = relay.Close()
		sink.Close()
	}
}

// lease is a claim that holds, or has run out.
type lease struct{ lost bool }

func (l lease) Confirm() error {
	if l.lost {
		return channel.ErrLeaseLost
	}
	return nil
}
func (lease) Deadline() time.Time { return time.Now().Add(time.Minute) }

func TestWhatTheRelaysAnswerMeans(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(command, arg string) string
		lost   bool
		want   channel.Meaning
		code   int
	}{
		"taken":                   {want: channel.Accepted, code: 250},
		"no such mailbox":         {answer: at("RCPT", "550 5.1.1 <ann@example.com> no such user ann"), want: channel.BadAddress, code: 550},
		"come again":              {answer: at("RCPT", "450 4.2.0 greylisted"), want: channel.Later, code: 450},
		"refused, perhaps us":     {answer: at("RCPT", "550 no"), want: channel.Undecided, code: 550},
		"no such user, no code":   {answer: at("RCPT", "550 Unrouteable address"), want: channel.BadAddress, code: 550},
		"the relay is busy":       {answer: at("MAIL", "451 later"), want: channel.Unreachable, code: 451},
		"the sender is refused":   {answer: at("MAIL", "550 5.7.1 denied"), want: channel.SenderAtFault, code: 550},
		"the content is refused":  {answer: at(".", "554 5.6.0 bad content"), want: channel.ContentAtFault, code: 554},
		"no answer after the dot": {answer: at(".", homingtest.CutAfter), want: channel.Unknown},
		"the claim ran out":       {lost: true, want: channel.LeaseEnded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sink := &homingtest.Sink{Answer: c.answer}
				t.Cleanup(sink.Close)
				ch := opened(t, sink.Dial)
				m, err := ch.Compose(content("ann@example.com"))
				if err != nil {
					t.Fatal(err)
				}
				defer m.Release()
				conn, err := ch.Open(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Release()
				out := conn.Send(context.Background(), m, lease{c.lost})
				if out.Meaning != c.want || out.Code != c.code {
					t.Errorf("meaning %d, code %d (%v); want %d and %d", out.Meaning, out.Code, out.Err, c.want, c.code)
				}
				if c.want != channel.Accepted && out.Detail == "" {
					t.Error("nothing says why")
				}
				if strings.Contains(out.Detail, "ann") || c.want == channel.BadAddress && !strings.Contains(out.Detail, ": ") {
					t.Errorf("detail: %s", out.Detail)
				}
			})
		})
	}
}

func at(command, reply string) func(c, arg string) string {
	return func(c, _ string) string {
		if c == command {
			return reply
		}
		return ""
	}
}

func TestWhoseFaultItIsThatNothingIsComposed(t *testing.T) {
	ch := opened(t, (&homingtest.Sink{}).Dial)
	broken := content("ann@example.com")
	broken.Step.Template = "broken"
	if _, err := ch.Compose(broken); err == nil || errors.Is(err, channel.ErrMessage) {
		t.Errorf("a template that fails: %v; want an error that concerns all", err)
	}
	if _, err := ch.Compose(content("no address")); !errors.Is(err, channel.ErrMessage) {
		t.Errorf("an address that cannot be written: %v; want channel.ErrMessage", err)
	}
}

func TestARelayThatIsAwayIsDown(t *testing.T) {
	away := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("connection refused") }
	ch := opened(t, away)
	m, err := ch.Compose(content("ann@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	_, err = ch.Open(t.Context(), m)
	down, ok := errors.AsType[*channel.DownError](err)
	if !errors.Is(err, channel.ErrDown) || !ok || down.Detail != "connection refused" {
		t.Errorf("%v, want channel.ErrDown that says why", err)
	}
}

func TestATouchsMessageIDIsAlwaysTheSame(t *testing.T) {
	a, b := opened(t, (&homingtest.Sink{}).Dial), opened(t, (&homingtest.Sink{}).Dial)
	id := a.MessageID("win-back.offer.tok.l1")
	if id != b.MessageID("win-back.offer.tok.l1") || id == a.MessageID("win-back.offer.tok.l2") {
		t.Errorf("%s, %s and %s", id, b.MessageID("win-back.offer.tok.l1"), a.MessageID("win-back.offer.tok.l2"))
	}
	if !strings.HasSuffix(id, "@shop.example") {
		t.Errorf("%s is not of the store's domain", id)
	}
}

// A return path is of a touch and an address, and what cannot be one is an error of that email alone.
func TestEachEmailIsAskedForItsReturnPath(t *testing.T) {
	relay, err := mailer.New(mailer.Options{URL: "smtp+insecure://127.0.0.1:25", Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() })
	var asked []string
	ch := email.New(email.Options{
		Store: &programme.Store{ID: "main", Zone: time.UTC, From: "Shop <hello@shop.example>", Domain: "shop.example", View: render.Store{Name: "Shop"}},
		Relay: relay, Templates: func() (email.Renderer, string) { return texts{}, "12" }, Unsubscribe: func(customer.Key, string) string { return "https://mail.shop.example/u" },
		ReturnPath: func(k customer.Key, touchID, to string) string {
			asked = append(asked, k.Token, touchID, to)
			return "not an address"
		},
	})
	c := content("ann@example.com")
	c.Touch.Customer.Token = "tok"
	if _, err := ch.Compose(c); !errors.Is(err, channel.ErrMessage) || !strings.Contains(err.Error(), "Envelope") {
		t.Errorf("%v, want an error about the envelope sender", err)
	}
	if got := strings.Join(asked, " "); got != "tok win-back.offer.tok.l1 ann@example.com" {
		t.Errorf("asked for %s", got)
	}
}

// What is sent leads where it is to, and the copy is what was sent, without the picture.
func TestLinksOfAnEmailLeadWhereTheyAreTo(t *testing.T) {
	c := email.New(email.Options{
		Store:       &programme.Store{ID: "main", Zone: time.UTC, From: "Shop <hello@shop.example>", Domain: "shop.example"},
		Templates:   func() (email.Renderer, string) { return linked{}, "12" },
		Unsubscribe: func(customer.Key, string) string { return "https://mail.shop.example/u" },
		Leads: func(channel.Content) email.Leads {
			return email.Leads{HTML: func(u string) string { return u + "/html" }, Text: func(u string) string { return u + "/text" }, Picture: "https://mail.shop.example/o/x"}
		},
	})
	m, err := c.Compose(content("ann@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	if copied := m.Words().Copy; copied.HTML != `<p><a href="https://shop.example/html">Hello</a>` || copied.Text != "Hello: https://shop.example/text" {
		t.Errorf("%+v", copied)
	}
}

// linked is a renderer whose emails have a link.
type linked struct{}

func (linked) Render(name string, _ render.Data) (render.Mail, error) {
	return render.Mail{Template: name, Subject: "Hello", HTML: `<p><a href="https://shop.example">Hello</a>`, Text: "Hello: https://shop.example"}, nil
}
