package config

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"homing/pkg/problem"
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

// Format writes <secret> whatever the verb is, so that %x, %q and %#v hide it too.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns <secret>, for JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// minSecret is the length of a SHA-256 key; less would be the weakest link.
const minSecret = 32

// Validate reports a secret that is too short. An empty one is fine.
func (s Secret) Validate() error {
	if n := len(s); n > 0 && n < minSecret {
		return fmt.Errorf("is %d bytes long and must have at least %d; make one with: openssl rand -base64 32", n, minSecret)
	}
	return nil
}

// LinkKey signs links. The first of a list signs, all of them verify.
type LinkKey struct {
	ID         string `yaml:"id"`
	SecretFile string `yaml:"secret_file"`
	// Secret is the content of SecretFile.
	Secret Secret `yaml:"-"`
}

// LinkKeys sign and verify links.
type LinkKeys []LinkKey

var keyID = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// Validate reports ids that are not unique, and keys that are missing.
func (keys LinkKeys) Validate() error {
	var l problem.List
	seen := make(map[string]bool)
	for i, k := range keys {
		at := fmt.Sprintf("[%d]", i)
		switch {
		case !keyID.MatchString(k.ID):
			l.Add(at+".id", "%q is not an id; use 1 to 32 of a-z, 0-9 and -", k.ID)
		case k.ID == "0":
			l.Add(at+".id", "\"0\" is the id of the key derived from the secret; choose another")
		case seen[k.ID]:
			l.Add(at+".id", "%q is used twice", k.ID)
		}
		seen[k.ID] = true
		require(&l, at+".secret_file", k.SecretFile, "name the file that holds the key")
		if err := problem.Under(at+".secret_file", k.Secret.Validate()); err != nil {
			l = append(l, err)
		}
	}
	return l.Err()
}

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

// Format writes what String returns, whatever the verb is.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// MarshalText returns what String returns.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

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
