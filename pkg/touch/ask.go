package touch

import "time"

// An AskLimit is how often one mailbox is asked whether it wants email, at most.
type AskLimit struct {
	Most int
	Over time.Duration
	Says string // Over, as people read it
}

// AskLimits bound the steps that ask: nobody can be bombed with questions.
var AskLimits = []AskLimit{{1, 24 * time.Hour, "24 h"}, {3, 30 * 24 * time.Hour, "30 d"}}

// AskedFor is for how long a question counts.
const AskedFor = 30 * 24 * time.Hour
