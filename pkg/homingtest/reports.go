package homingtest

import (
	"context"
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
