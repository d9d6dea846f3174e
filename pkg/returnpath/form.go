package returnpath

import (
	"fmt"
	"regexp"
	"strings"
)

// maxLocal is how long the part of an address before the @ may be (RFC 5321, section
// 4.5.3.1.1).
const maxLocal = 64

// MaxForm is how many characters there may be next to the * of a form.
const MaxForm = maxLocal - codeLen

// Separators are what may be next to the *, so that the code can be found.
const Separators = "+-=."

var localPart = regexp.MustCompile(`^[a-z0-9+=-]+(\.[a-z0-9+=-]+)*$`)

// Fault says what is wrong with the form of return paths, an address with a * for the
// code as in bounces+*@shop.example; "" if nothing is. The domain is for the caller to
// check.
func Fault(form string) string {
	local, domain, _ := strings.Cut(form, "@")
	before, after, found := strings.Cut(local, "*")
	switch {
	case domain == "" || strings.ContainsAny(domain, "@*") || !found || strings.Contains(after, "*"):
		return "is not an address with one * before the @, which stands for what tells the emails apart; write for example bounces+*@shop.example"
	case form != strings.ToLower(form):
		return "has upper-case letters, which servers on the way may change; write it in lower case"
	case len(before)+len(after) > MaxForm:
		return fmt.Sprintf("is too long: the * becomes %d characters, so at most %d may be next to it before the @", codeLen, MaxForm)
	case !localPart.MatchString(before + "x" + after):
		return "has characters that not every server takes; use a-z, 0-9, +, -, = and single dots"
	case before != "" && !strings.ContainsAny(before[len(before)-1:], Separators), after != "" && !strings.ContainsAny(after[:1], Separators):
		return "has a letter or a digit next to the *; put one of + - = . between them, as in bounces+*@shop.example"
	}
	return ""
}
