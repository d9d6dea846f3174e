package config

import (
	"encoding/pem"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"homing/events"
	"homing/pkg/brand"
	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/problem"
	"homing/pkg/segment"
	"homing/pkg/suggest"
)

var storeID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Store is a shop's entry: who writes, in which language and zone, and where it
// differs from the rest of the installation.
type Store struct {
	// ID is the key that the store has in the file.
	ID            string   `yaml:"-"`
	Name          string   `yaml:"name"`
	URL           string   `yaml:"url"`
	From          string   `yaml:"from"`
	ReplyTo       string   `yaml:"reply_to"`
	PostalAddress string   `yaml:"postal_address"`
	TimeZone      string   `yaml:"time_zone"`
	Locale        string   `yaml:"locale"`
	Currency      string   `yaml:"currency"`
	LinkHosts     []string `yaml:"link_hosts"`
	DKIM          DKIM     `yaml:"dkim"`
	// Brand is how the store's emails look.
	Brand brand.Brand `yaml:"brand"`
	// DigestTo are the people of the shop who get the weekly digest, and DigestAt is when, on
	// the clocks of TimeZone.
	DigestTo Staff              `yaml:"digest_to"`
	DigestAt localtime.WeekTime `yaml:"digest_at"`
	// Reviews is what the pages understand on which customers review products.
	Reviews Reviews `yaml:"reviews"`

	// APIKeys are of programs that may publish events of the store over HTTP.
	APIKeys APIKeys `yaml:"api_keys"`
	// Where the store's system sends its webhooks from.
	Shopify     Shopify     `yaml:"shopify"`
	WooCommerce WooCommerce `yaml:"woocommerce"`
	Medusa      Webhooks    `yaml:"medusa"`

	// The global sections, with the store's own laid over them.
	gate.Sections `yaml:",inline"`
	Pacing        Pacing  `yaml:"pacing"`
	Offers        Offers  `yaml:"offers"`
	Answers       Answers `yaml:"answers"`
	Quotes        Quotes  `yaml:"quotes"`
	Clicks        Clicks  `yaml:"clicks"`
	Numbers       Numbers `yaml:"numbers"`
	SMTP          SMTP    `yaml:"smtp"`
	// Audiences are the segments about which events tell who comes and who leaves.
	Audiences Audiences `yaml:"audiences"`
	// Channels are by name; those of all stores are among them.
	Channels Channels `yaml:"channels"`
	// Segments are by name; those of all stores are among them.
	Segments segment.Expressions `yaml:"segments"`
	Workers  map[string]Section  `yaml:"workers"`
}

// Validate reports what is missing, and what emails could not be sent with.
func (s Store) Validate() error {
	var l problem.List
	if !storeID.MatchString(s.ID) {
		l.Add("", "%q is not a store id; use 1 to 63 of a-z, 0-9 and -, not - first", s.ID)
	}
	require(&l, "name", s.Name, "write the name that customers know the shop by")
	if !isWebURL(s.URL) {
		l.Add("url", "%q is not an absolute address; write for example https://shop.example", s.URL)
	}
	checkAddress(&l, "from", s.From)
	if s.ReplyTo != "" {
		checkAddress(&l, "reply_to", s.ReplyTo)
	}
	require(&l, "postal_address", s.PostalAddress,
		"write the shop's postal address; CAN-SPAM and the laws of many other countries require it in every email")
	checkZone(&l, s.TimeZone)
	if _, err := language.Parse(s.Locale); err != nil {
		l.Add("locale", "%q is not a language tag (BCP 47); write for example en or de-AT", s.Locale)
	}
	checkCurrency(&l, s.Currency)
	for i, h := range s.LinkHosts {
		if !isHost(strings.TrimPrefix(h, "*.")) {
			l.Add(fmt.Sprintf("link_hosts[%d]", i), "%q is not a host name; write for example shop.example or *.shop.example", h)
		}
	}
	s.checkOfferLink(&l)
	if s.Numbers.Attribution.AfterSending == 0 && !s.Clicks.Track {
		l.Add("numbers.attribution.after_sending", "is 0s, and clicks.track is off, so no email would have a part in an order; write for example 7d")
	}
	return l.Err()
}

// checkZone reports what is no time zone.
func checkZone(l *problem.List, name string) {
	if _, err := localtime.Load(name); err == nil && name != "" && name != "Local" {
		return
	}
	text := "write an IANA name like Europe/London"
	if zone := suggest.Nearest(name, commonZones); zone != "" {
		text = didYouMean(zone)
	}
	l.Add("time_zone", "%q is not a known time zone; %s", name, text)
}

// checkOfferLink reports a link of offers to a host that emails of the store may not
// link to.
func (s Store) checkOfferLink(l *problem.List) {
	u, err := url.Parse(offerHoles.Replace(s.Offers.Link))
	shop, bad := url.Parse(s.URL)
	if s.Offers.Link == "" || err != nil || bad != nil {
		return
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	for _, h := range append([]string{shop.Hostname()}, s.LinkHosts...) {
		h = strings.ToLower(h)
		if suffix, wild := strings.CutPrefix(h, "*"); wild && strings.HasSuffix(host, suffix) || host == strings.TrimPrefix(h, "www.") {
			return
		}
	}
	l.Add("offers.link", "leads to %s, and emails of this store link to its url and to link_hosts only; add it there", u.Hostname())
}

// Reviews is what the pages of reviews understand.
type Reviews struct {
	// RatingParameter is the parameter of a page's address with 1 to 5 stars.
	RatingParameter string `yaml:"rating_parameter"`
}

// Staff are addresses of people of the shop.
type Staff []string

// mostStaff bounds how many there are: it is for a shop's own people, not a mailing list.
const mostStaff = 20

// Validate reports what is no address, and one that is listed twice.
func (s Staff) Validate() error {
	var l problem.List
	if len(s) > mostStaff {
		l.Add("", "has %d addresses, more than %d; name a mailing list of your own", len(s), mostStaff)
	}
	for i, one := range s {
		at := fmt.Sprintf("[%d]", i)
		a, err := mail.ParseAddress(one)
		switch {
		case err != nil || a.Address != one:
			l.Add(at, "is not a bare email address; write for example owner@shop.example")
		case slices.ContainsFunc(s[:i], func(o string) bool { return strings.EqualFold(o, one) }):
			l.Add(at, "is listed twice")
		}
	}
	return l.Err()
}

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.\[\]-]{0,63}$`)

// Validate reports what is no name of a parameter.
func (r Reviews) Validate() error {
	var l problem.List
	if r.RatingParameter != "" && !parameterName.MatchString(r.RatingParameter) {
		l.Add("rating_parameter", "%q is not the name of a parameter; write for example rating", r.RatingParameter)
	}
	return l.Err()
}

// checkCurrency reports a currency that nobody pays with today.
func checkCurrency(l *problem.List, code string) {
	if events.IsCurrency(code) {
		return
	}
	if now := events.Successor(code); now != "" {
		l.Add("currency", "%s is no longer used; write %s", code, now)
		return
	}
	if events.IsNotMoney(code) {
		l.Add("currency", "%s is on ISO 4217's list, but nobody pays with it; write for example GBP", code)
		return
	}
	text := "write for example GBP"
	if near := suggest.Nearest(strings.ToUpper(code), events.Currencies()); near != "" {
		text = didYouMean(near)
	}
	l.Add("currency", "%q is not a currency code (ISO 4217); %s", code, text)
}

func checkAddress(l *problem.List, key, value string) {
	a, err := mail.ParseAddress(value)
	if err == nil {
		_, domain, _ := strings.Cut(a.Address, "@")
		if isHost(domain) && !strings.ContainsAny(a.Name, "\r\n") {
			return
		}
	}
	l.Add(key, "%q is not an email address; write for example Example Shop <hello@shop.example>", value)
}

// DKIM signs a store's emails when KeyFile is set.
type DKIM struct {
	Domain   string `yaml:"domain"`
	Selector string `yaml:"selector"`
	// KeyFile is a PEM private key.
	KeyFile string `yaml:"key_file"`
}

// Validate reports what is missing for signing, if a key is set.
func (d DKIM) Validate() error {
	var l problem.List
	if d.Domain != "" && !isHost(d.Domain) {
		l.Add("domain", "%q is not a domain; write for example shop.example", d.Domain)
	}
	if d.Selector != "" && !isHost(d.Selector) {
		l.Add("selector", "%q is not a selector; write for example homing", d.Selector)
	}
	if d.KeyFile == "" {
		return l.Err()
	}
	require(&l, "domain", d.Domain, "a key is set, so name the domain that signs")
	require(&l, "selector", d.Selector, "a key is set, so name the selector of its DNS record")
	data, err := readLimited(d.KeyFile)
	if err != nil {
		l.Add("key_file", "%v", err)
	} else if block, _ := pem.Decode(data); block == nil || !strings.Contains(block.Type, "PRIVATE KEY") {
		l.Add("key_file", "%s is not a private key in PEM form", d.KeyFile)
	}
	return l.Err()
}

// commonZones is what a misspelt time zone is compared with. All zones of the IANA
// database are accepted; Go has no list of them.
var commonZones = strings.Fields(`
Africa/Algiers Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos Africa/Nairobi Africa/Tunis
America/Anchorage America/Argentina/Buenos_Aires America/Bogota America/Caracas America/Chicago America/Denver
America/Edmonton America/Halifax America/Lima America/Los_Angeles America/Mexico_City America/Montevideo
America/New_York America/Phoenix America/Puerto_Rico America/Santiago America/Sao_Paulo America/St_Johns
America/Toronto America/Vancouver America/Winnipeg
Asia/Almaty Asia/Amman Asia/Baghdad Asia/Baku Asia/Bangkok Asia/Beirut Asia/Colombo Asia/Dhaka Asia/Dubai
Asia/Ho_Chi_Minh Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem Asia/Karachi Asia/Kathmandu Asia/Kolkata
Asia/Kuala_Lumpur Asia/Kuwait Asia/Manila Asia/Qatar Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore
Asia/Taipei Asia/Tashkent Asia/Tbilisi Asia/Tehran Asia/Tokyo Asia/Yangon Asia/Yerevan
Atlantic/Azores Atlantic/Canary Atlantic/Reykjavik
Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Hobart Australia/Melbourne Australia/Perth
Australia/Sydney
Europe/Amsterdam Europe/Athens Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Bucharest
Europe/Budapest Europe/Chisinau Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv
Europe/Lisbon Europe/Ljubljana Europe/London Europe/Luxembourg Europe/Madrid Europe/Malta Europe/Moscow
Europe/Oslo Europe/Paris Europe/Prague Europe/Riga Europe/Rome Europe/Sarajevo Europe/Skopje Europe/Sofia
Europe/Stockholm Europe/Tallinn Europe/Tirane Europe/Vienna Europe/Vilnius Europe/Warsaw Europe/Zagreb
Europe/Zurich
Indian/Maldives Indian/Mauritius Pacific/Auckland Pacific/Fiji Pacific/Guam Pacific/Honolulu UTC
`)
