package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"homing/pkg/installation"
	"homing/pkg/kept"
	"homing/pkg/mailview"
	"homing/pkg/touch"
)

// shownFlags ask for what an email showed.
type shownFlags struct {
	html, text string // files; -: the standard output
	links      bool
}

func (f *shownFlags) asked() bool { return f.html != "" || f.text != "" }

// showEmail writes what the email of a touch showed. Of one that left twice it is the
// last.
func (p *program) showEmail(ctx context.Context, l *opened, f *shownFlags, store, touchID string) error {
	all, err := l.Shown(ctx, store, touchID)
	if errors.Is(err, touch.ErrID) {
		return usagef("--html and --text show one email, which is named by its touch, such as thank-you.thanks.k7q2mzx4p3rvbn5d.10042: the facts on the timeline have it, and `homing why -o json`")
	}
	if errors.Is(err, installation.ErrNoCopy) {
		return err
	}
	if err != nil {
		return err
	}
	c := all[len(all)-1]
	html, text := c.HTML, c.Text
	if !f.links {
		html, text = mailview.Unlinked(html), mailview.UnlinkedText(text)
	}
	for to, content := range map[string]string{f.html: html, f.text: "Subject: " + c.Subject + "\n\n" + text} {
		switch to {
		case "":
			continue
		case "-":
			_, err = fmt.Fprint(p.out, content)
		default:
			err = os.WriteFile(to, []byte(content), 0o600)
		}
		if err != nil {
			return err
		}
	}
	fmt.Fprintln(p.err, aboutCopy(c, len(all), f.links))
	return nil
}

// aboutCopy says what a copy is of.
func aboutCopy(c kept.Copy, n int, links bool) string {
	s := "sent " + c.Sent.UTC().Format("2006-01-02 15:04:05 MST")
	if c.Uncertain {
		s = "perhaps " + s
	}
	s += ", from " + c.Template + " of templates " + c.TemplateVersion
	if n > 1 {
		s += fmt.Sprintf("; it left %d times, and this is the last", n)
	}
	if !links {
		s += "; its links are taken out, since they act in the customer's name (--links leaves them in)"
	}
	return s
}
