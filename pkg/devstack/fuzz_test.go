package devstack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Whatever comes in can be listed, encoded and shown as it came.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		plain("x"), string(sampleMail()), "\r\n", ":\r\n x", "A: b\r\n\tc\r\n\r\n",
		"From: =?x?q?=FF?= <a@b>\r\nDate: Mon, 2 Jan 0000 00:00:00 +9999\r\n\r\n",
		"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n----\r\n", "Subject: s\r\n" + nested(maxDepth+2),
		"Content-Type: text/html\r\n\r\n<title><b>a</b><style>x</head>&#847;\u200b é",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		m := &mail{seq: 1, received: time.Unix(0, 0), from: raw, to: []string{raw}, raw: []byte(raw)}
		if _, err := json.Marshal(m.message()); err != nil {
			t.Errorf("cannot be encoded: %v", err)
		}
		b := m.summary()
		if n := utf8.RuneCountInString(b.Snippet); n > snippetRunes+1 || strings.Contains(b.Snippet, "  ") {
			t.Errorf("snippet of %d characters: %q", n, b.Snippet)
		}
		if string(m.raw) != raw {
			t.Error("reading it has changed the source")
		}
	})
}
