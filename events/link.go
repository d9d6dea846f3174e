package events

import (
	"strconv"
	"sync"
	"unsafe"
)

// A Link is an address of the web in an event: where a link in an email leads, or a
// picture is.
type Link struct {
	URL     string
	Picture bool

	depth int
	path  [maxPath]stage
}

// maxPath is how many steps lead to the deepest link: a cart, one of its items, url.
const maxPath = 4

type stage struct {
	name  string
	index int // of a list's element; -1: it isn't one
}

// Field is where in the event's data the link is, as an Error has it:
// "cart.items[2].url".
func (l *Link) Field() string {
	var b []byte
	for _, s := range l.path[:l.depth] {
		if len(b) > 0 {
			b = append(b, '.')
		}
		b = append(b, s.name...)
		if s.index >= 0 {
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		}
	}
	return string(b)
}

// EachLink calls see with every link of an event, in the order in which they are
// written. The Link is see's only until it returns.
func EachLink(d Data, see func(*Link)) {
	row := rowOf[d.Type()]
	if row == nil || len(row.shape.links) == 0 {
		return
	}
	if p := row.at(d); p != nil {
		l := walks.Get().(*Link)
		defer walks.Put(l)
		*l = Link{}
		row.shape.eachLink(p, l, see)
	}
}

// walks are links to show while walking through an event. They are only good while
// they are shown, so they are used again.
var walks = sync.Pool{New: func() any { return new(Link) }}

// eachLink looks through the struct at p.
func (s *shape) eachLink(p unsafe.Pointer, l *Link, see func(*Link)) {
	l.depth++
	here := &l.path[l.depth-1]
	for _, i := range s.links {
		f := &s.fields[i]
		at := unsafe.Add(p, f.offset)
		*here = stage{f.name, -1}
		switch f.kind {
		case textURL, textSecureURL:
			if l.URL, l.Picture = *(*string)(at), f.name == "image_url"; l.URL != "" {
				see(l)
			}
		case isItems:
			for j := range *(*[]Item)(at) {
				here.index = j
				f.shape.eachLink(unsafe.Pointer(&(*(*[]Item)(at))[j]), l, see)
			}
		default:
			f.shape.eachLink(at, l, see)
		}
	}
	l.depth--
}

// leads reports whether a field is a link, or has links in it. Lists of other
// things than items have none, which the fields of all types are tested for.
func (f *field) leads() bool {
	return f.kind == textURL || f.kind == textSecureURL || f.shape != nil && len(f.shape.links) > 0
}
