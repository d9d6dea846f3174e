package rewards

import (
	"errors"
	"fmt"

	"homing/pkg/offer"
	"homing/workers"
)

// most is how many rewards a programme may have.
const most = 10

// all returns the rewards in their order; none if there are none to be had.
func (r Reward) all() []Further {
	if r.Offer.Terms() == nil {
		return nil
	}
	return r.written()
}

// written returns the rewards as the configuration has them.
func (r Reward) written() []Further { return append([]Further{{r.Points, r.Offer}}, r.Then...) }

// thresholds returns with how many points of a round each is reached.
func (r Reward) thresholds() (out []int) {
	for _, f := range r.all() {
		out = append(out, f.Points)
	}
	return out
}

// least returns what the reward takes that takes the fewest points.
func (r Reward) least() int {
	least, before := r.Points, 0
	for _, f := range r.all() {
		least, before = min(least, f.Points-before), f.Points
	}
	return least
}

// earned returns the step of a reward, by its place in the round: each has an offer of its
// own, and so a step of its own.
func earned(place int) string {
	if place == 0 {
		return Earned
	}
	return fmt.Sprintf("%s-%d", Earned, place+1)
}

// terms returns what the code of a step is worth; nil if the step is about no reward.
func (w worker) terms(step string) *offer.Terms {
	for i, f := range w.config.Reward.all() {
		if earned(i) == step {
			return f.Offer.Terms()
		}
	}
	return nil
}

func (r Reward) validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if r.Offer.Terms() == nil && len(r.Then) > 0 {
		fail("then: the first reward has no offer; write one, or leave then out")
	}
	if len(r.Then) >= most {
		fail("then: there are %d rewards in all; a programme has at most %d", len(r.Then)+1, most)
	}
	before := 0
	for i, f := range r.written() {
		key := ""
		if i > 0 {
			key = fmt.Sprintf("then[%d].", i-1)
		}
		terms := f.Offer.Terms()
		errs = append(errs, workers.At(key+"offer", f.Offer.Validate()))
		switch {
		case terms == nil && i > 0:
			fail("%soffer: is missing; write what the code is worth", key)
		case terms == nil:
		case len(f.Offer.Segments) > 0:
			fail("%soffer.segments: a reward is for all who have the points for it; write segments in the section of the worker to have fewer members mailed", key)
		case i == 0 && f.Points < 1:
			fail("points: %d is not above 0; write how many points the reward costs", f.Points)
		case i > 0 && f.Points <= before:
			fail("%spoints: %d is not more than the %d of the reward before; write the rewards in ascending order, each with all the points that it takes to get there", key, f.Points, before)
		}
		before = f.Points
	}
	return errors.Join(errs...)
}
