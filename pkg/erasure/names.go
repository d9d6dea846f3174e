package erasure

import (
	"encoding/json"
	"strings"

	"homing/events"
)

// Names are what events call some customers. They find what could not be read as
// an event, and so tells nobody's token.
type Names struct{ ids, addresses map[string]bool }

// of learns what an event calls its customer.
func (n *Names) of(e events.Event) {
	d, ok := e.Data.(events.CustomerData)
	if !ok {
		return
	}
	n.Add(d.Who().ID, d.Who().Email)
}

// Add learns an id and an address; either may be empty.
func (n *Names) Add(id, address string) {
	if n.ids == nil {
		n.ids, n.addresses = map[string]bool{}, map[string]bool{}
	}
	if id != "" {
		n.ids[id] = true
	}
	if address != "" {
		n.addresses[strings.ToLower(address)] = true
	}
}

func (n *Names) none() bool { return len(n.ids) == 0 && len(n.addresses) == 0 }

// In reports whether a message names one of them. Of somebody else's rejected
// event one too many may go: it is kept for a developer to read, no more.
func (n *Names) In(header map[string][]string, data []byte) bool {
	for _, vs := range header {
		for _, v := range vs {
			if n.ids[v] || n.address(v) {
				return true
			}
		}
	}
	var v any
	if json.Unmarshal(data, &v) == nil {
		return n.value("", v)
	}
	return n.address(string(data)) || n.quoted(string(data))
}

// value looks through decoded JSON; key is the field it is in, by its path.
func (n *Names) value(key string, v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if n.value(key+"."+k, x) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if n.value(key, x) {
				return true
			}
		}
	case string:
		return n.ids[v] && telling(key, v) || n.address(v)
	case float64:
		b, _ := json.Marshal(v)
		return n.ids[string(b)] && telling(key, string(b))
	}
	return false
}

// short is up to how many characters an id may well be that of something else.
const short = 7

// telling reports whether a value that is somebody's id is likely to be just
// that: it is long, or is where customers are.
func telling(key, v string) bool {
	return len(v) > short || strings.Contains(strings.ToLower(key), "customer") || strings.HasSuffix(key, ".from")
}

// quoted finds ids in what is not quite JSON.
func (n *Names) quoted(s string) bool {
	for part := range strings.SplitSeq(s, `"`) {
		if n.ids[part] {
			return true
		}
	}
	return false
}

// address finds addresses in a text.
func (n *Names) address(s string) bool {
	end := func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'`<>()[]{},;:\\|", r) }
	for strings.Contains(s, "@") {
		i := strings.IndexByte(s, '@')
		from := strings.LastIndexFunc(s[:i], end) + 1
		to := len(s)
		if j := strings.IndexFunc(s[i:], end); j >= 0 {
			to = i + j
		}
		if n.addresses[strings.ToLower(strings.TrimRight(s[from:to], "."))] {
			return true
		}
		s = s[i+1:]
	}
	return false
}
