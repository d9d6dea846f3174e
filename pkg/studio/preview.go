package studio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"homing/pkg/render"
)

// clip is the size of an HTML part above which Gmail cuts an email and hides the rest,
// the way out with it.
const clip = 102 << 10

// A look says how an email is to be seen.
type look struct {
	Email  string  `json:"email"`
	Sample string  `json:"sample"` // "": the first
	Locale string  `json:"locale"` // "": as the sample has it
	Store  string  `json:"store"`  // "": the sample's
	Who    string  `json:"who"`    // a real customer; wins over the sample
	Lang   string  `json:"lang"`   // the language that was shown last, if what is asked for is otherwise the same; "": not known
	Drafts []draft `json:"drafts"` // what was typed and not saved
}

// A preview is what is seen.
type preview struct {
	Mistakes []mistake `json:"mistakes"`
	// Rendered is false when it could not be made; the fields below are then empty.
	Rendered  bool     `json:"rendered"`
	View      string   `json:"view"` // of the HTML part, at the emails' origin
	Subject   string   `json:"subject"`
	Preheader string   `json:"preheader"`
	Text      string   `json:"text"`
	HTML      string   `json:"html"`
	Size      int      `json:"size"`
	Clip      int      `json:"clip"`
	Lang      string   `json:"lang"`   // BCP 47, of its words
	Sender    string   `json:"sender"` // the shop's name
	Samples   []string `json:"samples"`
	Sample    string   `json:"sample"` // that is shown
	Class     string   `json:"class"`
	About     string   `json:"about"` // the description
	Note      string   `json:"note"`  // what has to be known about it, such as that nothing is planned
	Took      float64  `json:"took"`  // milliseconds
}

// errNotFound is wrapped in what is said about something that is not there.
var errNotFound = errors.New("not found")

// withDrafts are the saved files with drafts on top.
func (s *Studio) withDrafts(drafts []draft) (memory, error) {
	saved, err := s.work.scan()
	if err != nil {
		return nil, err
	}
	out := make(memory, len(saved)+len(drafts))
	for p, f := range saved {
		out[p] = f.text
	}
	for _, d := range drafts {
		if filePath.MatchString(d.Path) {
			out[d.Path] = d.Text
		}
	}
	return out, nil
}

// preview renders an email as delivery would, and keeps its HTML part to be looked at.
func (s *Studio) preview(ctx context.Context, l look) (*preview, error) {
	begun := time.Now()
	// While somebody types the language stays, and the others can wait until they pause.
	out, mail, err := s.render(ctx, l, s.compile.draft(l.Lang))
	if err != nil || !out.Rendered {
		return out, err
	}
	out.View = s.views.keep(mail.HTML)
	out.Subject, out.Preheader, out.Text, out.HTML = mail.Subject, mail.Preheader, mail.Text, mail.HTML
	out.Lang, out.Size, out.Clip = mail.Lang, len(mail.HTML), clip
	out.Took = float64(time.Since(begun).Microseconds()) / 1000
	return out, nil
}

// render renders an email as compile makes it of its files; what is wrong with it is in
// the preview.
func (s *Studio) render(ctx context.Context, l look, compile func(context.Context, memory, string) (*compiled, error)) (*preview, render.Mail, error) {
	files, err := s.withDrafts(l.Drafts)
	if err != nil {
		return nil, render.Mail{}, err
	}
	if !slices.Contains(emailNames(files), l.Email) {
		return nil, render.Mail{}, fmt.Errorf("%w: there is no email %q", errNotFound, l.Email)
	}
	c, err := compile(ctx, files, l.Email)
	if err != nil {
		return nil, render.Mail{}, err
	}
	return s.renderOf(ctx, c, l)
}

// renderOf is render of a compiled email.
func (s *Studio) renderOf(ctx context.Context, c *compiled, l look) (*preview, render.Mail, error) {
	out := &preview{Mistakes: c.mistakes}
	if c.set == nil {
		return out, render.Mail{}, nil
	}
	meta, _ := c.set.Meta(l.Email)
	out.Class, out.About = meta.Class, meta.Description
	d, err := s.data(ctx, c.set, l, out)
	if err != nil {
		return nil, render.Mail{}, err
	}
	out.Sender = d.Store.Name
	mail, err := c.try(l.Email, d)
	if err != nil {
		out.Mistakes = append(out.Mistakes, mistake{File: l.Email + ".html", Text: strings.TrimPrefix(err.Error(), "template: "+l.Email+": ")})
		return out, render.Mail{}, nil
	}
	out.Rendered = true
	return out, mail, nil
}

// data is what is shown: a sample in the store and language that were chosen, or what
// delivery would show to a customer.
func (s *Studio) data(ctx context.Context, set *render.Set, l look, out *preview) (render.Data, error) {
	var d render.Data
	for n, sample := range set.Samples(l.Email) {
		out.Samples = append(out.Samples, sample.Name)
		if n == 0 || sample.Name == l.Sample {
			d, out.Sample = sample.Data, sample.Name
		}
	}
	for _, store := range s.o.Stores {
		if store.ID == l.Store {
			d.Store = store.View
		}
	}
	if l.Who != "" && s.o.Customers != nil {
		real, err := s.known.email(ctx, s.o.Customers, asked{l.Store, l.Who, l.Email})
		if err != nil {
			return d, err
		}
		d, out.Note = real.Data, real.Note
	}
	if l.Locale != "" {
		d = d.In(l.Locale)
	}
	return d, nil
}

// sendTest hands a preview to the relay.
func (s *Studio) sendTest(r *http.Request, l look, to string) error {
	out, mail, err := s.render(r.Context(), l, s.compile.email)
	if err != nil {
		return err
	}
	if !out.Rendered {
		return errors.New("the email has mistakes: correct them, then send it")
	}
	store := l.Store
	if store == "" && len(s.o.Stores) > 0 {
		store = s.o.Stores[0].ID
	}
	return s.o.Sender.Send(r.Context(), store, to, mail)
}
