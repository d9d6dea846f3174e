package mailer

import (
	"bytes"
	"encoding/json"
	"flag"
	"mime"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "have Python (python3) read the headers, and write testdata/python.json")

// shownText is text that programs which read headers have been seen to get wrong.
var shownText = []string{
	"Ann", "Ann O'Brien", "Ångström, Zoë", `Ann "the cook" (a\b) <c>; d: e, f`, "Ann  Brien", "=?utf-8?q?Ann?=", "=?utf-8?b?QW5u?=",
	"Hello =?iso-8859-1?q?=E9?=", "=?", "?=", "=?x", "_", "a_b c_d é", "a=b é", "Владимир Иванов", "山田 太郎", "Ann 🎉", "é", "e\u0301 e\u0301",
	"I can't — 100 % “quoted”", "a, b", "Ann@Home", "Œ", "Jürgen\u00a0Müller", "ann@customer.example", "é@customer.example", "אבא", "…",
}

// longText is longer than a line. It is used in subjects only: Python reads a space
// between the encoded words of a display name.
var longText = []string{
	strings.Repeat("Prêt à porter ", 12), strings.Repeat("名前は長い", 20), strings.Repeat("a long subject, and longer ", 10),
	"Danke für Ihre Bestellung, wir freuen uns sehr über Ihren zweiten Besuch bei uns", strings.Repeat("wörd", 40), strings.Repeat("word", 40),
	strings.Repeat("=?utf-8?q?x?= ", 12), strings.Repeat("🎉 ", 40), strings.Repeat("Заказ ", 30),
}

// readByPython is one entry of testdata/python.json: a message's headers, and what
// Python understands of them.
type readByPython struct {
	Header string
	Read   map[string]any
}

// What Python's email package reads of our headers is what was meant. It has read
// what testdata/python.json has; what we write must still be that.
func TestPythonReadsWhatWasMeant(t *testing.T) {
	var ours []readByPython
	for i, s := range append(append([]string{}, shownText...), longText...) {
		m := sample()
		m.Subject, m.HTML, m.Text = s, "", "x"
		to, from := s, s
		if i >= len(shownText) {
			to, from = "Ann", "Shop"
		}
		m.ToName, m.From, m.ReplyTo = to, mailboxOf(from, "hello@shop.example"), mailboxOf(to, "help@shop.example")
		header, _, _ := bytes.Cut(mustBuild(t, m).Bytes(), []byte("\r\n\r\n"))
		ours = append(ours, readByPython{string(header), map[string]any{
			"Subject": oneSpace(s), "To": []any{displayName(to), m.To},
			"From": []any{displayName(from), "hello@shop.example"}, "Reply-To": []any{displayName(to), "help@shop.example"},
		}})
	}
	const path = "testdata/python.json"
	if *update {
		b, err := json.MarshalIndent(askPython(t, ours), "", " ")
		if err == nil {
			err = os.WriteFile(path, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var golden []readByPython
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(ours, golden); d != "" {
		t.Errorf("-meant and written +read (if the headers differ: go test -update, with python3):\n%s", d)
	}
}

// mailboxOf is what a configuration has: "name" <address>.
func mailboxOf(name, address string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" <` + address + ">"
}

// askPython has python3 read the headers.
func askPython(t *testing.T, ours []readByPython) []readByPython {
	t.Helper()
	var in bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, o := range ours {
		if err := lines.Encode(o.Header + "\r\n\r\nx\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "python3", "testdata/read.py")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(bytes.NewReader(out))
	var version string
	if err := answers.Decode(&version); err != nil {
		t.Fatal(err)
	}
	t.Logf("read by Python %s", version)
	var read []readByPython
	for _, o := range ours {
		r := readByPython{Header: o.Header}
		if err := answers.Decode(&r.Read); err != nil {
			t.Fatal(err)
		}
		read = append(read, r)
	}
	return read
}

// A name in letters that are not Latin is one encoded word, and what is mostly
// Latin can be read without decoding it.
func TestTheShorterEncodingIsUsed(t *testing.T) {
	for name, want := range map[string]string{
		"Владимир Иванов":   "To: =?utf-8?b?0JLQu9Cw0LTQuNC80LjRgCDQmNCy0LDQvdC+0LI=?=\r\n <ann@customer.example>\r\n",
		"Zoë Ångström":      "To: =?utf-8?b?Wm/DqyDDhW5nc3Ryw7Zt?= <ann@customer.example>\r\n",
		"Jürgen Müllermann": "To: =?utf-8?q?J=C3=BCrgen_M=C3=BCllermann?= <ann@customer.example>\r\n",
		"=?utf-8?b?QW5u?=":  "To: =?utf-8?q?=3D=3Futf-8=3Fb=3FQW5u=3F=3D?= <ann@customer.example>\r\n",
	} {
		m := sample()
		m.ToName = name
		if raw := mustBuild(t, m).Bytes(); !bytes.Contains(raw, []byte(want)) {
			t.Errorf("%q, want %q in\n%s", name, want, raw)
		}
	}
}

func FuzzMailboxes(f *testing.F) {
	for _, s := range append(append([]string{}, shownText...), longText...) {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, name, subject string) {
		m := sample()
		m.From, m.ReplyTo, m.Subject = mailboxOf(name, "hello@shop.example"), mailboxOf(name, "help@shop.example"), subject
		msg, err := Build(m)
		if err != nil {
			return
		}
		header, _ := parts(t, msg.Bytes())
		for field, meant := range map[string]string{"From": m.From, "Reply-To": m.ReplyTo} {
			want, err := parseAddress(field, meant)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := header.AddressList(field); err != nil || len(got) != 1 || *got[0] != *want {
				t.Fatalf("%s: %v, %v; want %v in\n%s", field, got, err, want, msg.Bytes())
			}
		}
		if got, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject")); err != nil || got != oneSpace(subject) {
			t.Fatalf("Subject %q, %v", got, err)
		}
		checkForm(t, msg.Bytes())
	})
}
