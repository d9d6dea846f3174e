package workers

import (
	"time"

	"homing/events"
)

// Points is how a customer stands in a rewards programme, as an email says it.
type Points struct {
	Balance  int          // points that can be used, after what the email itself costs
	Pending  int          // of orders that are too new
	Reward   int          // what the next reward costs; 0: there is none
	Needed   int          // points that are missing: for a reward, or for what the email is about
	Spend    events.Money // or what is still to be spent
	Expiring int          // points that expire
	Day      time.Time    // the last day on which they, or the tier, are good, in the store's zone
	Tier     string       // which the customer is in
	Next     string       // the one above
}
