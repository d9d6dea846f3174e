package reports

import (
	"encoding/json"
	"time"

	"homing/pkg/feedback"
	"homing/pkg/returnpath"
)

// object is JSON of which some fields are asked for. What is of another type than it is
// asked for is not there: providers add fields, and change them.
type object map[string]json.RawMessage

// objectOf reads an object; nil if it is none.
func objectOf(raw []byte) object {
	var o object
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

func (o object) object(name string) object { return objectOf(o[name]) }

func (o object) text(name string) string {
	var s string
	_ = json.Unmarshal(o[name], &s)
	return s
}

func (o object) number(name string) int {
	var n int
	_ = json.Unmarshal(o[name], &n)
	return n
}

func (o object) yes(name string) bool {
	var b bool
	_ = json.Unmarshal(o[name], &b)
	return b
}

// list returns the elements of a list; nil if it is none.
func (o object) list(name string) []json.RawMessage {
	var l []json.RawMessage
	_ = json.Unmarshal(o[name], &l)
	return l
}

// code is that of the email, among a provider's own fields.
func (o object) code() string { return o.text(returnpath.Field) }

// of is a report about what became of an email.
func of(rs ...feedback.Recipient) feedback.Report {
	return feedback.Report{Kind: feedback.Delivery, Recipients: rs}
}

// means is a report whose meaning needs no words.
func means(m feedback.Meaning) feedback.Report { return of(feedback.Recipient{Means: m}) }

// complained is a report that somebody doesn't want an email.
func complained(kind string) feedback.Report {
	return feedback.Report{Kind: feedback.Complaint, Feedback: kind}
}

// left is a report that somebody left by a link of the provider's own, at a time.
func left(at time.Time) feedback.Report {
	return feedback.Report{Kind: feedback.Unsubscribe, At: at}
}

// seconds is a time that a field has in seconds since 1970; the zero time if it has none.
func (o object) seconds(name string) time.Time {
	var s float64
	if json.Unmarshal(o[name], &s) != nil || s <= 0 || s > 1e11 {
		return time.Time{}
	}
	return time.UnixMilli(int64(s * 1000)).UTC()
}

// time is a time that a field has as RFC 3339; the zero time if it has none.
func (o object) time(name string) time.Time {
	t, err := time.Parse(time.RFC3339, o.text(name))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// unread is a report that a person has to read.
func unread() feedback.Report { return feedback.Report{} }

// forGood judges what a provider calls a permanent failure: it is hard, unless what the
// server said blames the sender or the content, or is about a full mailbox. Providers call
// those permanent, too.
func forGood(x feedback.Recipient) feedback.Recipient {
	if x.Means != feedback.NotTheirs && x.Means != feedback.Soft {
		x.Means = feedback.Hard
	}
	return x
}

// forNow judges what a provider calls a temporary failure, after which it gave up: it is
// soft, unless what the server said blames the sender or the content.
func forNow(x feedback.Recipient) feedback.Recipient {
	if x.Means != feedback.NotTheirs {
		x.Means = feedback.Soft
	}
	return x
}

// theirs says that the sender or the content is at fault, in what words there are.
func theirs(x feedback.Recipient) feedback.Recipient {
	x.Means = feedback.NotTheirs
	return x
}
