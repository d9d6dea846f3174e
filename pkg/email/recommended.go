package email

import (
	"golang.org/x/text/language"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/product"
	"homing/pkg/quoted"
	"homing/pkg/recommend"
	"homing/pkg/render"
)

// A Shop is what is known about a store's products. Any of it may be nil.
type Shop struct {
	Products *product.Snapshot
	Together *recommend.Snapshot
	Quotes   *quoted.Snapshot
}

// recommended is how many products an email recommends, at most.
const recommended = 4

// recommend returns what chooses for an email, once it is known that it shows that, and in
// which language; nil if nothing is recommended. A transactional email recommends nothing:
// it reaches people who said no to advertising.
func (c *Channel) recommend(in channel.Content, d *render.Data) func(string) *render.Recommended {
	if c.o.Shop == nil || !d.Marketing {
		return nil
	}
	return func(language string) *render.Recommended {
		shop := c.o.Shop()
		s := shelf{shop.Products, language, map[string]string{}}
		about := s.about(in)
		out := &render.Recommended{}
		for _, x := range shop.Together.Pick(recommend.Ask{
			Customer: in.Customer, About: about, AboutAlone: in.To.Record != in.Touch.Customer, Shown: s.shown, Now: in.Now, Most: recommended,
		}) {
			p, _ := shop.Products.Of(x.Product)
			out.Items = append(out.Items, render.Recommendation{
				Name: p.Shown.Name, URL: p.Shown.URL, ImageURL: p.Shown.ImageURL, Price: p.Shown.Price, With: s.name(x.With), Popular: x.With == "",
			})
		}
		if len(out.Items) == 0 {
			return nil
		}
		return out
	}
}

// shelf is what of a shop can be shown in a language.
type shelf struct {
	products *product.Snapshot
	language string
	names    map[string]string // of what the email is about, by id
}

// about lists the products that an email is about, and notes their names.
func (s *shelf) about(in channel.Content) []string {
	var out []string
	add := func(items []events.Item) {
		for _, it := range items {
			out = append(out, it.ProductID)
			s.names[it.ProductID] = it.Name
		}
	}
	if in.Touch.Snapshot != nil {
		add(in.Touch.Snapshot.Items)
	}
	add(in.Wording.Items)
	return out
}

// shown reports whether a product can be shown and had. What the shop named and gave a
// page in another language is for others.
func (s *shelf) shown(id string) bool {
	p, _ := s.products.Of(id)
	return p.Shown != nil && p.Shown.URL != "" && !p.Unavailable() && s.speaks(p.Shown.Language)
}

// name is what a product is called; "" if nobody said.
func (s *shelf) name(id string) string {
	if p, _ := s.products.Of(id); p.Shown != nil && s.speaks(p.Shown.Language) {
		return p.Shown.Name
	}
	return s.names[id]
}

// speaks reports whether a language of the shop is that of the email, of any region.
func (s *shelf) speaks(of string) bool {
	if of == "" || s.language == "" {
		return true
	}
	a, errA := language.Parse(of)
	b, errB := language.Parse(s.language)
	if errA != nil || errB != nil {
		return true
	}
	x, _ := a.Base()
	y, _ := b.Base()
	return x == y
}
