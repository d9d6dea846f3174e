// Package render turns templates and the data of one customer into an email:
// subject, preheader, HTML and text. It fences what a template may do and lints
// what it says, when it is loaded; after that, rendering is safe for any data.
//
// It knows nothing about NATS, Redis or SMTP, and does not decide who gets which
// email. It reads templates from an fs.FS once; to reload them, load a new Set.
package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/language"

	"homing/pkg/problem"
	"homing/pkg/survey"
)

// ErrTemplate says that a template could not be rendered. The fault is the
// template's, not the customer's: other emails of the same template will fail too.
var ErrTemplate = errors.New("template")

const (
	maxOutput    = 512 << 10 // bytes of one part
	maxSubject   = 120       // runes; most mail programs show 60 to 80
	maxPreheader = 160
	maxLocales   = 512  // kept of one template
	maxKeys      = 4096 // pairs of store's and customer's locale remembered
)

var (
	// errTooLong stops an execution whose output outgrows maxOutput.
	errTooLong   = fmt.Errorf("the email is larger than %d KiB", maxOutput>>10)
	errNoSubject = errors.New("the subject is empty")
)

// A Set holds the templates of one directory. It is immutable to its users and
// safe for concurrent use.
type Set struct {
	mails  map[string]*choice
	stores map[string]map[string]*choice // those that differ, by store
	pages  map[string][]*Pages           // by store; "": everybody's
	notes  []problem.Problem

	surveys map[string]map[string]*survey.Survey // by store as pages, then name

	links sync.Map // of stores whose links CheckStore found to be right, as asKey has them
}

// A mail is one email in one language, compiled.
type mail struct {
	name      string
	page      string // the file of its HTML part
	words     string // and of its text
	elsewhere bool   // its HTML is a whole document, made by some other program
	meta      Meta
	lang      language.Tag // language.Und: the store's
	samples   []Sample
	shows     shows
	survey    *survey.Survey // that its front matter names; may be nil

	html, text, preheader *program
	subjects              []arm

	// Until it is tried out.
	files   map[string]*file // of the HTML part
	plain   map[string]*file // of the text part, and the headlines
	written string           // the file of samples
	ref     *reference

	byKey   sync.Map // localeKey → *locale
	mu      sync.Mutex
	keys    int // of byKey
	locales map[form]*locale
}

// A form is what one locale is made from.
type form struct {
	numbers, text language.Tag
	currency      string
}

// shows says which lists of things an email uses in any of its parts. The others
// need not be looked at.
type shows struct {
	order, cart, products, subscription, recommended, quote, ask, survey, digest bool
}

// note adds what one part uses, by the names of Data's fields.
func (s *shows) note(uses map[string]place) {
	for name := range uses {
		s.order = s.order || name == "Order"
		s.cart = s.cart || name == "Cart"
		s.products = s.products || name == "Products"
		s.subscription = s.subscription || name == "Subscription"
		s.recommended = s.recommended || name == "Recommended"
		s.quote = s.quote || name == "Quote"
		s.digest = s.digest || name == "Digest"
		s.survey = s.survey || name == "Survey"
		s.ask = s.ask || s.survey || name == "Ask"
	}
}

// localeKey is what an email's locale follows from.
type localeKey struct{ store, currency, customer string }

// Names returns the templates, sorted: "thank-you/thanks".
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.mails)) }

// Has says whether there is a template of this name.
func (s *Set) Has(name string) bool { return s.mails[name] != nil }

// Samples returns the made-up data a template is checked with, in the order of its
// file; nil for an unknown template.
func (s *Set) Samples(name string) []Sample {
	m := s.mails[name]
	if m == nil {
		return nil
	}
	return slices.Clone(m.samples)
}

// Meta returns what the front matter of a template says.
func (s *Set) Meta(name string) (Meta, bool) {
	c := s.mails[name]
	if c == nil {
		return Meta{}, false
	}
	meta := c.meta
	for _, of := range s.stores {
		if own := of[name]; own != nil {
			meta.Offer = meta.Offer || own.meta.Offer
		}
	}
	return meta, true
}

// Render renders one email. It cleans d first: see Data, Item and Order for what
// is left out. d and what it points to are not changed. Its error wraps ErrTemplate.
func (s *Set) Render(name string, d Data) (Mail, error) {
	m := s.of(d.Store.ID, name)
	if m == nil {
		return Mail{}, fmt.Errorf("%w: there is no %q", ErrTemplate, name)
	}
	out, err := m.pick(d.Customer.Locale, d.Store.Locale).render(&d, true)
	if err != nil {
		return Mail{}, fmt.Errorf("%w: %s: %w", ErrTemplate, name, err)
	}
	return out, nil
}

// render renders d; only the lint, which looks for what cleaning would hide,
// passes clean=false.
func (m *mail) render(d *Data, clean bool) (Mail, error) {
	sc := scratches.Get().(*scratch)
	defer sc.release()
	l := m.in(localeKey{d.Store.Locale, d.Store.Currency, d.Customer.Locale})
	language, _ := m.writing(l)
	if sc.own(d, m.shows, language); clean {
		sc.clean(d)
	}
	if d.Marketing && sc.data.UnsubscribeURL == "" {
		return Mail{}, errors.New("a marketing email needs an http(s) unsubscribe URL")
	}
	sc.write(m, l)
	sc.look = d.Store.look()
	out := Mail{Template: m.name, Lang: sc.data.Lang}
	if err := m.execute(sc, l, &out); err != nil {
		return Mail{}, err
	}
	if out.Subject == "" {
		return Mail{}, errNoSubject
	}
	return out, nil
}

// in returns the locale in which the email writes.
func (m *mail) in(key localeKey) *locale {
	if l, ok := m.byKey.Load(key); ok {
		return l.(*locale)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	numbers, text := m.tags(key)
	if len(m.locales) >= maxLocales {
		// Locales come from events: someone who keeps sending new ones gets the store's.
		numbers, text = m.tags(localeKey{store: key.store})
	}
	f := form{numbers, text, key.currency}
	l := m.locales[f]
	if l == nil {
		l = newLocale(numbers, text, key.currency)
		m.locales[f] = l
	}
	if m.keys < maxKeys {
		m.byKey.Store(key, l)
		m.keys++
	}
	return l
}

// writing is the language of the email's text, and its direction.
func (m *mail) writing(l *locale) (lang, dir string) {
	if m.lang == language.Und {
		return l.lang, l.dir
	}
	return m.meta.Lang, direction(m.lang)
}

// tags decides how an email writes. Dates, ordinals and plurals are in the
// language of its text. Amounts are as the shop shows them, whatever the
// language. The customer's own locale refines either, where it is a regional
// form of the same language.
func (m *mail) tags(key localeKey) (numbers, text language.Tag) {
	store, storeOK := parseTag(key.store)
	customer, customerOK := parseTag(key.customer)
	text = m.lang
	if text == language.Und {
		text = language.English
		if storeOK {
			text = store
		}
	}
	numbers = text
	if storeOK {
		numbers = store
	}
	if storeOK && regional(store) {
		text = inRegion(text, store)
	}
	if customerOK && regional(customer) {
		if sameLanguage(customer, numbers) {
			numbers = customer
		}
		if sameLanguage(customer, text) {
			text = customer
		}
	}
	return numbers, text
}

// inRegion is how a language is written where a store is: the store's locale if that
// is the language; else the language with the store's region, in which the English of
// a German shop says 1 March and not March 1.
func inRegion(text, store language.Tag) language.Tag {
	if sameLanguage(store, text) {
		return store
	}
	if regional(text) {
		return text
	}
	base, script, _ := text.Raw()
	_, _, region := store.Raw()
	if t, err := language.Compose(base, script, region); err == nil {
		return t
	}
	return text
}

// regional says whether a tag names a region itself: "en-GB", not "en".
func regional(t language.Tag) bool {
	_, conf := t.Region()
	return conf == language.Exact
}

func defaultLocale() *locale { return newLocale(language.English, language.English, "") }

// A scratch is the memory one rendering needs.
type scratch struct {
	env
	data     Data
	order    Order
	cart     Cart
	products Products
	liked    Recommended
	quote    Quote
	offer    Offer
	points   Points
	digest   Digest
	likes    [maxRecommended]Recommendation
	ordered  shelf // of order
	carted   shelf
	shelved  shelf

	subscription Subscription
	subscribed   shelf

	also    [maxItems]string
	answers [maxAnswers]Answer
	survey  Survey
	wrap    []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// release forgets the customer's data and returns the memory to the pool,
// unless one large email made it large.
func (s *scratch) release() {
	s.forget()
	for _, sh := range []*shelf{&s.ordered, &s.carted, &s.shelved, &s.subscribed} {
		clear(sh.items[:sh.used])
		sh.used = 0
	}
	s.also, s.answers = [maxItems]string{}, [maxAnswers]Answer{}
	s.data, s.order, s.cart, s.products, s.offer = Data{}, Order{}, Cart{}, Products{}, Offer{}
	s.subscription, s.points, s.survey = Subscription{}, Points{}, Survey{}
	s.digest, s.quote = Digest{}, Quote{}
	s.liked, s.likes = Recommended{}, [maxRecommended]Recommendation{}
	if cap(s.wrap)+s.out.Cap() < 256<<10 {
		scratches.Put(s)
	}
}

// write fills in what depends on the language an email is written in.
func (s *scratch) write(m *mail, l *locale) {
	d := &s.data
	d.Lang, d.Dir = m.writing(l)
	if d.Order != nil {
		d.Order.Dir = d.Dir
	}
	if d.Cart != nil {
		d.Cart.Dir = d.Dir
	}
	if d.Products != nil {
		d.Products.Dir = d.Dir
	}
	if d.Subscription != nil {
		d.Subscription.Dir = d.Dir
	}
	if d.Recommended != nil {
		d.Recommended.Dir = d.Dir
	}
	if d.Offer != nil {
		d.Offer.Worth = l.worth(d.Offer.Percent, d.Offer.Amount)
	}
	d.Promise.Worth = l.worth(d.Promise.Percent, d.Promise.Amount)
	if d.Survey = nil; m.survey != nil && s.survey.ask(d.Ask, m.survey, d.Lang) {
		d.Survey = &s.survey
	}
}

// execute renders the four parts; subject and preheader first, as the layout shows them.
func (m *mail) execute(s *scratch, l *locale, out *Mail) error {
	subject := m.arm(&s.data)
	if err := s.exec(subject.program, l, &s.data); err != nil {
		return err
	}
	out.SubjectArm = subject.name
	out.Subject = line(s.out.String(), maxSubject)
	out.subjectCut = s.out.Len() > maxSubject && utf8.RuneCountInString(line(s.out.String(), s.out.Len())) > maxSubject
	if err := s.exec(m.preheader, l, &s.data); err != nil {
		return err
	}
	out.Preheader = line(s.out.String(), maxPreheader)
	s.data.Subject, s.data.Preheader = out.Subject, out.Preheader

	if err := s.exec(m.html, l, &s.data); err != nil {
		return err
	}
	out.HTML = s.out.String()
	if err := s.exec(m.text, l, &s.data); err != nil {
		return err
	}
	s.wrap = appendWrapped(s.wrap[:0], s.out.Bytes())
	out.Text = string(s.wrap)
	return nil
}
