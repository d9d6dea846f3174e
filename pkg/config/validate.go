package config

import (
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must be known where no zone files are installed

	"golang.org/x/text/language"
)

// minSecret is the length of a SHA-256 key; less would be the weakest link.
const minSecret = 32

// maxSpread is the longest that mails are spread over: half a day.
const maxSpread = 12 * time.Hour

var (
	natsURLs  = []string{"nats", "tls", "ws", "wss"}
	redisURLs = []string{"redis", "rediss", "redis+sentinel", "redis+cluster"}
	smtpURLs  = []string{"smtp", "smtps", "smtp+insecure"}

	storeID   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	keyID     = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?$`)
	currency  = regexp.MustCompile(`^[A-Z]{3}$`)
	hostLabel = regexp.MustCompile(`^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?$`)
)

// Validate checks every value, and that there is a store. It joins all
// problems, each a *Problem that names the key and what to do. It reads the
// DKIM keys, and touches nothing else outside.
func (c *Config) Validate() error { return c.validate(true) }

func (c *Config) validate(needStore bool) error {
	v := &checker{}
	v.servers(c)
	v.secret("secret", c.Secret)
	v.linkKeys(c.LinkKeys)
	v.require("templates.dir", c.Templates.Dir, "name the folder with the mail templates")
	v.oneOf("templates.source", c.Templates.Source, SourceDir, SourceBucket)
	v.recipients(c.RecipientsAllow)
	v.consent("", c.Consent)
	v.pacing("", c.Pacing)
	v.offers("", c.Offers)
	if c.Calendar.CatchUp < day {
		v.add("calendar.catch_up", "%s is less than a day, and the calendar looks once a day; write 1d or more", FormatDuration(c.Calendar.CatchUp))
	}
	if c.Calendar.DailyLimit < 0 {
		v.add("calendar.daily_limit", "%d is negative", c.Calendar.DailyLimit)
	}
	if c.Holdout < 0 || c.Holdout > 100 {
		v.add("holdout", "%v is not between 0%% and 100%%", c.Holdout)
	}
	if needStore && len(c.Stores) == 0 {
		v.add("stores", "no store is configured; add at least one")
	}
	for _, id := range sortedKeys(c.Stores) {
		v.store(c, id, c.Stores[id])
	}
	return errors.Join(v.problems...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// checker gathers problems.
type checker struct{ problems []error }

func (v *checker) add(key, format string, args ...any) {
	v.problems = append(v.problems, &Problem{Key: key, Text: fmt.Sprintf(format, args...)})
}

func (v *checker) require(key, value, what string) {
	if strings.TrimSpace(value) == "" {
		v.add(key, "is empty; %s", what)
	}
}

func (v *checker) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		v.add(key, "%q is not one of %s", value, strings.Join(allowed, ", "))
	}
}

func (v *checker) servers(c *Config) {
	v.url("nats.url", c.NATS.URL, natsURLs)
	if n := c.NATS.Replicas; n != 1 && n != 3 {
		v.add("nats.replicas", "%d is not possible; write 1, or 3 on a cluster of three servers or more", n)
	}
	if path := c.NATS.CredentialsFile; path != "" {
		if _, err := readValue(path); err != nil {
			v.add("nats.credentials_file", "%v", err)
		}
	}
	v.limits("nats.streams.storefront.", c.NATS.Streams.Storefront)
	v.limits("nats.streams.timeline.", c.NATS.Streams.Timeline)
	v.limits("nats.streams.rejected.", c.NATS.Streams.Rejected)
	v.url("redis.url", c.Redis.URL, redisURLs)
	v.smtp("", c.SMTP)
	v.http(c.HTTP)
}

func (v *checker) http(h HTTP) {
	for _, l := range []struct{ key, value, example string }{
		{"http.listen", h.Listen, "127.0.0.1:8080"}, {"http.gateway", h.Gateway, "127.0.0.1:8081"},
	} {
		if _, port, err := net.SplitHostPort(l.value); err != nil || !isPort(port, 0) {
			v.add(l.key, "%q is not an address to listen on; write for example %s", l.value, l.example)
		}
	}
	if h.Gateway == h.Listen && !strings.HasSuffix(h.Listen, ":0") {
		v.add("http.gateway", "%q is that of http.listen, too; health and metrics are not for the public", h.Gateway)
	}
	if h.PublicURL == "" {
		return
	}
	u, err := url.Parse(h.PublicURL)
	switch {
	case err != nil || !isWebURL(h.PublicURL):
		v.add("http.public_url", "%q is not an absolute address; write for example https://mail.shop.example", h.PublicURL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || !plainPath.MatchString(u.EscapedPath()):
		v.add("http.public_url", "links are put behind it, so it may have a plain path, and no user, query or fragment; "+
			"write for example https://mail.shop.example")
	case u.Scheme != "https" && !isLoopback(u.Hostname()):
		v.add("http.public_url", "%q is not https, and mailbox providers offer no other unsubscribe link; http is for localhost alone", h.PublicURL)
	}
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func (v *checker) limits(prefix string, s StreamLimits) {
	if s.MaxAge < 0 || s.MaxAge > 0 && s.MaxAge < time.Hour {
		v.add(prefix+"max_age", "%s is less than an hour; 0s means no limit", FormatDuration(s.MaxAge))
	}
	if s.MaxBytes < 0 || s.MaxBytes > 0 && s.MaxBytes < 1<<20 {
		v.add(prefix+"max_bytes", "%v is less than 1MiB; 0 means no limit", s.MaxBytes)
	}
}

func (v *checker) url(key string, u URL, schemes []string) {
	if text := urlFault(u, schemes); text != "" {
		v.add(key, "%s", text)
	}
}

func (v *checker) smtp(prefix string, s SMTP) {
	v.url(prefix+"smtp.url", s.URL, smtpURLs)
	if s.Connections < 1 || s.Connections > 1000 {
		v.add(prefix+"smtp.connections", "%d is not between 1 and 1000", s.Connections)
	}
}

func (v *checker) secret(key string, s Secret) {
	if n := len(s); n > 0 && n < minSecret {
		v.add(key, "is %d bytes long and must have at least %d; make one with: openssl rand -base64 32", n, minSecret)
	}
}

func (v *checker) linkKeys(keys []LinkKey) {
	seen := make(map[string]bool)
	for i, k := range keys {
		at := fmt.Sprintf("link_keys[%d]", i)
		switch {
		case !keyID.MatchString(k.ID):
			v.add(at+".id", "%q is not an id; use 1 to 32 of a-z, 0-9 and -", k.ID)
		case k.ID == "0":
			v.add(at+".id", "\"0\" is the id of the key that derives from the secret; choose another")
		case seen[k.ID]:
			v.add(at+".id", "%q is used twice", k.ID)
		}
		seen[k.ID] = true
		v.require(at+".secret_file", k.SecretFile, "name the file that holds the key")
		v.secret(at+".secret_file", k.Secret)
	}
}

func (v *checker) recipients(allowed []string) {
	for i, r := range allowed {
		domain, isDomain := strings.CutPrefix(r, "@")
		if a, err := mail.ParseAddress(r); isDomain && isHost(domain) || err == nil && a.Address == r {
			continue
		}
		v.add(fmt.Sprintf("recipients_allow[%d]", i), "%q is neither an address nor a domain like @shop.example", r)
	}
}

func (v *checker) consent(prefix string, c Consent) {
	v.oneOf(prefix+"consent.policy", c.Policy, PolicySoftOptIn, PolicyExplicit)
}

func (v *checker) offers(prefix string, o Offers) {
	if o.Limit < 0 || o.Limit > MaxOffers {
		v.add(prefix+"offers.limit", "%d is not between 0 and %d; 0 means no limit", o.Limit, MaxOffers)
	}
	if o.Window <= 0 {
		v.add(prefix+"offers.window", "is 0s; write for example 90d")
	}
}

func (v *checker) pacing(prefix string, p Pacing) {
	for i, w := range p.Frequency {
		at := fmt.Sprintf("%spacing.frequency[%d]", prefix, i)
		switch {
		case w.Limit < 1:
			v.add(at+".limit", "%d is not a number of mails of 1 or more", w.Limit)
		case w.Limit > MaxMails:
			v.add(at+".limit", "%d is more than the %d mails that are remembered of a customer, and could never be reached; remove the entry", w.Limit, MaxMails)
		}
		if w.Window <= 0 {
			v.add(at+".window", "is missing or 0s; write for example 7d")
		}
		if i == 0 {
			continue
		}
		before := p.Frequency[i-1]
		if w.Window > 0 && w.Window <= before.Window {
			v.add(at+".window", "%s does not come after %s; sort the list by window, each longer than the one before",
				FormatDuration(w.Window), FormatDuration(before.Window))
		} else if w.Limit < before.Limit {
			v.add(at+".limit", "%d in %s is less than %d in %s, which could never be reached; raise it or remove the other",
				w.Limit, FormatDuration(w.Window), before.Limit, FormatDuration(before.Window))
		}
	}
	switch {
	case p.PerDay < 0:
		v.add(prefix+"pacing.per_day", "%d is negative; 0 means any number", p.PerDay)
	case p.PerDay > MaxMails:
		v.add(prefix+"pacing.per_day", "%d is more than the %d mails that are remembered of a customer, and could never be reached; write 0", p.PerDay, MaxMails)
	}
	if s := p.QuietHours.Spread; s > maxSpread {
		v.add(prefix+"pacing.quiet_hours.spread", "%s is more than %s", FormatDuration(s), FormatDuration(maxSpread))
	}
	for i, d := range p.SendDays {
		if slices.Contains(p.SendDays[:i], d) {
			v.add(fmt.Sprintf("%spacing.send_days[%d]", prefix, i), "%s stands there twice", d)
		}
	}
	if p.LookAhead < 0 {
		v.add(prefix+"pacing.look_ahead", "%v is negative", p.LookAhead)
	}
	v.throughput(prefix+"pacing.throughput.", p.Throughput)
}

// mostBurst is more than any relay takes at once.
const mostBurst = 100_000

func (v *checker) throughput(prefix string, t Throughput) {
	if t.PerSecond < 0 {
		v.add(prefix+"per_second", "%v is negative; 0 means unlimited", t.PerSecond)
	}
	if t.Burst < 0 || t.Burst > mostBurst {
		v.add(prefix+"burst", "%d is not between 0 and %d", t.Burst, mostBurst)
	}
	for _, domain := range sortedKeys(t.PerDomain) {
		at := prefix + "per_domain." + domain
		if !isHost(domain) {
			v.add(at, "%q is not a mail domain like gmail.com", domain)
		}
		if t.PerDomain[domain] < 0 {
			v.add(at, "%v is negative; 0 means unlimited", t.PerDomain[domain])
		}
	}
	for i, n := range t.WarmUp.PerDay {
		if n < 1 {
			v.add(fmt.Sprintf("%swarm_up.per_day[%d]", prefix, i), "%d is not a number of mails of 1 or more", n)
		}
	}
	switch start, days := t.WarmUp.Start != "", len(t.WarmUp.PerDay) > 0; {
	case days && !start:
		v.add(prefix+"warm_up.start", "is missing; write the first day, for example 2026-06-01")
	case start && !days:
		v.add(prefix+"warm_up.per_day", "is empty; write the mails of each day, for example [50, 100, 500]")
	}
}

func (v *checker) store(c *Config, id string, s Store) {
	prefix := join("stores", id) + "."
	if !storeID.MatchString(id) {
		v.add("stores."+id, "%q is not a store id; use 1 to 63 of a-z, 0-9 and -, not - first", id)
	}
	v.require(prefix+"name", s.Name, "write the name that customers know the shop by")
	if !isWebURL(s.URL) {
		v.add(prefix+"url", "%q is not an absolute address; write for example https://shop.example", s.URL)
	}
	v.address(prefix+"from", s.From)
	if s.ReplyTo != "" {
		v.address(prefix+"reply_to", s.ReplyTo)
	}
	v.require(prefix+"postal_address", s.PostalAddress,
		"write the shop's postal address; the law of many countries (CAN-SPAM among them) wants it in every mail")
	v.place(prefix, s)
	for i, h := range s.LinkHosts {
		if !isHost(strings.TrimPrefix(h, "*.")) {
			v.add(fmt.Sprintf("%slink_hosts[%d]", prefix, i), "%q is not a host name; write for example shop.example or *.shop.example", h)
		}
	}
	v.dkim(prefix+"dkim.", s.DKIM)
	// What a store only inherits has been judged already.
	if s.Consent != c.Consent {
		v.consent(prefix, s.Consent)
	}
	if s.Offers != c.Offers {
		v.offers(prefix, s.Offers)
	}
	if s.SMTP.URL != c.SMTP.URL || s.SMTP.Connections != c.SMTP.Connections {
		v.smtp(prefix, s.SMTP)
	}
	if !reflect.DeepEqual(s.Pacing, c.Pacing) {
		v.pacing(prefix, s.Pacing)
	}
}

func (v *checker) address(key, value string) {
	a, err := mail.ParseAddress(value)
	if err == nil {
		_, domain, _ := strings.Cut(a.Address, "@")
		if isHost(domain) && !strings.ContainsAny(a.Name, "\r\n") {
			return
		}
	}
	v.add(key, "%q is not a mail address; write for example Example Shop <hello@shop.example>", value)
}

// place checks what depends on where the shop is.
func (v *checker) place(prefix string, s Store) {
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		text := suggestion(s.TimeZone, commonZones)
		if text == "" {
			text = "write an IANA name like Europe/London"
		}
		v.add(prefix+"time_zone", "%q is not a known time zone; %s", s.TimeZone, text)
	}
	if _, err := language.Parse(s.Locale); err != nil {
		v.add(prefix+"locale", "%q is not a language tag (BCP 47); write for example en or de-AT", s.Locale)
	}
	if !currency.MatchString(s.Currency) {
		v.add(prefix+"currency", "%q is not a currency code (ISO 4217); write for example GBP", s.Currency)
	}
}

func (v *checker) dkim(prefix string, d DKIM) {
	if d.Domain != "" && !isHost(d.Domain) {
		v.add(prefix+"domain", "%q is not a domain; write for example shop.example", d.Domain)
	}
	if d.Selector != "" && !isHost(d.Selector) {
		v.add(prefix+"selector", "%q is not a selector; write for example homing", d.Selector)
	}
	if d.KeyFile == "" {
		return
	}
	v.require(prefix+"domain", d.Domain, "a key is set, so name the domain that signs")
	v.require(prefix+"selector", d.Selector, "a key is set, so name the selector of its DNS record")
	data, err := readLimited(d.KeyFile)
	if err != nil {
		v.add(prefix+"key_file", "%v", err)
	} else if block, _ := pem.Decode(data); block == nil || !strings.Contains(block.Type, "PRIVATE KEY") {
		v.add(prefix+"key_file", "%s is not a private key in PEM form", d.KeyFile)
	}
}

// urlFault says what is wrong with the address of a server, or nothing. The
// password is never shown, nor is anything that cannot be told from one.
func urlFault(u URL, schemes []string) string {
	if u == "" {
		return "is empty; write for example " + schemes[0] + "://host"
	}
	shown := strconv.Quote(u.String())
	for _, one := range u.split() {
		scheme, rest, found := strings.Cut(strings.TrimSpace(one), "://")
		if !found || !slices.Contains(schemes, scheme) {
			return shown + " does not begin with one of " + strings.Join(schemes, "://, ") + "://"
		}
		authority, _, _ := strings.Cut(rest, "/")
		authority, _, _ = strings.Cut(authority, "?")
		if !strings.Contains(authority, "@") && strings.Contains(rest, "@") {
			return shown + " cannot be read; a password with /, ?, # or @ in it must be percent-encoded"
		}
		hosts := strings.Split(authority[strings.LastIndex(authority, "@")+1:], ",")
		if len(hosts) > 1 && slices.Contains(smtpURLs, scheme) {
			return shown + " names more than one host; put one name with several addresses in DNS"
		}
		for _, host := range hosts {
			if h, port, err := net.SplitHostPort(host); err == nil {
				if !isPort(port, 1) {
					return shown + " has a port that is not between 1 and 65535"
				}
				host = h
			}
			if host = strings.Trim(host, "[]"); !isHost(host) && net.ParseIP(host) == nil {
				return shown + " names no host, or one that cannot be"
			}
		}
	}
	return ""
}

func isPort(s string, least int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= least && n <= 65535
}

func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != ""
}

func isHost(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	return true
}
