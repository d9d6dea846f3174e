package app

import (
	"cmp"
	"fmt"

	"homing/pkg/channel"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/email"
	"homing/pkg/link"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/templatestore"
)

// A Composer composes the emails of a store as they are when they leave, for those who
// only look at them: it has no relay, and links are signed with a key that no gateway has,
// so that nobody leaves by a click in what is shown.
type Composer struct {
	*email.Channel
	set   *render.Set
	store *programme.Store
}

// nobodys is the secret of links that lead nowhere.
const nobodys = "links in what is only looked at lead nowhere"

// Composers returns what composes the emails of each store with some templates.
func Composers(c *config.Config, set *render.Set) (map[string]*Composer, error) {
	with := *c
	with.HTTP.PublicURL = cmp.Or(c.HTTP.PublicURL, "https://links.invalid") // homing dev has one of its own
	id, err := customer.NewIdentity(nobodys)
	if err != nil {
		return nil, err
	}
	a := &App{o: Options{Config: &with}, identity: id, read: &templatestore.InUse{Set: set}}
	if a.stores, err = programme.Open(&with, id); err != nil {
		return nil, err
	}
	if err := programme.Check(&with, a.stores, set); err != nil {
		return nil, err
	}
	if a.links, err = link.New(with.HTTP.PublicURL, []link.Key{{ID: link.DerivedKey, Secret: nobodys}}); err != nil {
		return nil, fmt.Errorf("http.public_url: %w", err)
	}
	out := map[string]*Composer{}
	for store := range a.stores {
		out[store] = &Composer{email.New(a.looks(store)), set, a.stores[store]}
	}
	return out, nil
}

// Language returns the language that an email of a template has for a customer's.
func (c *Composer) Language(template, customer string) string {
	return c.set.Language(template, customer, c.store.View.Locale)
}

// Examples renders what comes with a template as its samples, in a language, by name; of
// one that cannot be rendered, or isn't there, there are none.
func (c *Composer) Examples(template, language string) map[string]channel.Copy {
	out := map[string]channel.Copy{}
	for _, s := range c.set.Samples(template) {
		d := s.Data
		if d.Customer.Locale == "" || language != c.set.Language(template, d.Customer.Locale, d.Store.Locale) {
			d.Customer.Locale = language
		}
		if m, err := c.set.Render(template, d); err == nil {
			out[s.Name] = channel.Copy{Subject: m.Subject, Preheader: m.Preheader, HTML: m.HTML, Text: m.Text, Language: m.Lang}
		}
	}
	return out
}
