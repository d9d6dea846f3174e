// Package visit is about the links that lead from an email to the shop: which parameters
// they have, which of them lead over the gateway instead, and which clicks were a
// program's rather than a person's. Nothing that it learns decides anything about email.
package visit

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	nethtml "golang.org/x/net/html"
)

var (
	// leads are the elements whose href a person follows; those with a colon are of Outlook.
	leads = regexp.MustCompile(`(?i)^<(?:a|area|v:[a-z]+)\s`)
	href  = regexp.MustCompile(`(?i)(\shref\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)`)
	// conditional is what only Outlook reads.
	conditional = regexp.MustCompile(`(?i)^<!--\[if [^\]]*\]>`)
)

// Links gives each link of an HTML email to change, and puts what it returns in its
// place. All else stays as it is, byte for byte.
func Links(body string, change func(string) string) string {
	var b strings.Builder
	b.Grow(len(body) + len(body)/4)
	z := nethtml.NewTokenizer(strings.NewReader(body))
	for {
		kind := z.Next()
		raw := string(z.Raw())
		switch {
		case kind == nethtml.ErrorToken:
			b.WriteString(raw)
			return b.String()
		case kind == nethtml.CommentToken && conditional.MatchString(raw) && strings.HasSuffix(raw, "-->"):
			head := conditional.FindString(raw)
			b.WriteString(head + Links(raw[len(head):len(raw)-len("-->")], change) + "-->")
		case (kind == nethtml.StartTagToken || kind == nethtml.SelfClosingTagToken) && leads.MatchString(raw):
			b.WriteString(tag(raw, change))
		default:
			b.WriteString(raw)
		}
	}
}

func tag(raw string, change func(string) string) string {
	m := href.FindStringSubmatchIndex(raw)
	if m == nil {
		return raw
	}
	value := html.UnescapeString(strings.Trim(raw[m[4]:m[5]], `"'`))
	to := change(value)
	if to == value {
		return raw
	}
	return raw[:m[4]] + `"` + html.EscapeString(to) + `"` + raw[m[5]:]
}

var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// TextLinks does so with the addresses in plain text.
func TextLinks(text string, change func(string) string) string {
	return address.ReplaceAllStringFunc(text, func(u string) string {
		link := strings.TrimRight(u, ".,;:!?)'")
		return change(link) + u[len(link):]
	})
}

// WithUTM adds the parameters of a pattern to an address; what it has already stays.
func WithUTM(to, pattern string, fill *strings.Replacer) string {
	u, err := url.Parse(to)
	if err != nil || pattern == "" {
		return to
	}
	has := u.Query()
	rest, fragment, anchored := strings.Cut(to, "#")
	for part := range strings.SplitSeq(fill.Replace(pattern), "&") {
		name, _, _ := strings.Cut(part, "=")
		if has.Has(name) {
			continue
		}
		joint := "&"
		if !strings.Contains(rest, "?") {
			joint = "?"
		} else if strings.HasSuffix(rest, "?") || strings.HasSuffix(rest, "&") {
			joint = ""
		}
		rest += joint + part
	}
	if anchored {
		rest += "#" + fragment
	}
	return rest
}

// Plain is an address without what may be secret in it: the parameters, which may be
// permissions, what comes after #, and a user.
func Plain(to string) string {
	u, err := url.Parse(to)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// WithPicture puts a picture at the end of an HTML email.
func WithPicture(body, at string) string {
	picture := `<img src="` + html.EscapeString(at) + `" width="1" height="1" alt="" style="display:block;border:0">`
	if i := strings.LastIndex(strings.ToLower(body), "</body>"); i >= 0 {
		return body[:i] + picture + body[i:]
	}
	return body + picture
}
