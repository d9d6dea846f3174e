package events

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

func TestEachLinkFindsWhereItIs(t *testing.T) {
	e := mustDecode(t, bareRaw(TypeCartUpdated, `{"customer":{"id":"7"},"cart":{"id":"1","url":"https://shop.example/cart","items":[
		{"product_id":"a","name":"A","quantity":1,"image_url":"https://cdn.example/a"},
		{"product_id":"b","name":"B","quantity":1},
		{"product_id":"c","name":"C","quantity":1,"url":"https://shop.example/c","image_url":"https://cdn.example/c"}]}}`))
	var got []string
	EachLink(e.Data, func(l *Link) {
		kind := "link "
		if l.Picture {
			kind = "picture "
		}
		got = append(got, kind+l.Field()+" "+l.URL)
	})
	want := []string{
		"link cart.url https://shop.example/cart", "picture cart.items[0].image_url https://cdn.example/a",
		"link cart.items[2].url https://shop.example/c", "picture cart.items[2].image_url https://cdn.example/c",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// Of every type, each field that is named like a link is one that is seen.
func TestEachLinkSeesTheLinksOfEveryType(t *testing.T) {
	for _, row := range Rows() {
		var want []string
		var walk func(s *shape, at string)
		walk = func(s *shape, at string) {
			for _, f := range s.fields {
				switch {
				case f.kind == textURL || strings.HasSuffix(f.name, "url"):
					want = append(want, at+f.name)
				case f.kind == isItems:
					walk(f.shape, at+f.name+"[0].")
				case f.shape != nil:
					walk(f.shape, at+f.name+".")
				}
			}
		}
		walk(row.shape, "")
		d, p := row.make()
		row.shape.fillLinks(p)
		var got []string
		EachLink(d, func(l *Link) { got = append(got, l.Field()) })
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", row.Type, d)
		}
	}
}

// fillLinks writes something into every link of the struct at p.
func (s *shape) fillLinks(p unsafe.Pointer) {
	for i := range s.fields {
		f := &s.fields[i]
		at := unsafe.Add(p, f.offset)
		switch f.kind {
		case textURL, textSecureURL:
			*(*string)(at) = "https://shop.example"
		case isItems:
			items := make([]Item, 1)
			f.shape.fillLinks(unsafe.Pointer(&items[0]))
			*(*[]Item)(at) = items
		case isObject, isReference:
			f.shape.fillLinks(at)
		}
	}
}

func BenchmarkEachLink(b *testing.B) {
	d := &CartUpdated{Cart: Cart{URL: "https://shop.example/c", Items: []Item{{URL: "https://shop.example/a", ImageURL: "https://shop.example/b"}, {URL: "https://shop.example/a"}}}}
	n := 0
	for b.Loop() {
		EachLink(d, func(*Link) { n++ })
	}
}
