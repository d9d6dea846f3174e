package render

import (
	"net/url"
	"strconv"
	"strings"

	"homing/events"
)

// applied fills in what follows from the offer: where a click applies it, and what the
// cart costs with it.
func (s *scratch) applied() {
	d := &s.data
	o := d.Offer
	if o == nil {
		return
	}
	to := d.Store.URL
	if d.Cart != nil {
		d.Cart.Reduced = reduced(d.Cart.Total, o)
		if d.Cart.URL != "" {
			to = d.Cart.URL
		}
	}
	o.URL = linkURL(offerURL(d.Store.OfferLink, o.Code, to), &d.Store)
}

// offerURL is the page that applies a code and goes on to another page, by the store's
// pattern: {code} is the code, and {path} where to go, without the host. Shops go on
// within themselves only; to a page of another host they would not.
func offerURL(pattern, code, to string) string {
	if pattern == "" || code == "" {
		return ""
	}
	path := "/"
	p, from := parseWeb(to), parseWeb(strings.NewReplacer("{code}", code, "{path}", "").Replace(pattern))
	if p != nil && from != nil && strings.EqualFold(bareHost(p.Host), bareHost(from.Host)) && p.Path != "" {
		path = p.RequestURI()
	}
	return strings.NewReplacer("{code}", url.QueryEscape(code), "{path}", url.QueryEscape(path)).Replace(pattern)
}

// reduced is what something costs with an offer; unknown where nothing would be taken
// off, or more than there is.
func reduced(total events.Money, o *Offer) events.Money {
	var off int64
	switch {
	case total.Minor <= 0 || total.Minor > 1<<52:
	case o.Percent > 0:
		off = (total.Minor*int64(o.Percent) + 50) / 100
	case o.Amount.Currency == total.Currency:
		off = o.Amount.Minor
	}
	if off <= 0 || off >= total.Minor {
		return events.Money{}
	}
	return events.Money{Minor: total.Minor - off, Currency: total.Currency}
}

// parameter is a URL with one more parameter; the URL itself if the parameter has no
// name.
func parameter(u, name string, n int) string {
	if u == "" || name == "" {
		return u
	}
	u, fragment, found := strings.Cut(u, "#")
	sep := "?"
	if strings.Contains(u, "?") {
		sep = "&"
	}
	u += sep + url.QueryEscape(name) + "=" + strconv.Itoa(n)
	if found {
		u += "#" + fragment
	}
	return u
}

// together keeps a number and its unit on one line: "250 g" is not broken.
func together(s string) string {
	for i := 1; i+1 < len(s); i++ {
		if s[i] == ' ' && digit(s[i-1]) && unit(s[i+1:]) {
			s = s[:i] + "\u00a0" + s[i+1:]
		}
	}
	return s
}

// unit says whether a text begins with a word of at most two letters.
func unit(s string) bool {
	n := 0
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z' || s[n] == '%') {
		n++
	}
	return n > 0 && n <= 2 && (n == len(s) || s[n] < 0x80 && !digit(s[n]))
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
