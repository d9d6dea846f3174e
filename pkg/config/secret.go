package config

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

const concealed = "<secret>"

// A Secret prints as <secret> wherever it goes; only Reveal, or a conversion
// that says so, shows it. An empty one prints as nothing.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String returns <secret>.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return concealed
}

// GoString returns <secret>.
func (s Secret) GoString() string { return s.String() }

// Format writes <secret> whatever the verb is, so that %x and %q hide it too.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns <secret>.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns "<secret>".
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalYAML returns <secret>.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// A URL is the address of a server, with its credentials. It prints with the
// password replaced by <secret>; Reveal returns all of it.
type URL string

// Reveal returns the address with its password.
func (u URL) Reveal() string { return string(u) }

// String returns the address with its password replaced.
func (u URL) String() string {
	parts := u.split()
	for i, p := range parts {
		parts[i] = concealOne(p)
	}
	return strings.Join(parts, ",")
}

// split returns the addresses of a list, which only NATS has. A comma may be
// part of a password, so only one in front of a scheme separates.
func (u URL) split() []string {
	rest := string(u)
	if scheme, _, _ := strings.Cut(rest, "://"); !slices.Contains(natsURLs, scheme) {
		return []string{rest}
	}
	var parts []string
	start := 0
	for _, at := range listStart.FindAllStringIndex(rest, -1) {
		parts = append(parts, rest[start:at[0]])
		start = at[0] + 1
	}
	return append(parts, rest[start:])
}

// GoString returns what String returns.
func (u URL) GoString() string { return u.String() }

// Format writes what String returns, whatever the verb is.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// MarshalText returns what String returns.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// MarshalJSON returns what String returns.
func (u URL) MarshalJSON() ([]byte, error) { return json.Marshal(u.String()) }

// MarshalYAML returns what String returns.
func (u URL) MarshalYAML() (any, error) { return u.String(), nil }

var (
	listStart    = regexp.MustCompile(`,\s*[a-z]+://`)
	secretParams = regexp.MustCompile(`(?i)([?&][^=&]*(?:pass|secret|token|auth|key)[^=&]*=)[^&]*`)
)

// concealOne hides the password of one address. It looks for the last @ of the
// whole rest, not of the authority: a password with a raw slash or @ in it is
// a mistake that must not print it either.
func concealOne(u string) string {
	scheme, rest, found := strings.Cut(u, "://")
	if !found {
		// Without a scheme nothing tells a password from a host.
		if strings.Contains(u, "@") {
			return concealed
		}
		return u
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		user, _, hasPassword := strings.Cut(rest[:at], ":")
		switch {
		case hasPassword:
			user += ":" + concealed
		case slices.Contains(natsURLs, strings.TrimSpace(scheme)):
			// A lone name before the @ is a token for NATS.
			user = concealed
		}
		rest = user + rest[at:]
	}
	return scheme + "://" + secretParams.ReplaceAllString(rest, "${1}"+concealed)
}
