package mailer

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sample is an email as a shop sends it.
func sample() Mail {
	return Mail{
		From: "Example Shop <hello@shop.example>", ReplyTo: "help@shop.example",
		To: "ann@customer.example", ToName: "Ann O'Brien", Subject: "Thank you, Ann — it’s on its way",
		HTML:           "<html><body>\n<p>Blue café mug</p>\n.hidden\nFrom here = on \n</body></html>\n",
		Text:           "Blue café mug\r\n.\r\nFrom here on, 5 = 5 \t\n",
		MessageID:      "thank-you.thanks.abc@shop.example",
		Date:           time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		UnsubscribeURL: "https://mail.shop.example/u/abc?k=1",
		Headers:        map[string]string{"X-Homing-Worker": "thank-you"},
	}
}

func mustBuild(t testing.TB, m Mail) *Message {
	t.Helper()
	msg, err := Build(m)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// parts reads a message back the way a mail program does.
func parts(t testing.TB, raw []byte) (netmail.Header, map[string]string) {
	t.Helper()
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	if kind != "multipart/alternative" {
		b, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
		if err != nil {
			t.Fatal(err)
		}
		return msg.Header, map[string]string{kind: string(b)}
	}
	for r, order := multipart.NewReader(msg.Body, params["boundary"]), ""; ; {
		p, err := r.NextPart() // decodes quoted-printable itself
		if err == io.EOF {
			got["order"] = order
			return msg.Header, got
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		kind := p.Header.Get("Content-Type")
		order += kind + " "
		got[kind] = string(b)
	}
}

func TestBuildSaysWhatTheMailSays(t *testing.T) {
	m := sample()
	msg := mustBuild(t, m)
	header, got := parts(t, msg.Bytes())
	want := map[string]string{
		"order":                     "text/plain; charset=UTF-8 text/html; charset=UTF-8 ",
		"text/plain; charset=UTF-8": crlf(m.Text),
		"text/html; charset=UTF-8":  crlf(m.HTML),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("parts (-want +got):\n%s", d)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil || subject != m.Subject {
		t.Errorf("Subject = %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"From": `"Example Shop" <hello@shop.example>`, "Reply-To": "<help@shop.example>",
		"To": `"Ann O'Brien" <ann@customer.example>`, "Message-Id": "<thank-you.thanks.abc@shop.example>",
		"Date": "Wed, 04 Mar 2026 05:06:07 +0000", "Mime-Version": "1.0",
		"List-Unsubscribe": "<https://mail.shop.example/u/abc?k=1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply", "X-Homing-Worker": "thank-you",
	} {
		if got := header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"User-Agent", "X-Mailer", "Precedence", "Dkim-Signature"} {
		if got, ok := header[name]; ok {
			t.Errorf("%s = %q, want none", name, got)
		}
	}
	if msg.Size() != len(msg.Bytes()) || msg.envelope != "hello@shop.example" || msg.rcpt != m.To {
		t.Errorf("size %d of %d, envelope %q, rcpt %q", msg.Size(), len(msg.Bytes()), msg.envelope, msg.rcpt)
	}
}

func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

func TestBuildWithOneBody(t *testing.T) {
	text, html := sample(), sample()
	text.HTML, html.Text = "", ""
	if _, got := parts(t, mustBuild(t, text).Bytes()); got["text/plain"] != crlf(text.Text) {
		t.Errorf("text alone: %q", got)
	}
	if _, got := parts(t, mustBuild(t, html).Bytes()); got["text/html"] != crlf(html.HTML) {
		t.Errorf("HTML alone: %q", got)
	}
}

func TestBuildUsesTheEnvelope(t *testing.T) {
	m := sample()
	m.Envelope = "bounces+1@shop.example"
	if got := mustBuild(t, m).envelope; got != m.Envelope {
		t.Errorf("envelope = %q", got)
	}
}

func TestBuildRefusesWhatIsAtFault(t *testing.T) {
	const evil = "x\r\nBcc: victim@else.example"
	for name, change := range map[string]func(*Mail){
		"line break in From":           func(m *Mail) { m.From = "Shop <a@shop.example>\r\nBcc: victim@else.example" },
		"line break in ReplyTo":        func(m *Mail) { m.ReplyTo = "a@shop.example\n" },
		"line break in To":             func(m *Mail) { m.To = "ann@customer.example\r\nRCPT TO:<victim@else.example>" },
		"line break in ToName":         func(m *Mail) { m.ToName = evil },
		"line break in Subject":        func(m *Mail) { m.Subject = evil },
		"CR alone in Subject":          func(m *Mail) { m.Subject = "a\rb" },
		"NUL in Subject":               func(m *Mail) { m.Subject = "a\x00b" },
		"line break in MessageID":      func(m *Mail) { m.MessageID = "a@b\r\nX: y" },
		"line break in UnsubscribeURL": func(m *Mail) { m.UnsubscribeURL = "https://shop.example/\r\nX: y" },
		"line break in Envelope":       func(m *Mail) { m.Envelope = "a@shop.example\r\nRSET" },
		"line break in a header":       func(m *Mail) { m.Headers = map[string]string{"X-A": evil} },
		"line break in a header name":  func(m *Mail) { m.Headers = map[string]string{"X-A\r\nBcc": "b"} },
		"a header of our own":          func(m *Mail) { m.Headers = map[string]string{"Subject": "b"} },
		"no From":                      func(m *Mail) { m.From = "" },
		"two addresses in To":          func(m *Mail) { m.To = "ann@customer.example, bob@customer.example" },
		"name in To":                   func(m *Mail) { m.To = "Ann <ann@customer.example>" },
		"space in To":                  func(m *Mail) { m.To = `"a b"@customer.example` },
		"two @ in To":                  func(m *Mail) { m.To = `"a@b"@customer.example` },
		"address not ASCII":            func(m *Mail) { m.To = "änn@customer.example" },
		"address too long":             func(m *Mail) { m.To = strings.Repeat("a", 250) + "@customer.example" },
		"MessageID in brackets":        func(m *Mail) { m.MessageID = "<a@b>" },
		"MessageID without @":          func(m *Mail) { m.MessageID = "ab" },
		"no MessageID":                 func(m *Mail) { m.MessageID = "" },
		"javascript UnsubscribeURL":    func(m *Mail) { m.UnsubscribeURL = "javascript:alert(1)" },
		"brackets in UnsubscribeURL":   func(m *Mail) { m.UnsubscribeURL = "https://shop.example/>,<mailto:a@b.example" },
		"no body":                      func(m *Mail) { m.Text, m.HTML = "", "" },
		"subject that cannot be folded": func(m *Mail) {
			m.Subject = strings.Repeat("a", 2000)
		},
	} {
		m := sample()
		change(&m)
		_, err := Build(m)
		if !errors.Is(err, ErrMessage) {
			t.Errorf("%s: %v, want ErrMessage", name, err)
			continue
		}
		if strings.Contains(err.Error(), "@") {
			t.Errorf("%s: the error holds an address: %v", name, err)
		}
	}
}

// A name comes from a customer. It is shown as far as it can be, and never
// becomes part of the message's structure.
func TestBuildSurvivesHostileNamesAndSubjects(t *testing.T) {
	for _, hostile := range []string{
		`Ann" <victim@else.example>, "`, `<script>alert(1)</script>`, `{{.Secret}}`, "=?utf-8?q?x?=", `\`, `"`, "a\tb",
		strings.Repeat("x", 10_000), strings.Repeat("é", 10_000), "a" + strings.Repeat(" ", 2000) + "b",
		"\u202egnp.exe", "\x1b[31m", "\xff\xfe", "名前", "a, b; c: d", "ann@customer.example", boundary, "--" + boundary, "--",
	} {
		m := sample()
		m.ToName = hostile
		if len(hostile) < 5000 {
			m.Subject = hostile
		}
		header, got := parts(t, mustBuild(t, m).Bytes())
		to, err := header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != m.To {
			t.Errorf("%.40q: To = %v, %v", hostile, to, err)
		}
		if len(header["Subject"]) != 1 || len(header["From"]) != 1 || header.Get("Bcc") != "" || len(got) != 3 {
			t.Errorf("%.40q: headers %v, %d parts", hostile, header, len(got))
		}
	}
}

func TestAReleasedMessageIsNotSentAndNobodyElses(t *testing.T) {
	f := &fake{}
	r := f.relay(t, nil)
	defer func() { _ = r.Close() }()
	old := mustBuild(t, sample())
	old.Release()
	next := sample()
	next.To = "bob@customer.example"
	m := mustBuild(t, next)
	old.Release() // does nothing, least of all to m
	third := mustBuild(t, sample())
	c, err := r.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Release()
	if out := c.Send(t.Context(), old, nil); out.State != NotSent || len(old.Bytes()) != 0 {
		t.Errorf("a released message: %+v", out)
	}
	for _, m := range []*Message{m, third} {
		if out := c.Send(t.Context(), m, nil); out.State != Accepted {
			t.Errorf("%+v", out)
		}
	}
	if !strings.Contains(f.mails[0], "bob@") || !strings.Contains(f.mails[1], "ann@") {
		t.Errorf("emails %.200q", f.mails)
	}
}

func TestLinesThatStartWithADotAreDoubledOnTheWire(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\r\n": "a\r\nb\r\n", "a\r\n.\r\n": "a\r\n..\r\n", "a\r\n.b\r\n..c\r\n": "a\r\n..b\r\n...c\r\n",
	} {
		if got := string(stuff([]byte(in))); got != want {
			t.Errorf("stuff(%q) = %q, want %q", in, got, want)
		}
	}
	if dots, err := checkLines([]byte("a\r\n\r\n.b\r\n")); !dots || err != nil {
		t.Errorf("checkLines does not see a dot: %v", err)
	}
	if m := mustBuild(t, sample()); bytes.Contains(m.Bytes(), []byte("\n.")) {
		t.Error("a line of a body starts with a dot, although quoted-printable can avoid it")
	}
}

func TestCheckLines(t *testing.T) {
	for in, ok := range map[string]bool{
		"a\r\n\r\nb\r\n": true, "a\nb\r\n": false, "a\rb\r\n": false, "a": false, "\n": false,
		strings.Repeat("a", 998) + "\r\n": true, strings.Repeat("a", 999) + "\r\n": false,
	} {
		if _, err := checkLines([]byte(in)); (err == nil) != ok {
			t.Errorf("checkLines(%.20q) = %v", in, err)
		}
	}
}

func FuzzQuotedPrintable(f *testing.F) {
	for _, s := range []string{"", ".", "From a", "a \n", "a\t\r\nb", strings.Repeat("é", 60), strings.Repeat(" ", 160),
		strings.Repeat("a", 75) + ".", strings.Repeat("a", 74) + "\t\r", "=\r\r\n=3D", strings.Repeat("a", 75) + "From x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		enc := appendQP(nil, s)
		got, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(enc)))
		want := strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n", "\r\n")
		if err != nil || string(got) != want {
			t.Fatalf("decodes to %q, %v; want %q", got, err, want)
		}
		for line := range strings.SplitSeq(string(enc), "\r\n") {
			if len(line) > 76 || strings.HasPrefix(line, ".") || strings.HasPrefix(line, "From ") ||
				strings.ContainsAny(line, "\r\n") || strings.TrimRight(line, " \t") != line {
				t.Fatalf("line %q", line)
			}
		}
	})
}
