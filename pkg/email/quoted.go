package email

import (
	"cmp"
	"slices"

	"homing/pkg/channel"
	"homing/pkg/quoted"
	"homing/pkg/render"
)

// quoting returns what chooses which review an email quotes, once it is known that it shows
// one, and in which language; nil if nobody is quoted. A transactional email quotes nobody:
// praise is advertising.
func (c *Channel) quoting(in channel.Content, d *render.Data) func(string) *render.Quote {
	if c.o.Shop == nil || !d.Marketing {
		return nil
	}
	return func(language string) *render.Quote {
		shop := c.o.Shop()
		s := shelf{shop.Products, language, map[string]string{}}
		about := slices.DeleteFunc(s.about(in), func(id string) bool {
			p, _ := shop.Products.Of(id)
			return p.Unavailable()
		})
		q, found := shop.Quotes.Pick(quoted.Ask{
			Customer: in.Customer, About: about, Draw: d.Draw, Now: in.Now,
			Speaks: func(of string) bool { return s.speaks(cmp.Or(of, d.Store.Locale)) },
		})
		if !found {
			return nil
		}
		return &render.Quote{Text: q.Text, Title: q.Title, Name: q.Name, Stars: q.Stars, Product: cmp.Or(s.names[q.Product], s.name(q.Product))}
	}
}
