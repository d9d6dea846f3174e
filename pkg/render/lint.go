package render

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"homing/pkg/problem"
)

// maxHTML is where Gmail clips an email: https://support.google.com/mail, "message clipped".
const maxHTML = 102 << 10

// forbidden elements run code, load code, collect input or frame other pages;
// mail programs strip them, or take an email with them for an attack.
var forbidden = map[string]bool{
	"script": true, "iframe": true, "frame": true, "object": true, "embed": true, "applet": true,
	"form": true, "input": true, "button": true, "textarea": true, "select": true, "base": true, "link": true,
	"audio": true, "video": true,
}

// void elements have no end tag.
var void = map[string]bool{
	"area": true, "br": true, "col": true, "hr": true, "img": true, "link": true, "meta": true, "source": true, "wbr": true,
}

// lintFile finds faults within one tag of a file, where line and column are known.
func lintFile(path, src string, ps *problems) {
	yml, body, above, _ := splitFrontMatter(src)
	lintTags(body, !madeElsewhere.MatchString(yml), func(at int, msg string) {
		line, col := lineCol(body, at)
		ps.addf(path, line+above, col, "%s", msg)
	})
}

// lintTags reports faults within one tag. Actions are blanked, so a tag that an action
// completes still reads as one.
func lintTags(source string, ours bool, report func(at int, msg string)) {
	z := html.NewTokenizer(strings.NewReader(blank(source)))
	offset := 0
	for {
		kind := z.Next()
		at := offset
		offset += len(z.Raw())
		if kind == html.ErrorToken {
			return
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		tag := z.Token()
		if msg := lintTag(&tag, ours); msg != "" {
			report(at, msg)
		}
	}
}

// blank returns a source with its actions blanked: each byte is where it was.
func blank(source string) string {
	return withActions(source, func(b byte) byte {
		if b == '\n' {
			return b
		}
		return 'x'
	})
}

// withActions returns a source with each byte of its actions replaced.
func withActions(source string, by func(byte) byte) string {
	b := []byte(source)
	for _, a := range actions(source) {
		if !a.closed {
			break
		}
		for i := a.at; i < a.end; i++ {
			b[i] = by(b[i])
		}
	}
	return string(b)
}

// lintTag says what is wrong with one tag; empty if nothing is. Programs that make whole
// documents have habits that are no fault: ours says that a tag is of no such document.
func lintTag(t *html.Token, ours bool) string {
	attrs := map[string]string{}
	for _, a := range t.Attr {
		attrs[a.Key] = a.Val
		if strings.HasPrefix(a.Key, "on") {
			return fmt.Sprintf("<%s %s> runs a script, which no mail program allows; remove it", t.Data, a.Key)
		}
	}
	_, hasAlt := attrs["alt"]
	_, hasHref := attrs["href"]
	switch {
	case !ours && t.Data == "link" && strings.EqualFold(attrs["rel"], "stylesheet"): // a font, which few programs load
	case forbidden[t.Data]:
		return fmt.Sprintf("<%s> does not belong in an email; remove it", t.Data)
	case t.Data == "meta" && strings.EqualFold(attrs["http-equiv"], "refresh"):
		return "<meta http-equiv=refresh> does not belong in an email; remove it"
	case t.Data == "img" && !hasAlt:
		return `<img> has no alt: say what it shows, or write alt="" if it only decorates`
	case t.Data == "a" && !hasHref:
		return "<a> has no href: where does it lead?"
	case ours && t.Data == "table" && attrs["role"] == "":
		return `<table> has no role: write role="presentation", or screen readers read the layout aloud as data`
	}
	return ""
}

// lintMail renders an email that was compiled with all its samples, with
// each optional thing missing, and any number of its parts, and with text where
// it does not belong.
//
// The structure of an email is the same in most languages, and what may be missing was
// looked at when it was compiled: more than one language is tried with whole samples only.
func lintMail(m *mail, files map[string]*file, ref *reference, more bool, ps *problems) {
	seen := map[string]bool{}
	for _, s := range m.samples {
		out, err := m.tryOut(ref, &s.Data, true)
		if err != nil {
			ps.addSample(s.Name, asProblem(m.page, err))
			return // the faults of one sample are mostly those of all
		}
		lintOutput(m, files, s.Name, &out, ps)
		lintWords(m, s.Name, &out, ps)
		lintGreeting(m, s, ps)
		if more {
			continue
		}
		for _, o := range append(without(s.Data), foreign(s.Data), branded(s.Data)) {
			out, err := m.tryOut(ref, &o.Data, o.Name != foreignText)
			if err != nil {
				ps.addSample(s.Name+" "+o.Name, asProblem(m.page, err))
				return
			}
			if form := Wordless(out.HTML); !seen[form] { // its links are not in its words
				seen[form] = true
				lintLinks(m, s.Name+" "+o.Name, &out, nil, ps)
			}
		}
		for _, o := range subsets(s.Data, parts) {
			if _, err := m.render(&o.Data, true); err != nil {
				ps.addSample(s.Name+o.Name, asProblem(m.page, err))
				return
			}
		}
	}
	if m.meta.Class != "transactional" && m.meta.Class != "staff" {
		lintWayOut(m, ps)
	}
}

// Wordless returns the tags of rendered HTML without the words between them: what the
// same email has in all languages.
func Wordless(html string) string {
	var b strings.Builder
	for {
		_, tag, found := strings.Cut(html, "<")
		if !found {
			return b.String()
		}
		tag, html, _ = strings.Cut(tag, ">")
		b.WriteString("<" + tag)
	}
}

// lintWayOut renders an email that may be marketing as marketing: both parts must
// show the unsubscribe link.
func lintWayOut(m *mail, ps *problems) {
	const url = "https://mail.example/unsubscribe"
	for _, s := range m.samples {
		d := s.Data
		d.Marketing, d.UnsubscribeURL = true, url
		out, err := m.render(&d, true)
		if err != nil {
			return // reported already
		}
		report := func(file, what string) {
			ps.addSample(s.Name, problem.Problem{File: file, Text: what})
		}
		there, seen := false, false
		for _, l := range outline(out.HTML).links {
			if l.url == url && !l.image {
				there, seen = true, seen || !l.hidden
			}
		}
		switch {
		case !there:
			report(m.page, "a marketing email without the unsubscribe link; put {{.UnsubscribeURL}} into the email or its layout")
		case !seen:
			report(m.page, "the unsubscribe link cannot be seen (display:none, visibility:hidden, no size, or no opacity); the law wants it found easily")
		}
		if !strings.Contains(out.Text, url) {
			report(m.words, "a marketing email without the unsubscribe link; put {{.UnsubscribeURL}} into the email or its layout")
		}
	}
}

// foreignHost is what an attacker may put into a name.
const (
	foreignHost = "foreign.invalid"
	foreignText = "with foreign text"
)

// foreign returns d with a URL in every text that is not a URL: none of them may
// end up as a link.
func foreign(d Data) Sample {
	d = d.clone()
	const text = "https://" + foreignHost + "/"
	d.Customer.FirstName, d.Customer.LastName = text, text
	d.Store.Name, d.Store.PostalAddress = text, text
	if d.Order != nil {
		d.Order.ID = text
	}
	if d.Offer != nil {
		d.Offer.Code = text
	}
	if d.Subscription != nil {
		d.Subscription.ID, d.Subscription.Name = text, text
	}
	for i := range d.Also {
		d.Also[i] = text
	}
	for i := range d.Answers {
		d.Answers[i].Code = text
	}
	onItems(func(it *Item) { it.Name, it.ProductID = text, text })(&d)
	if d.Recommended != nil {
		onRecommended(func(r *Recommendation) { r.Name, r.With = text, text })(&d)
	}
	if d.Quote != nil {
		d.Quote.Text, d.Quote.Title, d.Quote.Name, d.Quote.Product = text, text, text, text
	}
	return Sample{foreignText, d}
}

// lintOutput checks what an email must have as a whole.
func lintOutput(m *mail, files map[string]*file, sample string, out *Mail, ps *problems) {
	report := func(file, format string, args ...any) {
		ps.addSample(sample, problem.Problem{File: file, Text: fmt.Sprintf(format, args...)})
	}
	page, text := m.page, m.words
	if len(out.HTML) > maxHTML {
		report(page, "%d KiB of HTML; Gmail clips emails above %d", len(out.HTML)>>10, maxHTML>>10)
	}
	if out.Preheader == "" {
		report(page, "the preheader is empty; mail programs then preview whatever comes first")
	}
	if strings.TrimSpace(out.Text) == "" {
		report(text, "the text part is empty")
	}
	doc := outlineOf(out.HTML, !m.elsewhere)
	for _, fault := range doc.faults {
		if at, found := toBlame(files, fault.tag); found {
			at.report(ps, fault.text)
		} else {
			report(page, "%s", fault.text)
		}
		if fault.tag != "" {
			return // what comes after it was not seen, or not where it belongs
		}
	}
	if doc.lang == "" {
		report(page, `<html> has no lang: write lang="{{.Lang}}" in the layout; screen readers choose their voice by it`)
	}
	if doc.title == "" {
		report(page, "the email has no <title>: write <title>{{.Subject}}</title> in the layout")
	}
	if doc.headings != 1 && !m.elsewhere {
		report(page, "the email has %d <h1>; people who navigate by headings need exactly one", doc.headings)
	}
	lintLinks(m, sample, out, nil, ps)
}

// lintLinks checks where links and images of a rendered email lead. Without a
// store only their form is checked.
func lintLinks(m *mail, sample string, out *Mail, store *Store, ps *problems) {
	report := func(format string, args ...any) {
		ps.addSample(sample, problem.Problem{File: m.page, Text: fmt.Sprintf(format, args...)})
	}
	if strings.Contains(out.HTML, "ZgotmplZ") {
		report("a value is used where only fixed text may be (in a style, or as a URL that isn't one)")
	}
	for _, l := range outline(out.HTML).links {
		u, err := url.Parse(l.url)
		switch {
		case err != nil:
			report("%q is not a URL", shortened(l.url))
		case u.Scheme == "mailto" && !l.image:
		case u.Scheme == "cid" && l.image && m.shows.digest: // a part of the email
		case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
			report("%q is not a link that an email can have: it must begin with https://", shortened(l.url))
		case u.Hostname() == foreignHost:
			report("a link is made from text that is not a URL; use .URL, .ReviewURL, .ImageURL, .Store.URL, .Cart.URL, .ManageURL, .ViewURL, .PreferencesURL, .ConfirmURL or .UnsubscribeURL")
		case u.User != nil:
			report("%q has a user name in it", shortened(l.url))
		case store != nil && store.Brand.social(l.url):
		case store != nil && !store.linkable(u.Hostname()) && !(l.image && u.Scheme == "https"):
			report("%q leads to another host; add %s to the store's link_hosts, or remove the link", shortened(l.url), u.Hostname())
		}
	}
}

// shortened is a URL as a report shows it: a picture in a data: URL has megabytes.
func shortened(u string) string {
	const most = 80
	if len(u) <= most {
		return u
	}
	return strings.ToValidUTF8(u[:most], "") + "…"
}

// CheckStore renders every sample as an email of store and reports links that its
// emails may not have: hosts typed into templates are known only together with
// the configuration. Its error joins Problems. A store that was right is not looked at again.
func (s *Set) CheckStore(store Store) error {
	key := store.asKey()
	if _, right := s.links.Load(key); right {
		return nil
	}
	ps := &problems{}
	for _, name := range s.Names() {
		seen := map[string]bool{}
		for m, sample := range s.of(store.ID, name).tries() {
			d := sample.Data.clone()
			d.Store = store
			d.UnsubscribeURL, d.PreferencesURL, d.ConfirmURL, d.ViewURL = "", "", "", ""
			d.Marketing = false // the unsubscribe host is the installation's own, and so is that of answers
			for i := range d.Answers {
				d.Answers[i].URL = store.URL
			}
			if d.Digest != nil {
				d.Digest.URL = "" // the console's
			}
			if d.Ask.link != nil {
				d.Ask = Asking(func(Reply) string { return store.URL })
			}
			out, err := m.render(&d, true)
			if err != nil {
				ps.add(asProblem(m.page, err))
				continue
			}
			if form := Wordless(out.HTML); !seen[form] {
				seen[form] = true
				lintLinks(m, sample.Name, &out, &store, ps)
			}
		}
	}
	err := ps.err()
	if err == nil {
		s.links.Store(key, struct{}{})
	}
	return err
}

// asKey tells all of a store from all of another.
func (s Store) asKey() string {
	look := s.Brand
	if s.Brand = nil; look == nil {
		return fmt.Sprintf("%#v", s)
	}
	return fmt.Sprintf("%#v %#v", s, *look)
}
