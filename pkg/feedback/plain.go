package feedback

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/emersion/go-message"
)

// What mail servers begin with that write to people only: no part of their report is for
// programs. In lower case; qmail, old Exim, and others in their words.
var (
	ofFailure = []string{
		"able to deliver", "unable to deliver", "not be delivered", "couldn't be delivered", "not delivered", "undeliverable", "undelivered", "cannot deliver", "can not deliver",
		"could not deliver", "delivery failed", "delivery failure", "delivery has failed", "failed to deliver", "failed permanently", "fatal error", "permanent error", "returned mail",
		"returned to sender", "mail delivery", "did not reach", "error delivering", "attempting to deliver", "trying to deliver", "not able to be delivered", "failure reasons", "nicht zugestellt", "unzustellbar", "pas pu être remis", "pas pu être délivré", "no se pudo entregar", "non è stato possibile consegnare",
		"não pôde ser entregue", "не доставлено", "не удалось доставить", "配信できません", "配信不能",
	}
	ofWarning = []string{
		"warning message only", "do not need to resend", "don't need to resend", "still being tried", "still trying", "will be retried", "keep trying", "continue to try", "not yet been delivered", "not been delivered yet",
		"delivery is delayed", "delayed", "temporarily deferred", "no action is required",
	}
	ofTheEnd = []string{"permanent", "given up", "giving up", "gave up", "not going to try again", "no further"}
	// ofUs are what qmail says before the recipient was named.
	ofUs = []string{"sender was rejected", "my name was rejected", "greeting failed"}
)

// copied begins the copy of the email that came back, of which no word counts.
var copied = regexp.MustCompile(`(?mi)^[ \t>]*(?:-{2,}.*(?:below this line|copy of|original message|returned message|message header|message follows|rest of|unsent message).*|(?:return-path|received|dkim-signature):.*|.*(?:is a copy of (?:the|your) (?:original )?message|headers? of (?:the|your) (?:original )?(?:message|email)).*)$`)

var (
	// named is a line that begins with a recipient, in brackets or before a colon, and what
	// is said of it.
	named = regexp.MustCompile(`(?m)^[ \t]*(?:<([^\s<>@]{1,64}@[^\s<>@:]{1,255})>|([^\s<>@:]{1,64}@[^\s<>@:,;()]{1,255})(?::|[ \t]*\r?$))`)
	// numbered is how qmail gives the status.
	numbered = regexp.MustCompile(`[(\[]?#([245]\.\d{1,3}\.\d{1,3})\b`)
	// anyCode is a reply code with an enhanced one, wherever it is.
	anyCode = regexp.MustCompile(`\b([45]\d\d)[ -]['"#]?([45]\.\d{1,3}\.\d{1,3})\b`)
)

// plain reads what a mail server wrote to people only; nil if it didn't, or doesn't say
// what became of the email.
func (p *reading) plain(h message.Header) []Recipient {
	text := strings.ReplaceAll(p.text, "\r\n", "\n")
	if !bySystem(h) && !strings.HasPrefix(strings.TrimSpace(text), "Hi. This is the ") {
		return nil
	}
	if at := copied.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	if p.status = groups(strings.NewReader(text), maxRecipients+1); len(p.recipients()) > 0 { // the part for programs, among the words
		return p.recipients()
	}
	failed := h.Get("X-Failed-Recipients")
	subject, _ := h.Text("Subject")
	switch warns := says(text, ofWarning) && !says(text, ofTheEnd); {
	case !warns && failed == "" && !says(subject+"\n"+text, ofFailure):
		return nil
	case warns:
		return []Recipient{{Action: "delayed", Means: Waiting}}
	}
	var out []Recipient
	for _, a := range strings.SplitN(failed, ",", maxRecipients) {
		if words := about(text, address(a)); words != "" {
			out = append(out, told(address(a), words))
		}
	}
	for _, at := range named.FindAllStringSubmatchIndex(text, maxRecipients) {
		if len(out) > 0 && failed != "" {
			break
		}
		a := ""
		for i := 2; i < len(at); i += 2 {
			if at[i] >= 0 {
				a = text[at[i]:at[i+1]]
			}
		}
		words, _, _ := strings.Cut(text[at[1]:], "\n\n")
		if words = strings.Join(strings.Fields(strings.TrimLeft(words, ":")), " "); words != "" {
			out = append(out, told(a, words))
		}
	}
	if len(out) > 0 {
		return out
	}
	// One recipient, whom it names nowhere, or apart from what is said.
	r := told(address(failed), strings.Join(strings.Fields(text), " "))
	if r.Code == 0 && r.Status == "" && r.Means != Hard && r.Means != Soft {
		return nil // only what is certain is taken out of so many words
	}
	return []Recipient{r}
}

// told judges what a person is told about a recipient: by the code of the server that
// refused, by the status that qmail gives, or by the words.
func told(address, words string) Recipient {
	r := Recipient{Address: cut(address), Action: "failed", text: cut(words)}
	switch m, n := anyCode.FindStringSubmatch(words), numbered.FindStringSubmatch(words); {
	case m != nil:
		r.Code, _ = strconv.Atoi(m[1])
		r.Status = m[2]
	case n != nil:
		r.Status = n[1]
	}
	r.judge()
	if says(words, ofUs) {
		r.Means = NotTheirs
	}
	return r
}
