package touch

import (
	"encoding/json"
	"strconv"
	"time"
)

// Encode returns the touch as the body of its message: what json.Marshal returns, for a
// third of its time. An announcement has a million of them.
func (t *Touch) Encode() (b []byte, err error) {
	if !t.simple() {
		return json.Marshal(t)
	}
	b = make([]byte, 0, 384)
	b = appendPlain(b, `{"worker":`, t.Worker)
	b = appendPlain(b, `,"step":`, t.Step)
	b = appendPlain(b, `,"customer":{"store":`, t.Customer.Store)
	b = strconv.AppendUint(append(b, `,"bucket":`...), uint64(t.Customer.Bucket), 10)
	b = appendPlain(b, `,"token":`, t.Customer.Token)
	b = appendPlain(b, `},"occasion":`, t.Occasion)
	b = appendTime(b, `,"due":`, t.Due)
	b = appendTime(b, `,"wake":`, t.Wake)
	if t.Zone != "" {
		b = appendPlain(b, `,"zone":`, t.Zone)
	}
	if t.Late {
		b = append(b, `,"late":true`...)
	}
	if !t.Caused.IsZero() {
		b = appendTime(b, `,"caused":`, t.Caused)
	}
	if t.Address != "" {
		b = appendPlain(b, `,"address":`, t.Address)
	}
	if t.Tries != 0 {
		b = strconv.AppendInt(append(b, `,"tries":`...), int64(t.Tries), 10)
	}
	if t.Issued {
		b = append(b, `,"issued":true`...)
	}
	if t.Snapshot != nil && t.Snapshot.empty() {
		b = append(b, `,"snapshot":{}`...)
	} else if t.Snapshot != nil {
		if b, err = appendJSON(b, `,"snapshot":`, t.Snapshot); err != nil {
			return nil, err
		}
	}
	if t.Again != nil {
		if b, err = appendJSON(b, `,"again":`, t.Again); err != nil {
			return nil, err
		}
	}
	if t.Own != nil {
		if b, err = appendJSON(b, `,"own":`, t.Own); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// empty reports whether the email displays nothing of what led to it.
func (s *Snapshot) empty() bool {
	return s.Order == "" && s.Cart == "" && s.URL == "" && s.PlacedAt.IsZero() && len(s.Items) == 0 && s.More == 0 &&
		s.Total.IsZero() && s.Discount.IsZero() && s.Shipping.IsZero() && s.Tax.IsZero() && s.StatusURL == "" &&
		s.Subscription == nil && s.RetryAt.IsZero() && s.To == "" && s.FirstName == "" && s.LastName == ""
}

// simple reports whether nothing in the touch needs to be escaped, and its times are such
// as JSON can tell.
func (t *Touch) simple() bool {
	for _, s := range [...]string{t.Worker, t.Step, t.Customer.Store, t.Customer.Token, t.Occasion, t.Zone, t.Address} {
		for i := range len(s) {
			if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
				return false
			}
		}
	}
	for _, at := range [...]time.Time{t.Due, t.Wake, t.Caused} {
		if _, offset := at.Zone(); offset%60 != 0 || offset <= -24*60*60 || offset >= 24*60*60 || at.Year() < 0 || at.Year() > 9999 {
			return false
		}
	}
	return true
}

func appendPlain(b []byte, name, s string) []byte {
	return append(append(append(append(b, name...), '"'), s...), '"')
}

func appendJSON(b []byte, name string, v any) ([]byte, error) {
	part, err := json.Marshal(v)
	return append(append(b, name...), part...), err
}

func appendTime(b []byte, name string, t time.Time) []byte {
	return append(t.AppendFormat(append(append(b, name...), '"'), time.RFC3339Nano), '"')
}
