package events

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

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
