package render

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"

	"homing/pkg/problem"
	"homing/pkg/survey"
)

// pagesSection holds what the pages behind the links in emails say.
const pagesSection = "pages"

// What a phrase of the pages may show. Pages are plain text, in which nothing else is
// known.
const (
	showsStore  = ".Store.Name"
	showsEmails = ".Emails"
	// An address whose reader is who the page is for, with most of it hidden.
	showsAddress = ".Address"
	showsDate    = ".Date"
)

// pageKeys are the phrases of the pages, and what each may show. A link that is not ours
// names no store.
var pageKeys = map[string][]string{
	"ask_title": {showsStore}, "ask_which": {showsStore}, "ask_all": {showsStore}, "ask_all_hint": {showsStore},
	"ask_one": {showsStore, showsEmails}, "ask_one_hint": {showsStore, showsEmails}, "ask_button": {showsStore},
	"left_title": {showsStore}, "left_all": {showsStore}, "left_orders": {showsStore},
	"left_one": {showsStore, showsEmails}, "left_close": {showsStore}, "left_button": {showsStore},
	"question_why_left": {showsStore}, "question_other": {showsStore}, "question_csat": {showsStore}, "question_nps": {showsStore},
	"more_text": {showsStore}, "more_button": {showsStore}, "more_note": {showsStore}, "more_birthday": {showsStore}, "more_thanks": {showsStore},
	"score_legend": {showsStore}, "score_csat_low": nil, "score_csat_high": nil, "score_nps_low": nil, "score_nps_high": nil, "words_label": {showsStore},
	"answer_not-needed": {showsStore}, "answer_too-expensive": {showsStore}, "answer_bad-experience": {showsStore},
	"answer_elsewhere": {showsStore}, "answer_other": {showsStore},
	"send_button": {showsStore}, "send_note": {showsStore}, "thanks_title": {showsStore}, "thanks_text": {showsStore},
	"missing_title": nil, "missing_text": nil, "invalid_title": nil, "invalid_text": nil,
	"refused_title": nil, "refused_text": nil, "unchanged": nil,
	"gone_title": {showsStore}, "gone_text": {showsStore}, "later_title": {showsStore}, "later_text": {showsStore},
	"retry_title": {showsStore}, "retry_text": {showsStore}, "retry_button": {showsStore},
	"emails_other": nil, "kind_other": nil, "language_name": nil,

	"ask_fewer": {showsStore}, "prefs_title": {showsStore}, "prefs_for": {showsStore, showsAddress}, "prefs_kinds": {showsStore},
	"prefs_often": {showsStore}, "prefs_often_usual": {showsStore}, "prefs_often_week": nil, "prefs_often_month": nil, "prefs_often_own": nil,
	"prefs_pause": {showsStore}, "prefs_pause_none": nil, "prefs_pause_30": nil, "prefs_pause_90": nil, "prefs_pause_until": {showsDate},
	"prefs_birthday": {showsStore}, "prefs_birthday_hint": {showsStore}, "prefs_birthday_known": {showsStore}, "prefs_birthday_wrong": nil,
	"prefs_day": nil, "prefs_month": nil, "prefs_year": nil, "prefs_language": nil, "prefs_zone": nil,
	"prefs_orders": {showsStore}, "prefs_forwarded": {showsStore}, "prefs_button": nil, "prefs_stop": {showsStore},
	"zone_africa": nil, "zone_america": nil, "zone_asia": nil, "zone_europe": nil, "zone_oceans": nil, "zone_pacific": nil,
	"saved_title": nil, "saved_text": {showsStore}, "same_text": {showsStore}, "saved_more": nil,
	"off_title": {showsStore}, "off_text": {showsStore}, "off_button": {showsStore},
	"back_title": {showsStore}, "back_text": {showsStore}, "back_stop": {showsStore}, "back_button": {showsStore},
	"agreed_title": {showsStore}, "agreed_text": {showsStore},
	"confirm_title": {showsStore}, "confirm_text": {showsStore}, "confirm_button": {showsStore}, "confirm_note": {showsStore},
	"expired_title": {showsStore}, "expired_text": {showsStore},
}

// asked are the names of a question of the shop's own, and of an answer to it.
var asked = regexp.MustCompile(`^(question|answer)_[a-z0-9][a-z0-9_-]{0,63}$`)

// emailsOf begins the names of the kinds of emails, in the middle of a sentence, and
// kindsOf the names of the phrases that say what they are where people choose:
// "emails_birthday", "kind_birthday".
const (
	emailsOf = "emails_"
	kindsOf  = "kind_"
	staff    = "digest" // the folder of what goes to people of the shop
)

// Pages are the words of the pages in one language.
type Pages struct {
	Lang, Dir string
	tag       language.Tag
	says      map[string][]pagePart
}

// A pagePart is fixed text, or else what is shown in its place.
type pagePart struct{ text, shows string }

// Says reports whether there is a phrase for a key.
func (p *Pages) Says(key string) bool { return p.says[key] != nil }

// Emails is what the emails of a worker are called.
func (p *Pages) Emails(worker string) string {
	if p.Says(emailsOf + worker) {
		return p.Say(emailsOf+worker, "", "")
	}
	return p.Say(emailsOf+"other", "", "")
}

// Kind is what the emails of a worker are, where people choose them.
func (p *Pages) Kind(worker string) string {
	if p.Says(kindsOf + worker) {
		return p.Say(kindsOf+worker, "", "")
	}
	return p.Say(kindsOf+"other", "", "")
}

// Say is the phrase of a key, as plain text, with the name of a store, and of what else
// it is about: a kind of emails, an address or a date.
func (p *Pages) Say(key, store, about string) string {
	var b strings.Builder
	for _, part := range p.says[key] {
		switch part.shows {
		case showsStore:
			b.WriteString(p.apart(store))
		case showsEmails, showsDate:
			b.WriteString(about)
		case showsAddress:
			b.WriteString("\u2068" + about + "\u2069")
		default:
			b.WriteString(part.text)
		}
	}
	return b.String()
}

// apart keeps a name that may run the other way from turning the sentence around.
func (p *Pages) apart(name string) string {
	if p.Dir == "ltr" && !strings.ContainsFunc(name, func(r rune) bool {
		of, _ := bidi.LookupString(string(r))
		return of.Class() == bidi.R || of.Class() == bidi.AL
	}) {
		return name
	}
	return "\u2068" + name + "\u2069"
}

// Pages returns the words of the pages for a store, in the language that fits best: the
// first of wanted, or of its language, that there is; nil if there are none at all.
func (s *Set) Pages(store string, wanted ...string) *Pages {
	all := s.pages[store]
	if all == nil {
		all = s.pages[""]
	}
	for _, locale := range append(slices.Clip(wanted), "en") {
		t, ok := parseTag(locale)
		if !ok {
			continue
		}
		for tag := t.String(); tag != ""; tag = wider(tag) {
			if i := slices.IndexFunc(all, func(p *Pages) bool { return p.Lang == tag }); i >= 0 {
				return all[i]
			}
		}
		if i := slices.IndexFunc(all, func(p *Pages) bool { return sameWriting(p.tag, t) }); i >= 0 {
			return all[i]
		}
	}
	if len(all) > 0 {
		return all[0]
	}
	return nil
}

// PagesOf returns the words of the pages for a store in each language that has them.
func (s *Set) PagesOf(store string) []*Pages {
	if all := s.pages[store]; all != nil {
		return all
	}
	return s.pages[""]
}

// LoadPages reads nothing but the words of the pages, those of surveys among them.
func LoadPages(fsys fs.FS) (*Set, error) {
	d := emptyDirectory()
	if err := d.read(fsys); err != nil {
		return nil, err
	}
	d.books = d.readBooks()
	d.lay()
	d.widen()
	d.readSurveys(d.raw)
	set := &Set{pages: map[string][]*Pages{"": d.pagesOf(d.books)}, surveys: map[string]map[string]*survey.Survey{"": d.surveys}}
	for id := range d.overrides {
		own, books := d.forStore(id)
		set.pages[id], set.surveys[id] = own.pagesOf(books), own.surveys
		d.ps.take(own.ps)
	}
	return set, d.ps.err()
}

// pagesOf compiles the words of the pages in each language that has them. What is wrong
// is reported for the books in which it is: those of a store, or of everybody.
func (d *directory) pagesOf(books map[string]*book) []*Pages {
	var out []*Pages
	var lacking []problem.Problem
	offered := 0
	for _, tag := range slices.Sorted(maps.Keys(d.books)) {
		b := d.books[tag]
		if b.sections[pagesSection] == nil && (b.under == nil || b.under.sections[pagesSection] == nil) {
			continue // of a region: it has all from its language
		}
		offered++
		p, lacks := d.pagesIn(b, books[tag])
		if p != nil {
			out = append(out, p)
		}
		if lacks != "" {
			lacking = append(lacking, problem.Problem{File: books[tag].path, Line: books[tag].pagesAt, Text: fmt.Sprintf(
				"the section %s lacks %s; pages are not offered in %s without all of their phrases", pagesSection, lacks, tag)})
		}
	}
	if offered == 0 {
		return nil
	}
	// Who follows a link sees a page in another language then, or in the program's words. A
	// newer version of the program has pages that the shop's own files do not know: if that
	// were a mistake, its emails would end with the upgrade.
	for _, l := range lacking {
		d.notes.add(l)
	}
	for _, tag := range slices.Sorted(maps.Keys(books)) {
		if b := books[tag]; b.sections[pagesSection] == nil && d.books[tag].sections[pagesSection] == nil && d.books[tag].wider == nil {
			d.notes.addf(b.path, 0, 0, "has no section %s, so pages behind links are not offered in %s", pagesSection, tag)
		}
	}
	return out
}

// pagesIn compiles one language; nil if it is not complete, with what own lacks. own is the
// file to report about; nil: none of this store's.
func (d *directory) pagesIn(b, own *book) (pages *Pages, lacks string) {
	t, _ := parseTag(b.tag)
	p := &Pages{Lang: b.tag, Dir: direction(t), tag: t, says: map[string][]pagePart{}}
	names := slices.Collect(maps.Keys(pageKeys))
	for _, mail := range d.mails {
		worker, _, _ := strings.Cut(mail, "/")
		if worker != staff { // no customer gets those, or chooses them
			names = append(names, emailsOf+worker, kindsOf+worker)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	var missing []string
	for _, key := range names {
		if b.page(key) == nil {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 && own != nil && own.sections[pagesSection] != nil {
		lacks = few(missing)
	}
	if own != nil {
		for _, key := range slices.Sorted(maps.Keys(own.sections[pagesSection])) {
			ph := own.sections[pagesSection][key]
			worker, kind := strings.CutPrefix(key, emailsOf)
			if !kind {
				worker, kind = strings.CutPrefix(key, kindsOf)
			}
			switch {
			case slices.Contains(names, key):
				ph.readPage(d.ps)
			case asked.MatchString(key): // of a survey
				ph.readPage(d.ps)
				ph.used.Store(true)
			case kind && fileName.MatchString(worker): // of a worker that there was, whose links stay
				ph.readPage(d.ps)
				ph.used.Store(true)
				d.notes.addf(ph.path, ph.line, 0, "%s: there are no emails of %s/", ph.name(), worker)
			default:
				ph.broken = true
				d.ps.addf(ph.path, ph.line, 0, "%s: no page says it%s", ph.name(), didYouMean(key, names))
			}
		}
	}
	for up := b; up != nil; up = up.wider {
		for key, ph := range up.sections[pagesSection] {
			if p.says[key] == nil {
				p.says[key] = ph.readPage(&problems{})
			}
		}
	}
	if len(missing) > 0 {
		return nil, lacks
	}
	for _, key := range names {
		if ph := b.page(key); p.says[key] == nil && !ph.broken {
			p.says[key] = ph.readPage(&problems{})
		}
		if p.says[key] == nil { // it is broken, which was reported
			return nil, lacks
		}
	}
	return p, lacks
}

// asWritten is what would be seen as it is written: pages are plain text.
var asWritten = regexp.MustCompile(`</?[a-zA-Z!][^<>]*>|&(?:[a-zA-Z]{2,12}|#[0-9a-fA-FxX]{1,8});`)

// readPage reads a phrase of the pages, and reports what it cannot hold; nil if there is
// anything.
func (p *phrase) readPage(ps *problems) []pagePart {
	if p.broken {
		return nil
	}
	allowed := pageKeys[p.key]
	if asked.MatchString(p.key) {
		allowed = []string{showsStore}
	}
	before := ps.found
	var out []pagePart
	last := 0
	add := func(s string) {
		if s != "" {
			out = append(out, pagePart{text: s})
		}
	}
	for _, a := range p.actions {
		shows := strings.TrimSpace(p.text[a.from:a.to])
		if !slices.Contains(allowed, shows) {
			p.report(ps, a.at, "%s", cannotShow(p.text[a.at:a.end], allowed))
			return nil // an {{end}} that follows is no other mistake
		}
		left := p.text[last:a.at]
		if a.trimsL {
			left = strings.TrimRight(left, " \t\r\n")
		}
		add(left)
		out = append(out, pagePart{shows: shows})
		if last = a.end; a.trimsR {
			last += len(p.text[last:]) - len(strings.TrimLeft(p.text[last:], " \t\r\n"))
		}
	}
	add(p.text[last:])
	if at := asWritten.FindStringIndex(p.text); at != nil {
		p.report(ps, at[0], "pages are plain text, and people would see %s; leave it out", p.text[at[0]:at[1]])
	}
	if at := unfinished.FindStringIndex(p.text); at != nil {
		p.report(ps, at[0], "still says %q; finish it", p.text[at[0]:at[1]])
	}
	if ps.found > before {
		return nil
	}
	return out
}

// cannotShow says what a phrase of the pages may show in place of an expression.
func cannotShow(expression string, allowed []string) string {
	if len(allowed) == 0 {
		return fmt.Sprintf("%s cannot be used here: this phrase is words alone", expression)
	}
	return fmt.Sprintf("%s cannot be used on a page; this phrase may show {{%s}}", expression, strings.Join(allowed, "}} and {{"))
}
