package events

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

const (
	maxZone   = 64
	maxLocale = 35 // BCP 47, section 4.4.1
)

// knownZones remembers which names time.LoadLocation knows, since it reads files
// each time. It is a cache of what does not change, and bounded because the
// names come from outside.
var (
	knownZones sync.Map // string → bool
	zoneCount  atomic.Int32
)

const maxZones = 2000 // there are about 600

// timeZone returns s if it is the name of a time zone of the IANA database, else
// nothing.
func timeZone(s string) string {
	if known, ok := knownZones.Load(s); ok {
		if known.(bool) {
			return s
		}
		return ""
	}
	if s == "" || s == "Local" || len(s) > maxZone || strings.Trim(s, zoneBytes) != "" {
		return ""
	}
	_, err := time.LoadLocation(s)
	if zoneCount.Load() < maxZones {
		if _, had := knownZones.LoadOrStore(strings.Clone(s), err == nil); !had {
			zoneCount.Add(1)
		}
	}
	if err != nil {
		return ""
	}
	return s
}

const zoneBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/"

// locale returns s as a well-formed language tag of BCP 47 in its usual case
// ("en_gb" as "en-GB"), or nothing when it is none.
func locale(s string) string {
	if s == "" || len(s) > maxLocale {
		return ""
	}
	if usualLocale(s) {
		return s
	}
	subtags := strings.Split(strings.ReplaceAll(s, "_", "-"), "-")
	for i, tag := range subtags {
		if tag == "" || len(tag) > 8 || strings.IndexFunc(tag, func(r rune) bool { return r >= utf8.RuneSelf || !alnum(byte(r)) }) >= 0 {
			return ""
		}
		tag = strings.ToLower(tag)
		switch {
		case i == 0 && (len(tag) < 2 || len(tag) > 3 || !letters(tag)):
			return ""
		case i == 0:
		case len(tag) == 2 && len(subtags[i-1]) > 1: // a region
			tag = strings.ToUpper(tag)
		case len(tag) == 4 && letters(tag) && len(subtags[i-1]) > 1: // a script
			tag = strings.ToUpper(tag[:1]) + tag[1:]
		}
		subtags[i] = tag
	}
	return strings.Join(subtags, "-")
}

// usualLocale reports whether s is like "en" or "en-GB", as most are.
func usualLocale(s string) bool {
	lower := func(c byte) bool { return c >= 'a' && c <= 'z' }
	if len(s) != 2 && len(s) != 5 || !lower(s[0]) || !lower(s[1]) {
		return false
	}
	return len(s) == 2 || s[2] == '-' && upper(s[3]) && upper(s[4])
}

func letters(s string) bool { return !strings.ContainsAny(s, "0123456789") }

// country returns the code of a country in upper case, or the shop's own name
// for it, cleaned.
func country(s string) string {
	s = CleanText(s, maxName)
	if len(s) == 2 {
		return strings.ToUpper(s)
	}
	return s
}

// birthday reads a date "1990-02-28" or, without the year, "--02-28". The 29th
// of February is one in any year: the day is what a birthday is about. What is
// not one is dropped: it costs a birthday email, and not an order.
func (r *reader) birthday() string {
	if r.peek() != '"' {
		r.dropped(WarnDroppedValue, aBirthday)
		return ""
	}
	b := r.quoted()
	if r.trusted || r.err != nil || len(b) == 0 {
		return string(b)
	}
	s := strings.Trim(string(b), " \t")
	year, day := "2000", ""
	if rest, ok := strings.CutPrefix(s, "--"); ok {
		day = rest
	} else if len(s) == len(time.DateOnly) {
		year, day = s[:4], s[5:]
	}
	_, err := time.Parse(time.DateOnly, "2000-"+day) // a leap year
	born, yearErr := time.Parse("2006", year)
	switch {
	case s == "":
	case err != nil || yearErr != nil || s != "--"+day && s != year+"-"+day:
		r.warn(WarnDroppedValue, "%s is dropped: it is not %s", quote(s), aBirthday)
	case born.Year() < 1850 || born.Year() > r.latest.Year():
		r.warn(WarnDroppedValue, "%s is dropped: nobody was born then; leave it out when it is not known", quote(s))
	default:
		return s
	}
	return ""
}

const aBirthday = `a date, like "1990-02-28" or "--02-28"`

// maxScope is the longest name of a worker.
const maxScope = 32

// scope reads what an unsubscribe is about: all, everything or a worker.
func (r *reader) scope() string {
	b := r.str()
	if r.trusted || r.err != nil || len(b) == 0 {
		return string(b)
	}
	s := strings.TrimSpace(string(b))
	if s == "" || len(s) > maxScope || s[0] == '-' || !slug(s) {
		r.fail(ReasonBadValue, "%s is not all, everything or the name of a worker", quote(s))
	}
	return s
}
