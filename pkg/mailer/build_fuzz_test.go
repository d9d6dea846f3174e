package mailer

import (
	"bytes"
	"errors"
	"mime"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gomail "github.com/wneessen/go-mail"
)

// readBack is what a mail program shows of a message.
type readBack struct {
	Subject, Name, To, From, ReplyTo, MessageID, Date, Unsubscribe, OneClick, Text, HTML string
}

// read takes a message apart with the standard library.
func read(t testing.TB, raw []byte) readBack {
	t.Helper()
	header, bodies := parts(t, raw)
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil {
		t.Fatalf("Subject: %v in\n%s", err, raw)
	}
	mailbox := func(field string) *netmail.Address {
		list, err := header.AddressList(field)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v, %v in\n%s", field, list, err, raw)
		}
		return list[0]
	}
	out := readBack{
		Subject: subject, Name: mailbox("To").Name, To: mailbox("To").Address, From: mailbox("From").String(),
		MessageID: header.Get("Message-ID"), Date: header.Get("Date"),
		Unsubscribe: header.Get("List-Unsubscribe"), OneClick: header.Get("List-Unsubscribe-Post"),
	}
	if header.Get("Reply-To") != "" {
		out.ReplyTo = mailbox("Reply-To").String()
	}
	for kind, body := range bodies {
		switch {
		case strings.HasPrefix(kind, "text/plain"):
			out.Text = body
		case strings.HasPrefix(kind, "text/html"):
			out.HTML = body
		}
	}
	return out
}

// What go-mail makes of an email is read as what we make of it, where go-mail is
// right.
func TestAMessageReadsAsGoMailsDoes(t *testing.T) {
	for name, change := range map[string]func(*Mail){
		"as it is":        func(*Mail) {},
		"long subject":    func(m *Mail) { m.Subject = strings.Repeat("a long subject, and longer ", 10) },
		"accents":         func(m *Mail) { m.Subject, m.ToName = strings.Repeat("Prêt à porter ", 12), "Zoë Ångström-Ñandú" },
		"no Latin letter": func(m *Mail) { m.Subject, m.ToName = strings.Repeat("名前は長い", 20), "山田 太郎" },
		"specials":        func(m *Mail) { m.Subject, m.ToName = `a "b" (c) <d@e>; f`, `"Ann" (a), <b@c>; \d` },
		"long name":       func(m *Mail) { m.ToName = strings.Repeat("Ann ", 23) + "O'Brien" },
		"no name":         func(m *Mail) { m.ToName = "" },
		"big body":        func(m *Mail) { m.HTML = strings.Repeat("<p>café = \t</p>\n.\n", 3000) },
	} {
		m := sample()
		m.ReplyTo = ""
		change(&m)
		var theirs bytes.Buffer
		if _, err := goMail(m, gomail.EncodingQP).WriteTo(&theirs); err != nil {
			t.Fatal(err)
		}
		want, got := read(t, theirs.Bytes()), read(t, mustBuild(t, m).Bytes())
		want.Subject = oneSpace(want.Subject)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-go-mail +ours):\n%s", name, d)
		}
	}
}

// go-mail's own reader takes our messages too.
func TestGoMailReadsOurMessages(t *testing.T) {
	m := sample()
	parsed, err := gomail.EMLToMsgFromReader(bytes.NewReader(mustBuild(t, m).Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.GetGenHeader(gomail.HeaderSubject)[0])
	if err != nil || subject != m.Subject || parsed.GetToString()[0] != `"Ann O'Brien" <ann@customer.example>` || len(parsed.GetParts()) != 2 {
		t.Errorf("%q, %v, to %q, %d parts", subject, err, parsed.GetToString(), len(parsed.GetParts()))
	}
}

// What looks like an encoded word is encoded, or readers would decode it.
func TestWhatLooksEncodedIsEncoded(t *testing.T) {
	for _, s := range []string{"=?utf-8?q?=41nn?=", "=?utf-8?b?QW5u?=", "hello =?iso-8859-1?Q?=E9?= there", "=?", "a=?b?=c"} {
		m := sample()
		m.Subject, m.ToName = s, s
		m.Headers = map[string]string{"X-Shown": s}
		raw := mustBuild(t, m).Bytes()
		got := read(t, raw)
		if got.Subject != s || got.Name != s || bytes.Contains(raw, []byte(": "+s+"\r\n")) {
			t.Errorf("%q is read as subject %q and name %q in\n%s", s, got.Subject, got.Name, raw)
		}
	}
}

func FuzzBuild(f *testing.F) {
	f.Add("Ann", "Hello", "text", "<p>html</p>")
	f.Add("a\r\nb", "  ", ".", "")
	f.Add("=?utf-8?q?x?=", "=?utf-8?b?eA==?=", "", "\r\r\n \n")
	f.Add(`"a" \b`, strings.Repeat("é ", 100), "--"+boundary, "--"+boundary+"--\n")
	f.Add(strings.Repeat("ab ", 40), strings.Repeat("word ", 60), "a", "b")
	f.Add("名前\xff", "\xff\x01 \u00a0x", "\x00", "\x7f\xff")
	f.Fuzz(func(t *testing.T, name, subject, text, html string) {
		m := sample()
		m.ToName, m.Subject, m.Text, m.HTML = name, subject, text, html
		m.Headers = map[string]string{"X-Shown": subject}
		msg, err := Build(m)
		if err != nil {
			if !errors.Is(err, ErrMessage) {
				t.Fatal(err)
			}
			return
		}
		defer msg.Release()
		header, _ := parts(t, msg.Bytes())
		if len(header["Subject"]) != 1 || len(header["To"]) != 1 || len(header["Message-Id"]) != 1 || header.Get("Bcc") != "" {
			t.Fatalf("headers %v", header)
		}
		whole := func(body string) string { // a lone body ends with a line break
			body = strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
			if body != "" && (text == "" || html == "") && !strings.HasSuffix(body, "\n") {
				body += "\n"
			}
			return strings.ReplaceAll(body, "\n", "\r\n")
		}
		want := readBack{
			Subject: oneSpace(subject), Name: displayName(name), To: m.To, From: `"Example Shop" <hello@shop.example>`,
			ReplyTo: "<help@shop.example>", MessageID: "<" + m.MessageID + ">", Date: "Wed, 04 Mar 2026 05:06:07 +0000",
			Unsubscribe: "<" + m.UnsubscribeURL + ">", OneClick: "List-Unsubscribe=One-Click", Text: whole(text), HTML: whole(html),
		}
		if d := cmp.Diff(want, read(t, msg.Bytes())); d != "" {
			t.Fatalf("(-want +got):\n%s\nof\n%s", d, msg.Bytes())
		}
		if shown, err := new(mime.WordDecoder).DecodeHeader(header.Get("X-Shown")); err != nil || shown != oneSpace(subject) {
			t.Fatalf("X-Shown: %q, %v", shown, err)
		}
		checkForm(t, msg.Bytes())
	})
}

// checkForm holds what RFC 5322, RFC 2047 and real readers ask of lines.
func checkForm(t *testing.T, raw []byte) {
	t.Helper()
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if strings.TrimSpace(line) == "" {
			t.Fatalf("a header line of white space in\n%s", head)
		}
		name, value, _ := strings.Cut(line, ":")
		folded := line[0] == ' '
		if !folded && strings.TrimSpace(value) == "" && bytes.Contains(raw, []byte(line+"\r\n ")) {
			t.Fatalf("%s begins on a continuation line", name)
		}
		one := !strings.Contains(strings.TrimSpace(strings.TrimPrefix(value, " ")), " ") // a word that cannot be folded
		if folded {
			one = !strings.Contains(line[1:], " ")
		}
		if len(line) > foldAt && !one || strings.Contains(line, "=?utf-8?") && len(line) > wordLine+len(" <ann@customer.example>") {
			t.Fatalf("a line of %d bytes: %s", len(line), line)
		}
	}
	for _, c := range raw {
		if c > '~' || c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			t.Fatalf("byte %#x in\n%s", c, raw)
		}
	}
}
