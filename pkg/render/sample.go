package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"homing/events"
	"homing/pkg/problem"
)

const (
	maxSamples    = 20
	maxSampleFile = 64 << 10
)

// sampleData is Data as a person writes it.
type sampleData struct {
	Store struct {
		Name          string   `yaml:"name"`
		URL           string   `yaml:"url"`
		PostalAddress string   `yaml:"postal_address"`
		Locale        string   `yaml:"locale"`
		Currency      string   `yaml:"currency"`
		LinkHosts     []string `yaml:"link_hosts"`
	} `yaml:"store"`
	Customer struct {
		FirstName string `yaml:"first_name"`
		LastName  string `yaml:"last_name"`
		Locale    string `yaml:"locale"`
	} `yaml:"customer"`
	Variant        string         `yaml:"variant"`
	Ordinal        int            `yaml:"ordinal"`
	Orders         int            `yaml:"orders"`
	Order          *sampleOrder   `yaml:"order"`
	Also           []string       `yaml:"also"`
	Cart           *sampleCart    `yaml:"cart"`
	Products       *sampleList    `yaml:"products"`
	Offer          *sampleOffer   `yaml:"offer"`
	Answers        []sampleAnswer `yaml:"answers"`
	UnsubscribeURL string         `yaml:"unsubscribe_url"`
	Marketing      bool           `yaml:"marketing"`
}

type sampleOrder struct {
	ID       string       `yaml:"id"`
	Items    []sampleItem `yaml:"items"`
	More     int          `yaml:"more"`
	Total    sampleMoney  `yaml:"total"`
	PlacedAt time.Time    `yaml:"placed_at"`
}

type sampleCart struct {
	URL   string       `yaml:"url"`
	Items []sampleItem `yaml:"items"`
	More  int          `yaml:"more"`
	Total sampleMoney  `yaml:"total"`
}

type sampleList struct {
	Items []sampleItem `yaml:"items"`
	More  int          `yaml:"more"`
}

type sampleOffer struct {
	Code    string      `yaml:"code"`
	Percent int         `yaml:"percent"`
	Amount  sampleMoney `yaml:"amount"`
	Expires time.Time   `yaml:"expires"`
}

type sampleAnswer struct {
	Code string `yaml:"code"`
	URL  string `yaml:"url"`
}

type sampleItem struct {
	ProductID string      `yaml:"product_id"`
	Name      string      `yaml:"name"`
	Quantity  int         `yaml:"quantity"`
	Price     sampleMoney `yaml:"price"`
	URL       string      `yaml:"url"`
	ImageURL  string      `yaml:"image_url"`
}

// sampleMoney reads "12.95 GBP".
type sampleMoney events.Money

// UnmarshalYAML decodes an amount and a currency, separated by a space.
func (m *sampleMoney) UnmarshalYAML(raw []byte) error {
	s := strings.Trim(strings.TrimSpace(string(raw)), `"'`)
	amount, currency, _ := strings.Cut(s, " ")
	money, err := events.ParseMoney(amount, currency)
	if err != nil {
		return fmt.Errorf(`%q is not an amount such as "12.95 GBP": %w`, s, err)
	}
	*m = sampleMoney(money)
	return nil
}

// parseSamples decodes a .sample.yaml.
func parseSamples(path, src string, ps *problems) []Sample {
	if len(src) > maxSampleFile {
		ps.addf(path, 0, 0, "is larger than %d KiB", maxSampleFile>>10)
		return nil
	}
	base, names, bodies, err := splitSamples(src)
	if err != nil {
		ps.add(sampleProblem(path, err))
		return nil
	}
	if len(names) == 0 || len(names) > maxSamples {
		ps.addf(path, 0, 0, `needs 1 to %d entries under "samples:", one for each wording`, maxSamples)
		return nil
	}
	var out []Sample
	for i, name := range names {
		var d sampleData
		// Decoding twice into the same value is the merge: the second only
		// touches what it names. The base is decoded anew each time, because
		// lists and pointers would be shared.
		for _, node := range []ast.Node{base, bodies[i]} {
			if err := decodeNode(node, &d); err != nil {
				ps.add(sampleProblem(path, err))
				return nil
			}
		}
		out = append(out, Sample{name, d.data()})
	}
	return out
}

// splitSamples takes a .sample.yaml apart: what all samples share, and what
// each changes. It finds "data:" and the entries of "samples:", keeping positions.
func splitSamples(src string) (base ast.Node, names []string, bodies []ast.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // see decodeYAML
			err = fmt.Errorf("this is not YAML: %v", r)
		}
	}()
	f, err := parser.ParseBytes([]byte(src), 0)
	if err != nil || len(f.Docs) == 0 {
		return nil, nil, nil, err
	}
	for _, top := range entries(f.Docs[0].Body) {
		switch key := top.Key.String(); key {
		case "data":
			base = top.Value
		case "samples":
			for _, v := range entries(top.Value) {
				names = append(names, v.Key.String())
				bodies = append(bodies, v.Value)
			}
		default:
			return nil, nil, nil, &yaml.UnknownFieldError{
				Message: fmt.Sprintf(`unknown field %q; known are data and samples`, key), Token: top.Key.GetToken(),
			}
		}
	}
	return base, names, bodies, nil
}

// entries returns the pairs of a mapping; none of anything else.
func entries(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

func decodeNode(n ast.Node, v any) (err error) {
	defer func() {
		if r := recover(); r != nil { // see decodeYAML
			err = fmt.Errorf("this is not YAML: %v", r)
		}
	}()
	if n == nil || n.Type() == ast.NullType {
		return nil
	}
	return yaml.NodeToValue(n, v, yaml.Strict())
}

func sampleProblem(path string, err error) problem.Problem {
	p := yamlProblem(path, 0, err)
	p.Text, _, _ = strings.Cut(p.Text, "; known are subject")
	p.Text, _, _ = strings.Cut(p.Text, `; a value with "{{"`)
	return p
}

func (s *sampleData) data() Data {
	d := Data{
		Store: Store{
			Name: s.Store.Name, URL: s.Store.URL, PostalAddress: s.Store.PostalAddress,
			Locale: s.Store.Locale, Currency: s.Store.Currency, LinkHosts: s.Store.LinkHosts,
		},
		Customer: Customer(s.Customer),
		Variant:  s.Variant, Ordinal: s.Ordinal, Orders: s.Orders, Also: s.Also,
		UnsubscribeURL: s.UnsubscribeURL, Marketing: s.Marketing,
	}
	if o := s.Order; o != nil {
		d.Order = &Order{ID: o.ID, Items: sampleItems(o.Items), More: o.More, Total: events.Money(o.Total), PlacedAt: o.PlacedAt}
	}
	if c := s.Cart; c != nil {
		d.Cart = &Cart{URL: c.URL, Items: sampleItems(c.Items), More: c.More, Total: events.Money(c.Total)}
	}
	if p := s.Products; p != nil {
		d.Products = &Products{Items: sampleItems(p.Items), More: p.More}
	}
	if o := s.Offer; o != nil {
		d.Offer = &Offer{Code: o.Code, Percent: o.Percent, Amount: events.Money(o.Amount), Expires: o.Expires}
	}
	for _, a := range s.Answers {
		d.Answers = append(d.Answers, Answer(a))
	}
	return d
}

func sampleItems(in []sampleItem) []Item {
	var out []Item
	for _, it := range in {
		out = append(out, Item{
			ProductID: it.ProductID, Name: it.Name, Quantity: it.Quantity,
			Price: events.Money(it.Price), URL: it.URL, ImageURL: it.ImageURL,
		})
	}
	return out
}
