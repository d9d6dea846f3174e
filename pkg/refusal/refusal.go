// Package refusal says what a mail server means by a no, whether it says so at once or in
// an email later: by the enhanced status code (RFC 3463) before the words, and by those
// before the reply code. It is pure, and makes such words fit to be kept.
package refusal

import "strings"

// A Meaning is what a 5xx asks of the sender.
type Meaning int

// The zero Meaning names nobody.
const (
	Refused        Meaning = iota // for good, and the code names nothing better
	Later                         // worth another try
	BadAddress                    // the address does not exist
	MessageAtFault                // too big, or its content is not acceptable
	SenderAtFault                 // SPF, DKIM, a blocklist, our credentials
	Doubtful                      // the address may not exist: the words don't say for certain
)

func (m Meaning) String() string {
	return [...]string{"refused", "later", "bad_address", "message_at_fault", "sender_at_fault", "doubtful"}[m]
}

// A Refusal is a 5xx, as it was given to a recipient or to an email's content.
type Refusal struct {
	Code      int    // 0: not known
	Enhanced  string // "5.1.1", or ""
	Shown     string // the words, without what may be called like the recipient
	Said      string // the words with it
	Recipient bool   // it was the recipient that was refused: then words count
}

// badAddress holds the enhanced codes that say the mailbox or its domain does
// not exist (RFC 3463; 5.1.10 from RFC 7505). 5.2.1 is judged by its words.
var badAddress = map[string]bool{"5.1.1": true, "5.1.2": true, "5.1.3": true, "5.1.6": true, "5.1.10": true}

// Meaning judges the refusal. A 5xx alone never makes a bounce, because servers answer
// 550 to a bad reputation as they do to a mailbox that does not exist.
func (r Refusal) Meaning() Meaning {
	e := r.Enhanced
	switch {
	case badAddress[e]:
		return BadAddress
	case e == "5.2.1":
		// "Mailbox disabled" by the RFC; Gmail also says it of a mailbox that
		// is receiving too fast, which is no reason to suppress anybody.
		if says(r.Said, ofRate) {
			return Later
		}
		return BadAddress
	case e == "5.2.2":
		return Later // the mailbox is full
	case e == "5.3.4", strings.HasPrefix(e, "5.6."):
		return MessageAtFault
	case e == "5.7.1" && r.Recipient && says(r.Said, ofUnknown) && !says(r.Shown, ofSender):
		return BadAddress // Yandex and others: "550 5.7.1 No such user!"
	case strings.HasPrefix(e, "5.7."), e == "5.1.7", e == "5.1.8":
		return SenderAtFault // policy, or the sender's own address
	case r.Code == 530, r.Code == 535, r.Code == 538:
		return SenderAtFault // authentication (RFC 4954)
	case r.Recipient && (e == "" || e == "5.0.0"):
		return byWords(r.Code, r.Shown, r.Said)
	}
	return Refused
}

// EnhancedCode finds the enhanced status code at the start of a reply's words.
// It must be of the reply's own class; anything else is not a status code.
func EnhancedCode(code int, words string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(words), " ")
	first = strings.TrimRight(first, ":;,.")
	if !IsEnhanced(first) || int(first[0]-'0') != code/100 {
		return ""
	}
	return first
}

// IsEnhanced reports whether s has the form of an enhanced status code.
func IsEnhanced(s string) bool {
	class, rest, _ := strings.Cut(s, ".")
	subject, detail, ok := strings.Cut(rest, ".")
	return ok && len(class) == 1 && strings.Contains("245", class) && number(subject) && number(detail)
}

// number reports whether s is one to three digits.
func number(s string) bool {
	return len(s) >= 1 && len(s) <= 3 && strings.Trim(s, "0123456789") == ""
}
