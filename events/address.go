package events

import "strings"

// The limits of RFC 5321, section 4.5.3.1, with the angle brackets of a path
// taken off.
const (
	maxAddress = 254
	maxLocal   = 64
	maxLabel   = 63
)

// NormalizeAddress checks a bare email address (RFC 5321 without display name,
// quoted local part, literal domain or internationalisation) and returns it
// with its domain in lower case; the case of the local part is the recipient's
// business and stays. Its error is an *Error without Field, and does not repeat
// the address.
func NormalizeAddress(s string) (string, error) {
	local, domain, ok := strings.Cut(s, "@")
	var problem string
	switch {
	case s == "":
		problem = "it is empty"
	case !ok:
		problem = "no @"
	case strings.Contains(domain, "@"):
		problem = "more than one @"
	case len(s) > maxAddress:
		problem = "longer than 254 characters"
	default:
		problem = localProblem(local)
		if problem == "" {
			problem = domainProblem(domain)
		}
	}
	if problem != "" {
		return "", errorf(ReasonBadAddress, "", "not a usable address: %s", problem)
	}
	if lower := strings.ToLower(domain); lower != domain {
		return local + "@" + lower, nil
	}
	return s, nil
}

// localProblem says what keeps s from being the part before the @: a dot-atom
// of RFC 5322, section 3.2.3.
func localProblem(s string) string {
	if s == "" {
		return "nothing before the @"
	}
	if len(s) > maxLocal {
		return "more than 64 characters before the @"
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.':
			if i == 0 || i == len(s)-1 || s[i-1] == '.' {
				return "a misplaced dot before the @"
			}
		case c >= 0x80:
			return "a character before the @ that is not ASCII"
		case c <= ' ' || c == 0x7f:
			return "a space or control character"
		case c == '<' || c == '>' || c == '"':
			return "quotes or angle brackets; send the bare address"
		case !atom(c):
			return "a character before the @ that is not allowed there"
		}
	}
	return ""
}

// domainProblem says what keeps s from being the part after the @: a name of
// the DNS with at least two labels.
func domainProblem(s string) string {
	if s == "" {
		return "nothing after the @"
	}
	start, labels := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '.' {
			if problem := domainByte(s[i]); problem != "" {
				return problem
			}
			continue
		}
		label := s[start:i]
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return "a part of the domain is empty, too long, or begins or ends with -"
		}
		start, labels = i+1, labels+1
	}
	if labels < 2 {
		return "the domain has no dot"
	}
	if last := s[strings.LastIndexByte(s, '.')+1:]; last[0] >= '0' && last[0] <= '9' {
		return "the domain ends in a number"
	}
	return ""
}

func domainByte(c byte) string {
	switch {
	case c >= 0x80:
		return "the domain is not ASCII; write it as xn--…"
	case c == '[' || c == ']' || c == ':':
		return "the domain is an IP address; use a name"
	case c <= ' ' || c == 0x7f:
		return "a space or control character"
	case c == '<' || c == '>' || c == '"':
		return "quotes or angle brackets; send the bare address"
	case !alnum(c) && c != '-':
		return "a character after the @ that is not allowed there"
	}
	return ""
}

func alnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// atom reports whether c is atext of RFC 5322.
func atom(c byte) bool {
	return alnum(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// AddressBounced says to which address email came back. On the timeline the
// address is left out: the entry's key replaces it.
type AddressBounced struct {
	Email     string `json:"email" rule:"email,required"`
	Permanent *bool  `json:"permanent,omitempty"` // nil: yes
}

// AddressComplained says at which address email was reported as spam. On the
// timeline the address is left out.
type AddressComplained struct {
	Email string `json:"email" rule:"email,required"`
}

// Mailed returns the address the event is about.
func (d *AddressBounced) Mailed() *string { return &d.Email }

// Mailed returns the address the event is about.
func (d *AddressComplained) Mailed() *string { return &d.Email }

func (*AddressBounced) Type() Type    { return TypeAddressBounced }
func (*AddressComplained) Type() Type { return TypeAddressComplained }
