package rehearsal

import (
	"maps"
	"slices"
)

// Unread is what an installation was told and has yet to act on, when it was read.
type Unread struct {
	Events  uint64 `json:"not_taken_in"` // on STOREFRONT
	Entries uint64 `json:"not_planned"`  // on the timeline, by the worker that is furthest behind
}

// FromNow is what an installation began with that is lived ahead.
type FromNow struct {
	Pending int `json:"pending"` // touches that waited
	Unread
	Paused []PausedCount `json:"paused"` // workers that are paused, and what waits for them
}

// PausedCount is how many touches fall due while their worker is paused.
type PausedCount struct {
	Worker  string `json:"worker"`
	Waiting int    `json:"waiting"`
}

// Ahead reports whether an installation was lived ahead, and not a history.
func (r *Result) Ahead() bool { return !r.e.began.IsZero() }

func (r *Result) fromNow() *FromNow {
	out := &FromNow{Pending: r.e.waited, Unread: r.Unread, Paused: []PausedCount{}}
	all := map[string]int{}
	for _, s := range r.e.shards {
		for w, n := range s.parked {
			all[w] += n
		}
	}
	for _, w := range slices.Sorted(maps.Keys(all)) {
		out.Paused = append(out.Paused, PausedCount{w, all[w]})
	}
	return out
}

// notesAhead say what an installation that is lived ahead cannot know.
func (r *Result) notesAhead() []string {
	out := []string{
		"Nothing else happens: nobody orders, leaves a cart, clicks, answers or unsubscribes. What customers will do leads to emails of its own, takes places under the caps, and ends emails that are told of here.",
		"Every email leaves when it may and is accepted. Bounces, spam reports and what the relay will make wait are not lived through; the report counts the wait apart, without what other workers of the relay have left today.",
		"What was being handed over while the installation was read counts as sent before.",
		"What is pending keeps the content it was planned with. Lists of codes have as many codes as are asked for.",
	}
	now := r.fromNow()
	for _, p := range now.Paused {
		out = append(out, p.Worker+" is paused: what falls due for it waits, and may be out of date when it goes on. Emails that would be waiting at the end: "+number(p.Waiting)+".")
	}
	if now.Events > 0 {
		out = append(out, "Not all that the shop published had been taken in when the installation was read. What the rest leads to is missing; events: "+number(int(now.Events))+".")
	}
	if now.Entries > 0 {
		out = append(out, "Not all of the timeline had been planned for when the installation was read. What the rest leads to is missing; entries: "+number(int(now.Entries))+".")
	}
	return out
}
