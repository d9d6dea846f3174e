package mailer

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"
)

// A picture is a part next to the HTML that shows it, within the choice between HTML and text.
func TestAPictureIsAPartOfTheHTML(t *testing.T) {
	m := sample()
	png := bytes.Repeat([]byte("\x89PNG\r\n.\n"), 3000)
	m.HTML = `<p>Hi</p><img src="cid:orders@main.digest" alt="Orders" width="10">`
	m.Pictures = []Picture{{"orders@main.digest", "image/png", png}, {"lift@main.digest", "image/jpeg", []byte{0}}}
	built := mustBuild(t, m)
	if n := bytes.Count(built.Bytes(), []byte("\n.")); n > 0 {
		t.Errorf("%d lines start with a dot", n)
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(built.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, _ := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	outer := multipart.NewReader(msg.Body, params["boundary"])
	if _, err := outer.NextPart(); err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	part, err := outer.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	kind, params, _ = mime.ParseMediaType(part.Header.Get("Content-Type"))
	inner := multipart.NewReader(part, params["boundary"])
	html, err := inner.NextPart()
	if err != nil || kind != "multipart/related" || params["type"] != "text/html" || !strings.HasPrefix(html.Header.Get("Content-Type"), "text/html") {
		t.Fatal(kind, params, err)
	}
	first, err := inner.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, first))
	if err != nil || !bytes.Equal(got, png) || first.Header.Get("Content-ID") != "<orders@main.digest>" || first.FileName() != "orders.png" || first.Header.Get("Content-Type") != "image/png" {
		t.Errorf("%v, %d bytes, %v", err, len(got), first.Header)
	}
	if _, err := inner.NextPart(); err != nil {
		t.Errorf("the second picture: %v", err)
	}
	if _, err := inner.NextPart(); !errors.Is(err, io.EOF) {
		t.Errorf("a third picture: %v", err)
	}
	if _, err := outer.NextPart(); !errors.Is(err, io.EOF) {
		t.Errorf("a third part: %v", err)
	}
}

func TestAPictureThatCannotBeShownIsRefused(t *testing.T) {
	good := Picture{"orders@main.digest", "image/png", []byte{0}}
	for name, change := range map[string]func(*Mail){
		"without HTML":    func(m *Mail) { m.HTML, m.Pictures = "", []Picture{good} },
		"an ID of a line": func(m *Mail) { m.Pictures = []Picture{{"a@b\r\nX: y", "image/png", nil}} },
		"an ID without @": func(m *Mail) { m.Pictures = []Picture{{"orders", "image/png", nil}} },
		"one ID twice":    func(m *Mail) { m.Pictures = []Picture{good, good} },
		"a page":          func(m *Mail) { m.Pictures = []Picture{{"a@b", "text/html", nil}} },
	} {
		m := sample()
		change(&m)
		if _, err := Build(m); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: %v, want ErrMessage", name, err)
		}
	}
}
