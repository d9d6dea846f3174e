package feedback

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"homing/pkg/refusal"
)

// A Meaning is what a delivery report says about a recipient.
type Meaning int

// The zero Meaning asks for nothing; the others go from the best to the worst.
const (
	Unsaid    Meaning = iota // nothing that is understood
	Delivered                // or handed on to a server that doesn't report
	Waiting                  // not yet delivered: it is still being tried
	NotTheirs                // not delivered; the sender or the email is at fault, not the address
	Soft                     // not delivered; the address may be fine
	Doubtful                 // not delivered, for good: perhaps the address does not exist
	Hard                     // not delivered: the address does not exist
)

func (m Meaning) String() string {
	return [...]string{"unsaid", "delivered", "waiting", "not_theirs", "soft", "doubtful", "hard"}[m]
}

// What servers say in their own words of an email that never reached another, in lower
// case: those of Exim, Postfix, OpenSMTPD, Exchange and Gmail.
var (
	ofNoDomain = []string{
		"host or domain name not found", "host not found", "domain name not found", "domain not found", "nxdomain", "nullmx", "null mx",
		"does not accept mail", "no smtp service", "no mail service", "non-existent host", "nonexistent host", "no mx found", "no such domain",
		"domain does not exist", "invalid domain", "couldn't find a mail exchanger", "couldn't find any host", "could not find any host",
	}
	ofLater = []string{
		"retry timeout", "retry time", "try again", "timed out", "time out", "timeout", "connection refused", "expired", "lookup did not complete", "temporar",
		"network", "unreachable", "no route to host", "could not connect", "unable to connect", "failing for a long time", "multiple retries", "in the queue too long", "in queue too long",
	}
	ofContent = []string{"end of data", "to data command", "after data", "after pipelined data", "after i sent the message"}
)

// Means is what a delivery report says about the email, which had one recipient. Where
// that was forwarded to several, it is what became of the best.
func (r Report) Means() Meaning {
	best := Unsaid
	for _, x := range r.Recipients {
		if x.Means != Unsaid && (best == Unsaid || x.Means < best) {
			best = x.Means
		}
	}
	return best
}

// recipients reads the groups of a delivery report: the first is about the email, each
// other about a recipient. Some leave the first out, or have no empty line after it.
func (p *reading) recipients() []Recipient {
	var out []Recipient
	for _, g := range p.status {
		final, original := get(g, "Final-Recipient"), get(g, "Original-Recipient")
		if final == "" && original == "" && get(g, "Action") == "" || len(out) == maxRecipients { // some name nobody, and only say what was done
			continue
		}
		r := Recipient{Address: address(cmp.Or(final, original)), Action: firstWord(get(g, "Action"))}
		r.text = about(p.text, r.Address)
		if r.text == "" && original != "" {
			r.text = about(p.text, address(original))
		}
		status := firstWord(get(g, "Status"))
		if refusal.IsEnhanced(status) {
			r.Status = status
		}
		_, r.said = typed(get(g, "Diagnostic-Code"))
		r.goesOn = get(g, "Will-Retry-Until") != ""
		r.judge()
		out = append(out, r)
	}
	return out
}

// Judge is what a provider of email says about a recipient, read as if a delivery report
// had said it: its action, its status, and what the server said. All but the action may be
// empty.
func Judge(recipient, action, status, said string) Recipient {
	r := Recipient{Address: cut(recipient), Action: firstWord(action)}
	if status = firstWord(status); refusal.IsEnhanced(status) {
		r.Status = status
	}
	_, r.said = typed(cut(strings.ToValidUTF8(said, "?")))
	r.judge()
	return r
}

func firstWord(s string) string {
	if f := strings.Fields(strings.ToLower(s)); len(f) > 0 {
		return strings.TrimRight(f[0], ".,;")
	}
	return ""
}

// code finds what the server said that refused: at the beginning of its words, or after
// those of the server that quotes it.
var code = regexp.MustCompile(`(?:^|said: |: |-> |[ (<]'|returned |responded with |error )([45]\d\d)(?:[ -]['"#]?([245]\.\d{1,3}\.\d{1,3})\b)?(?:[ -]|$)`)

// codes finds the code of the server that refused: the first that says something, else the
// first of all, where those that pass it on have put others in front.
func codes(words string) []string {
	all := code.FindAllStringSubmatch(words, 8)
	for _, c := range all {
		if c[2] != "" && !isVague(c[2]) {
			return c
		}
	}
	if len(all) > 0 {
		return all[0]
	}
	return nil
}

// isVague reports whether a status says no more than its first digit: as 5.0.0, which Exim
// always says, and 5.0.350, with which Exchange Online passes on what another server said.
func isVague(status string) bool {
	return status == "" || strings.HasPrefix(status[1:], ".0.")
}

// judge says what the report means for its recipient. A status is believed unless its
// last two numbers are 0, as Exim's and OpenSMTPD's always are: then it is the code
// that counts, and then the words.
func (r *Recipient) judge() {
	words := cmp.Or(r.said, r.text)
	shown := r.hidden(words)
	r.Words = refusal.Shorten(shown)
	switch r.Action {
	case "delivered", "relayed", "expanded", "deliverable":
		r.Means = Delivered
		return
	case "delayed":
		r.Means = Waiting
		if r.Status == "4.4.7" && !r.goesOn { // OpenSMTPD's last word about an email, whatever it says
			r.Means = Soft
		}
		return
	case "expired":
		r.Means = Soft
		return
	case "failed", "failure", "fail", "undeliverable":
	default:
		return
	}
	said := codes(words)
	if said != nil {
		r.Code, _ = strconv.Atoi(said[1])
	}
	vague := isVague(r.Status)
	if vague && said != nil && said[2] != "" && !isVague(said[2]) {
		r.Status, vague = said[2], false
	}
	later := strings.HasPrefix(r.Status, "4.")
	switch {
	case strings.HasPrefix(r.Status, "2."):
		// It failed, and it is well.
	case !vague && later, vague && r.Code/100 == 4:
		r.Means = Soft
	case r.Code == 0 && !says(words, []string{"try again"}) && (vague || r.Status == "5.1.0" || strings.HasPrefix(r.Status, "5.4.")) && says(words, ofNoDomain):
		r.Means = Hard
	case vague && (later || r.Code == 0 && says(words, ofLater)):
		r.Means = Soft
	case strings.HasPrefix(r.Status, "5.4."):
		r.Means = r.unrouted(words)
	default:
		r.Means = r.refused(shown, words)
	}
}

// unrouted judges a 5.4.x: a network, or a domain.
func (r *Recipient) unrouted(words string) Meaning {
	switch {
	case says(words, ofNoDomain), says(words, []string{"domain"}) && says(words, []string{"not exist", "nonexist"}):
		return Hard
	case says(words, []string{"recipient address rejected"}): // so Exchange says that it doesn't know one
		return Doubtful
	}
	return Soft
}

// refused judges a server's 5xx.
func (r *Recipient) refused(shown, words string) Meaning {
	if r.Status == "5.1.0" && says(words, ofNoDomain) { // Postfix about a domain that takes no email
		return Hard
	}
	m := r.meaning(r.Status, shown, words)
	if m != Hard {
		return m
	}
	// The status is that of who writes the report. Where what it quotes says something
	// else, nobody is suppressed by it.
	if c := codes(words); c != nil && !isVague(c[2]) && c[2] != r.Status {
		return r.meaning(c[2], shown, words)
	}
	if says(words, ofOthers) {
		if said := r.meaning("", shown, words); said != Hard && said != Doubtful {
			return said
		}
	}
	return Hard
}

// ofOthers are words that do not go with an address that does not exist.
var ofOthers = []string{"spamhaus", "blacklist", "blocklist", "block list", "too many", "over quota", "quota exceeded", "mailbox full", "mailbox is full"}

// meaning is what a status and words mean that came with a 5xx.
func (r *Recipient) meaning(status, shown, words string) Meaning {
	enhanced := status
	if slices.Contains([]string{"5.1.0", "5.2.0", "5.3.0", "5.5.0"}, enhanced) || isVague(enhanced) {
		enhanced = "" // "other": it is for the words to say
	}
	m := refusal.Refusal{Code: r.Code, Enhanced: enhanced, Shown: shown, Said: words, Recipient: !says(r.text, ofContent)}.Meaning()
	return map[refusal.Meaning]Meaning{
		refusal.BadAddress: Hard, refusal.Doubtful: Doubtful, refusal.Later: Soft,
		refusal.Refused: NotTheirs, refusal.MessageAtFault: NotTheirs, refusal.SenderAtFault: NotTheirs,
	}[m]
}

// hidden returns words without addresses and without the recipient's name and domain,
// which may be "relay" or "full".
func (r *Recipient) hidden(words string) string {
	at := strings.LastIndexByte(r.Address, '@')
	if at < 0 {
		return refusal.Redact(words, r.Address)
	}
	return refusal.Redact(words, r.Address[:at], r.Address[at+1:])
}

// says reports whether there is one of the phrases in the words.
func says(words string, phrases []string) bool {
	words = strings.ToLower(words)
	return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(words, p) })
}

// about returns what a person is told about an address: the line that begins with it,
// without it, and those that belong to it because they are further in.
func about(text, address string) string {
	if address == "" {
		return ""
	}
	var said []string
	deep := -1
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		bare := strings.TrimLeft(line, " \t")
		in := len(line) - len(bare)
		if deep >= 0 {
			if bare == "" || in <= deep {
				break
			}
			said = append(said, bare)
			continue
		}
		bare = strings.TrimPrefix(bare, "<")
		if len(bare) < len(address) || !strings.EqualFold(bare[:len(address)], address) {
			continue
		}
		rest := strings.TrimLeft(bare[len(address):], ">")
		if rest != "" && !strings.ContainsAny(rest[:1], ": \t,(") {
			continue // another address, which begins alike
		}
		deep, said = in, append(said, strings.TrimLeft(rest, ": \t"))
	}
	return cut(strings.TrimSpace(strings.Join(said, " ")))
}
