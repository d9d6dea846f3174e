package homingtest

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// PublicURL is what the links in a World's emails begin with.
const PublicURL = "https://mail.shop.example"

// Request opens a link as a browser or a mailbox provider would, at the gateway
// of the world, and returns what it answers. A nil form sends no body.
func (w *World) Request(method, link string, form url.Values) (code int, header http.Header, body string) {
	w.T.Helper()
	return w.RequestWith(method, link, nil, form)
}

// RequestWith is Request with more headers.
func (w *World) RequestWith(method, link string, with http.Header, form url.Values) (code int, header http.Header, body string) {
	w.T.Helper()
	if !strings.HasPrefix(link, PublicURL+"/") {
		w.T.Fatalf("not a link of the gateway: %q", link)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DialContext: w.gateway.dial},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r, err := http.NewRequest(method, "http"+strings.TrimPrefix(link, "https"), strings.NewReader(form.Encode()))
	if err != nil {
		w.T.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	maps.Copy(r.Header, with)
	res, err := client.Do(r)
	if err != nil {
		w.T.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.T.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

var oneClick = regexp.MustCompile(`(?m)^List-Unsubscribe: <([^>]+)>\r?$`)

// Unsubscribe returns the link of the header List-Unsubscribe; empty if the email
// has none.
func Unsubscribe(mail string) string {
	if m := oneClick.FindStringSubmatch(mail); m != nil {
		return m[1]
	}
	return ""
}

// pipes is a listener whose connections do not leave the process.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }
