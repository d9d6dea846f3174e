package programme

import (
	"slices"

	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// askAgain has a worker decide about what is sent again as it decided the first time: it is
// asked about the same occasion, of a customer of whom it isn't known that it was sent. So no
// worker has to know of this, and what is over stays over.
func askAgain(w *workers.Worker) {
	wanted, compose, gathers := w.Wanted, w.Compose, w.Gathers
	if wanted == nil { // its section was wrong
		return
	}
	w.Wanted = func(t touch.Touch, in workers.Input) touch.Verdict { return wanted(first(t, in)) }
	w.Compose = func(t touch.Touch, in workers.Input) workers.Wording { return compose(first(t, in)) }
	if gathers != nil {
		w.Gathers = func(t touch.Touch, in workers.Input) []touch.Touch { return gathers(first(t, in)) }
	}
}

// first is a touch, and what is known, as it was the first time.
func first(t touch.Touch, in workers.Input) (touch.Touch, workers.Input) {
	if t.Again == nil {
		return t, in
	}
	t = t.About()
	own := []uint64{t.ClaimKey()}
	for _, token := range in.Customer.Tokens {
		own = append(own, t.Under(token).ClaimKey())
	}
	in.Customer = in.Customer.Without(func(k customer.Claim) bool { return slices.Contains(own, k.Touch) })
	return t, in
}
