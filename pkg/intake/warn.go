package intake

import (
	"fmt"
	"strings"
	"sync"

	"homing/events"
	"homing/pkg/customer"
)

// Links says where the links and pictures in a store's emails may be. It is asked for
// addresses of which nothing matters but scheme and host.
type Links interface {
	MayLink(store, url string) bool
	MayShow(store, url string) bool
}

// maxLinkWarnings bounds the warnings about the hosts of one event: what is wrong
// with one line is mostly wrong with all of them.
const maxLinkWarnings = 10

// checkLinks warns of the links of an event that emails will go without.
func (in *Intake) checkLinks(e *events.Event) {
	if in.o.Links == nil {
		return
	}
	warned := 0
	var links, pictures string // the last origin of each that was right: mostly the next one has it too
	events.EachLink(e.Data, func(l *events.Link) {
		if warned == maxLinkWarnings {
			return
		}
		at, right := originOf(l.URL), &links
		if l.Picture {
			right = &pictures
		}
		if at == *right {
			return
		}
		if in.hosts.may(in.o.Links, origin{e.Store, at, l.Picture}) {
			*right = at
			return
		}
		warned++
		e.Warnings = append(e.Warnings, events.Warning{Reason: events.WarnLinkHost, Field: l.Field(), Detail: detailOf(l)})
	})
}

func detailOf(l *events.Link) string {
	at := originOf(l.URL)
	if l.Picture {
		return fmt.Sprintf("emails do not show pictures from %q: send an https address, or add the host to link_hosts in homing.yaml", at)
	}
	_, host, _ := strings.Cut(at, "://")
	return fmt.Sprintf("emails do not link to %q: it is neither the host of the store's url nor one of its link_hosts in homing.yaml", host)
}

// warn tells of the entries that have warnings.
func (in *Intake) warn(entries []customer.Entry) {
	if in.o.Warned == nil {
		return
	}
	for _, e := range entries {
		if len(e.Event.Warnings) > 0 {
			in.o.Warned(e)
		}
	}
}

// hosts remembers where links may lead: shops have few hosts, and asking for each
// line of each order would show.
type hosts struct {
	mu    sync.RWMutex
	known map[origin]bool
}

// maxHosts bounds what is remembered; beyond it, Links is asked each time.
const maxHosts = 10_000

type origin struct {
	store, at string
	picture   bool
}

func (h *hosts) may(links Links, key origin) bool {
	h.mu.RLock()
	may, ok := h.known[key]
	h.mu.RUnlock()
	if ok {
		return may
	}
	if key.picture {
		may = links.MayShow(key.store, key.at+"/")
	} else {
		may = links.MayLink(key.store, key.at+"/")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.known) < maxHosts {
		key.store, key.at = strings.Clone(key.store), strings.Clone(key.at) // parts of the event would keep it alive
		h.known[key] = may
	}
	return may
}

// originOf is an address of the web up to its path: "https://shop.example".
func originOf(url string) string {
	for i := strings.Index(url, "://") + len("://"); i < len(url); i++ {
		if c := url[i]; c == '/' || c == '?' || c == '#' {
			return url[:i]
		}
	}
	return url
}
