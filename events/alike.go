package events

import "strings"

// otherNames are what shops and their platforms call a field that the contract calls
// otherwise, in lower case and without what joins words.
var otherNames = map[string][]string{
	"email":       {"mail", "emailaddress"},
	"first_name":  {"givenname", "forename"},
	"last_name":   {"familyname", "surname"},
	"birthday":    {"birthdate", "dateofbirth", "dob"},
	"locale":      {"language", "lang"},
	"time_zone":   {"tz"},
	"country":     {"countrycode"},
	"image_url":   {"image", "imageurl", "imgurl", "imagesrc", "picture", "pictureurl", "thumbnail"},
	"url":         {"link", "href", "permalink"},
	"quantity":    {"qty"},
	"product_id":  {"productid", "itemid"},
	"coupons":     {"coupon", "couponcodes", "discountcodes"},
	"items":       {"lines", "lineitems", "orderlines", "cartitems"},
	"total":       {"totalprice", "grandtotal"},
	"placed_at":   {"createdat", "orderedat"},
	"shipping":    {"shippingtotal", "delivery"},
	"supply_days": {"supply"},
	"available":   {"instock"},
}

// notTypos are names that are one letter away from another and mean something else.
var notTypos = map[string]bool{"county": true}

// maxAlike is how long a name is that is looked at, and how many of one object are.
const maxAlike = 24

// A likeness is a field that is unknown, and the one that is known which it resembles.
type likeness struct {
	field int
	name  string
}

// likenesses are those of one object.
type likenesses []likeness

func (l *likenesses) all() likenesses {
	if l == nil {
		return nil
	}
	return *l
}

// resemble adds the field that a name resembles, if it resembles one.
func (s *shape) resemble(to *likenesses, name []byte) *likenesses {
	var room [maxAlike]byte
	plain, ok := bare(room[:0], name)
	if !ok || to != nil && len(*to) == maxAlike {
		return to
	}
	i, ok := s.alike[string(plain)]
	if !ok && len(plain) > 5 && !notTypos[string(plain)] {
		for j := range s.fields {
			if f := &s.fields[j]; f.plain[0] == plain[0] && oneEdit(f.plain, string(plain)) {
				i, ok = j, true
				break
			}
		}
	}
	if !ok {
		return to
	}
	if to == nil {
		to = new(likenesses)
	}
	*to = append(*to, likeness{i, string(name)})
	return to
}

// bare is a name in lower case, without what joins words. What has other bytes than
// letters and digits in it is not the name of a field.
func bare(to, name []byte) ([]byte, bool) {
	if len(name) == 0 || len(name) > maxAlike {
		return nil, false
	}
	for _, c := range name {
		switch {
		case c == '_' || c == '-' || c == ' ' || c == '.':
		case c >= 'A' && c <= 'Z':
			to = append(to, c+'a'-'A')
		case alnum(c):
			to = append(to, c)
		default:
			return nil, false
		}
	}
	return to, len(to) > 0
}

// oneEdit reports whether one letter more, less, or another, or two that changed
// places, makes a of b. Short names have too many neighbours.
func oneEdit(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) > 1 || len(b) < 5 {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	if len(a) > len(b) {
		return a[i+1:] == b[i:]
	}
	if i == len(a) {
		return true
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// resembling are the names that resemble the fields of a shape.
func (s *shape) resembling() map[string]int {
	m := map[string]int{}
	for i, f := range s.fields {
		for _, name := range otherNames[f.name] {
			m[name] = i
		}
	}
	for i, f := range s.fields { // which is what is meant, whatever else it is called
		m[f.plain] = i
	}
	return m
}

// lacks records that a required field is not there, and what is in its place.
func (r *reader) lacks(s *shape, i int, like *likenesses) {
	for _, l := range like.all() {
		if l.field == i {
			r.failAt(s.fields[i].name, ReasonMissingField, "missing; it is called %s, not %s", s.fields[i].name, quote(l.name))
			return
		}
	}
	r.missing(s.fields[i].name)
}

// unknown warns of what resembles fields that were not given.
func (r *reader) unknown(s *shape, like *likenesses, got uint32) {
	for _, l := range like.all() {
		if got&(1<<l.field) == 0 {
			r.warnAt(l.name, WarnUnknownField, "there is no such field, and it is not read; it is called %s", s.fields[l.field].name)
		}
	}
}

// misspelled says how an attribute of the envelope was written instead.
func (f *faults) misspelled(attribute string) string {
	if f != nil && f.unlike[attribute] != "" {
		return "missing; it is written in small letters, and not " + quote(f.unlike[attribute])
	}
	return ""
}

// attributeLike notes an attribute that resembles one that is required.
func (f *faults) attributeLike(name []byte) {
	var room [maxAlike]byte
	plain, ok := bare(room[:0], name)
	if !ok {
		return
	}
	for _, attribute := range attributeNames {
		if required := strings.TrimPrefix(attribute, "ce-"); required == string(plain) {
			if f.unlike == nil {
				f.unlike = map[string]string{}
			}
			f.unlike[required] = string(name)
		}
	}
}
