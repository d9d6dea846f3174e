package rehearsal

import (
	"bytes"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// A Stored is an event as the timeline of an installation has it. In a file it is a line:
// the event, with two attributes before its own.
type Stored struct {
	Token string    // whom it is of: erasures and bounces on a timeline name nobody
	At    time.Time // when the timeline got it
	Data  []byte    // the event, as JSON
}

const (
	beforeToken = `{"token":"`
	beforeTime  = `","stored":"`
	beforeEvent = `",`
)

// Append appends the line to b, without a line break.
func (s Stored) Append(b []byte) []byte {
	b = append(append(b, beforeToken...), s.Token...)
	b = s.At.UTC().AppendFormat(append(b, beforeTime...), time.RFC3339Nano)
	return append(append(b, beforeEvent...), bytes.TrimPrefix(s.Data, []byte("{"))...)
}

// ReadStored reads a line that Append wrote; false: it is another. Data is the whole line
// then: readers of events pass over attributes that they do not know.
func ReadStored(line []byte) (Stored, bool) {
	token, rest, found := bytes.Cut(line, []byte(beforeTime))
	token, ours := bytes.CutPrefix(token, []byte(beforeToken))
	stored, _, ends := bytes.Cut(rest[:min(len(rest), 64)], []byte(beforeEvent))
	if !ours || !found || !ends {
		return Stored{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(stored))
	return Stored{string(token), at, line}, err == nil
}

// tells reports whether a fact says what nothing else does: who recommended the shop to
// somebody, which takes the codes that were passed on.
func tells(e events.Event) bool {
	d, ok := e.Data.(*events.ReferralNoted)
	return ok && d.Side == events.SideFriend
}

// AddStored adds an event of an installation's timeline: Homing is told of it when the
// timeline got it, unless it was brought over. Facts, copies, and what Homing itself said,
// are left out. The error is an *events.Error.
func (h *History) AddStored(store string, s Stored) error {
	e, err := events.DecodeTrusted(store, s.Data)
	if err != nil {
		return err
	}
	if e.Type.IsFact() && !tells(e) || e.Copy || saidByHoming(e) {
		h.Own++
		return nil
	}
	k, ok := customer.KeyOfToken(store, s.Token)
	if !ok {
		return &events.Error{Reason: events.ReasonBadValue, Field: "token", Detail: "is not the token of a customer; write the history again: homing history"}
	}
	if d, ok := e.Data.(events.CustomerData); ok && d.Who().ID != "" {
		own := h.e.id.Key(store, d.Who().ID)
		h.foreign = h.foreign || own != k
		k = own
	}
	at := e.Time
	if !e.Historical && s.At.After(at) {
		at = s.At
	}
	h.stored++
	h.put(at, customer.Entry{Key: k, Event: e})
	return nil
}
