// Package offer holds what an incentive is: how much, for how long, and where
// its code comes from. It is pure; codes are kept and bound elsewhere.
package offer

import (
	"errors"
	"regexp"
	"time"

	"homing/events"
)

// ErrNoCode says that a list has no code left.
var ErrNoCode = errors.New("the list of codes is empty")

var codeForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$`)

// ValidCode reports whether a code can stand in an email: 1 to 40 letters, digits,
// - and _, the first a letter or digit.
func ValidCode(code string) bool { return codeForm.MatchString(code) }

// The kinds of codes.
const (
	Static = "static" // one code for all, which the shop made
	List   = "list"   // codes that the shop loaded, each for one customer
	Mint   = "mint"   // codes that Homing makes, each for one customer, for the shop to honour
)

// Terms is an offer as it is configured. Exactly one of Percent and Amount is set.
type Terms struct {
	Percent  int           // 1 to 100
	Amount   events.Money  // off the whole order
	Valid    time.Duration // until the end of the customer's day this long after it was bound
	Kind     string        // of code: Static, List or Mint
	Value    string        // Static: the code. Mint: what codes begin with; may be empty
	List     string        // List: the name of the list
	Personal bool          // the customer passes it on: others use it
	Points   int           // what the customer pays for it from their ledger of points; 0: it is free

	Segments []string // customers whom it is made to; none: all
}
