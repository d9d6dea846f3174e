package why

import (
	"strconv"
	"strings"
	"time"
)

// Match is one of those who answer to what was asked for.
type Match struct {
	Store    string   `json:"store"`
	Customer string   `json:"customer,omitempty"` // the id; absent: nobody has the address now
	Token    string   `json:"token"`
	Is       []string `json:"is"` // what was asked for is to them: see the constants
}

// What something that was asked for may be to a person.
const (
	IsID      = "id"
	IsToken   = "token"
	IsAddress = "address"            // of an account or guest
	IsOrder   = "order"              // they placed the order
	IsBox     = "address itself"     // nobody has it
	IsEarlier = "earlier address"    // an account's before
	IsNamed   = "an order's address" // named with an order, a cart or the like, and no account's
	IsErased  = "address of somebody who was erased"
)

// Rejected is an event that named the person and could not be taken in.
type Rejected struct {
	Sequence uint64    `json:"sequence"` // on REJECTED; `homing rejected show` takes it
	At       time.Time `json:"at"`       // when it was rejected
	Type     string    `json:"type"`
	Reason   string    `json:"reason"`
	Detail   string    `json:"detail,omitempty"`
}

// matches lists those who answer to what was asked for, if they are several.
func matches(b *strings.Builder, all []Match) {
	if len(all) < 2 {
		return
	}
	p := &printer{}
	p.line("%d customers answer to that; each is told of below, and found alone by the token.", len(all))
	var rows []Row
	for _, m := range all {
		rows = append(rows, Row{m.Name(), "as " + strings.Join(m.Is, ", ")})
	}
	p.columns("  ", rows)
	b.WriteString(p.b.String())
}

// Name says which one it is.
func (m Match) Name() string {
	if m.Customer == "" {
		return "nobody of store " + m.Store + " (token " + m.Token + ")"
	}
	return m.Customer + " of store " + m.Store + " (token " + m.Token + ")"
}

// Text says what is wrong with the event, and where it is.
func (r Rejected) Text() string {
	return r.Type + because(r.Reason, r.Detail) + "; `homing rejected show " + strconv.FormatUint(r.Sequence, 10) + "`"
}
