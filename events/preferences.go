package events

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The scopes of an unsubscribe. Any other scope is the name of one worker.
const (
	ScopeAll        = "all"        // no marketing any more
	ScopeEverything = "everything" // nothing at all, not even transactional email

	// ScopeChannel begins the scopes of channels other than email: "channel-sms" is nothing
	// at all by the channel sms.
	ScopeChannel = "channel-"
)

// CustomerUnsubscribed says what a customer does not want any more.
type CustomerUnsubscribed struct {
	Customer `json:"customer"`
	Scope    string `json:"scope,omitempty" rule:"scope"` // ScopeAll when empty, ScopeEverything, the name of a worker or of a channel after ScopeChannel
}

// CustomerPreferences says which emails a customer wants, and how. What is left out
// stays as it was. The language, the time zone and the birthday that a customer chose
// here count before those that other events mention.
type CustomerPreferences struct {
	Customer   `json:"customer"`
	Kinds      map[string]bool `json:"kinds,omitempty" rule:"kinds"`         // worker, or channel after ScopeChannel → whether its messages are wanted
	AtMost     *AtMost         `json:"at_most,omitempty"`                    // marketing emails; empty: as many as the shop sends
	PauseUntil *time.Time      `json:"pause_until,omitempty" rule:"until"`   // no marketing before; a time that is over ends a pause
	Birthday   string          `json:"birthday,omitempty" rule:"birthday"`   // as in Customer
	Locale     string          `json:"locale,omitempty" rule:"locale"`       // as in Customer
	TimeZone   string          `json:"time_zone,omitempty" rule:"time_zone"` // as in Customer
}

// What a customer may ask for.
const (
	maxLimit     = 100 // emails in a window
	maxWindowDay = 366 // days a window is long
	maxKinds     = 100 // workers named in one event
)

// aWindow says what the length of a window is written like.
const aWindow = `a length of whole days or hours, like "7d" or "36h", of at most 366 days`

// parseWindow reads "7d" or "36h".
func parseWindow(s string) (time.Duration, bool) {
	unit := time.Hour
	digits, hours := strings.CutSuffix(s, "h")
	if !hours {
		if digits, hours = strings.CutSuffix(s, "d"); !hours {
			return 0, false
		}
		unit = 24 * time.Hour
	}
	n, err := strconv.Atoi(digits)
	if err != nil || digits[0] < '1' || digits[0] > '9' || n > maxWindowDay*24 || time.Duration(n)*unit > maxWindowDay*24*time.Hour {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// window reads the length of a window.
func (r *reader) window() string {
	b := r.str()
	if r.trusted || r.err != nil || len(b) == 0 {
		return string(b)
	}
	s := strings.TrimSpace(string(b))
	if _, ok := parseWindow(s); !ok {
		r.fail(ReasonBadValue, "%s is not %s", quote(s), aWindow)
	}
	return s
}

// kinds reads which emails are wanted: an object of the names of workers.
func (r *reader) kinds(to *map[string]bool) bool {
	*to = nil
	for ok := r.object(); ok && r.field(); {
		name := string(r.name)
		if !r.trusted && r.err == nil && (name == "" || len(name) > maxScope || name[0] == '-' || !slug(name) || name == ScopeAll || name == ScopeEverything) {
			r.skip()
			r.fail(ReasonBadValue, "%s is not the name of a worker", quote(name))
			continue
		}
		wanted := r.boolean()
		if *to == nil {
			*to = map[string]bool{}
		}
		if (*to)[name] = *wanted; len(*to) > maxKinds {
			r.fail(ReasonTooManyItems, "more than %d workers", maxKinds)
		}
	}
	return len(*to) > 0
}

func appendKinds(b []byte, f *field, kinds map[string]bool) []byte {
	if len(kinds) == 0 {
		return b
	}
	b = append(f.begin(b), '{')
	for i, name := range slices.Sorted(maps.Keys(kinds)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendBool(append(appendString(b, name), ':'), kinds[name])
	}
	return append(b, '}')
}
