package projection

import (
	"time"

	"homing/pkg/customer"
)

// What follows here is for those who keep customers otherwise than in Redis, and fold as
// Customers do.

// KeptLinks is of how many ids the links of a mailbox are kept.
const KeptLinks = keptLinks

// Merged is the fact, with the id that is no longer used, that another goes on for it; e
// says so.
func Merged(id *customer.Identity, e *customer.Entry) customer.Entry {
	return (&Customers{identity: id}).merged(e)
}

// Erased is the copy of an erasure for another record of the person.
func Erased(k customer.Key, at time.Time) customer.Entry { return erased(k, at) }
