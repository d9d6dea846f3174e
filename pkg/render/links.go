package render

import (
	"net/url"
	"strings"
)

// linkURL is u when an email of the store may link to it, else empty: the item is
// then shown without a link.
func linkURL(u string, s *Store) string {
	if !MayLink(s, u) {
		return ""
	}
	return u
}

// MayLink reports whether an email of the store may link to u.
func MayLink(s *Store, u string) bool {
	p := parseWeb(u)
	return p != nil && s.linkable(p.Hostname())
}

// imageURL is u when an email of the store may show it.
func imageURL(u string, s *Store) string {
	if !MayShow(s, u) {
		return ""
	}
	return u
}

// MayShow reports whether an email of the store may show the picture at u. Shops
// keep images on hosts of all kinds, and an image leads nobody astray: any host will
// do over https. Plain http, which mail programs warn of, only where links may go
// too.
func MayShow(s *Store, u string) bool {
	p := parseWeb(u)
	return p != nil && (p.Scheme == "https" || s.linkable(p.Hostname()))
}

// webURL is u if it is a web URL at all; its host comes from the configuration.
func webURL(u string) string {
	if parseWeb(u) == nil {
		return ""
	}
	return u
}

// parseWeb parses an absolute http(s) URL without credentials, or returns nil.
func parseWeb(u string) *url.URL {
	if u == "" || len(u) > maxURL {
		return nil
	}
	for i := range len(u) {
		if c := u[i]; c <= ' ' || c == 0x7F || c == '\\' || c == '"' || c == '<' || c == '>' {
			return nil
		}
	}
	p, err := url.Parse(u)
	if err != nil || p.Scheme != "https" && p.Scheme != "http" || p.Hostname() == "" || p.User != nil {
		return nil
	}
	return p
}

// linkable says whether links may lead to host: the host of the store's URL,
// its link hosts, each with or without "www.", and what "*." covers.
func (s *Store) linkable(host string) bool {
	host = bareHost(host)
	if host == "" {
		return false
	}
	for _, allowed := range s.LinkHosts {
		if suffix, wild := strings.CutPrefix(allowed, "*."); wild {
			if len(host) > len(suffix)+1 && strings.EqualFold(host[len(host)-len(suffix):], suffix) &&
				host[len(host)-len(suffix)-1] == '.' {
				return true
			}
			continue
		}
		if strings.EqualFold(host, bareHost(allowed)) {
			return true
		}
	}
	p := parseWeb(s.URL)
	return p != nil && strings.EqualFold(host, bareHost(p.Hostname()))
}

func bareHost(h string) string {
	if len(h) > 4 && strings.EqualFold(h[:4], "www.") {
		return h[4:]
	}
	return h
}
