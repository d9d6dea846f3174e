package homingtest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// Report hands an email to the listener of feedback.listen, as the mail server in front
// of it would, and returns what it is answered: nil for 250.
func (w *World) Report(from, to, mail string) error {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := w.feedback.dial(ctx, "", "")
	if err != nil {
		w.T.Fatal(err)
	}
	c := smtp.NewClient(conn)
	defer c.Close()
	err = c.SendMail(from, []string{to}, strings.NewReader(mail))
	if err == nil {
		err = c.Quit()
	}
	return err
}

// Webhook posts what a provider reports to the gateway of the world, at a path such as
// "/reports/ses", and returns what it is answered.
func (w *World) Webhook(path string, header http.Header, body string) (code int, answered http.Header) {
	w.T.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: w.gateway.dial}}
	r, err := http.NewRequest(http.MethodPost, "http"+strings.TrimPrefix(PublicURL, "https")+path, strings.NewReader(body))
	if err != nil {
		w.T.Fatal(err)
	}
	r.Header = header
	res, err := client.Do(r)
	if err != nil {
		w.T.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header
}
