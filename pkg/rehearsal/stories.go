package rehearsal

import (
	"cmp"
	"context"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/why"
)

// A Story is all that happened to one customer, and what was done about it, in words.
type Story struct {
	Customer string `json:"customer"`
	About    string `json:"about"` // why it is told
	Lines    []Line `json:"lines"`
}

// Line is one thing that happened.
type Line struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// storyLines bounds a story: its last lines are told.
const storyLines = 30

// chosen is a customer whose story is worth telling.
type chosen struct {
	person int32
	about  string
}

// Stories tells some stories, each of another kind, in the words of `homing why`.
func (r *Result) Stories(ctx context.Context, most int) ([]Story, error) {
	var out []Story
	for _, c := range r.choose(most) {
		s, err := r.story(ctx, c)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// choose picks customers: for each worker one to whom it sent, and for the most frequent
// reasons one each. Of those who would do, the one with the fewest outcomes above four, so
// that a story is short and not empty.
func (r *Result) choose(most int) []chosen {
	type kind struct{ action, what string }
	best, count, size := map[kind]int32{}, map[kind]int{}, map[int32]int{}
	for i := range r.Outcomes {
		size[r.Outcomes[i].Person]++
	}
	better := func(a, b int32) bool { // a in the place of b
		x, y := size[a], size[b]
		if (x >= 4) != (y >= 4) {
			return x >= 4
		}
		return cmp.Or(cmp.Compare(x, y), compareNames(r.h.who.name, a, b)) < 0
	}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		k := kind{o.Action, o.Reason}
		if o.Action == events.ActionSent {
			k.what = o.Worker
		}
		count[k]++
		if was, ok := best[k]; !ok || better(o.Person, was) {
			best[k] = o.Person
		}
	}
	kinds := make([]kind, 0, len(count))
	for k := range count {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b kind) int {
		sent := func(k kind) int {
			if k.action == events.ActionSent {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(sent(a), sent(b)), cmp.Compare(count[b], count[a]), cmp.Compare(a.action+a.what, b.action+b.what))
	})
	var out []chosen
	told := map[int32]bool{}
	for _, k := range kinds {
		who := best[k]
		if len(out) == most || told[who] || who < 0 {
			continue
		}
		told[who] = true
		about := k.action + ": " + k.what
		if k.action == events.ActionSent {
			about = "got an email of " + k.what
		}
		out = append(out, chosen{who, about})
	}
	return out
}

func (r *Result) story(ctx context.Context, c chosen) (Story, error) {
	s := r.e.shards[r.e.shardOfPerson(c.person)]
	key, entries, err := r.before(ctx, s, c.person)
	if err != nil {
		return Story{}, err
	}
	persons, err := s.people.Read(ctx, []customer.Ask{{Key: key}})
	if err != nil {
		return Story{}, err
	}
	for i := range s.said {
		if r.e.person(s.said[i].Key) == c.person {
			entries = append(entries, s.said[i])
		}
	}
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.Person == c.person {
			entries = append(entries, o.entry(key))
		}
	}
	slices.SortStableFunc(entries, func(a, b customer.Entry) int { return a.Event.Time.Compare(b.Event.Time) })
	for i := range entries {
		entries[i].Sequence = uint64(i + 1)
	}
	report := why.Tell(why.Input{
		Asked: r.Person(c.person), Key: key, Person: persons[0], Entries: entries, Store: r.e.stores[key.Store], Products: r.e.products[key.Store],
		Address: func(email string) string { return r.e.id.Address(key.Store, email) }, Now: r.To, Limit: storyLines,
	})
	out := Story{Customer: r.Person(c.person), About: c.about}
	for _, l := range report.Story {
		out.Lines = append(out.Lines, Line{l.At, l.Text})
	}
	return out, nil
}

// before returns what was told of a person, and under which of their ids to read them: in
// the history, or in that of the installation that goes on.
func (r *Result) before(ctx context.Context, s *shard, person int32) (key customer.Key, entries []customer.Entry, err error) {
	if r.e.past == nil {
		for i := range s.told {
			if t := s.told[i]; t.At.Before(r.To) && r.e.person(t.Entry.Key) == person {
				entries = append(entries, t.Entry)
			}
		}
		return entries[0].Key, entries, nil
	}
	var records []*customer.Record
	for k, x := range s.people.records {
		if x.Customer.ID.Value != "" && r.e.person(k) == person {
			records = append(records, &x.Record)
		}
	}
	slices.SortFunc(records, func(a, b *customer.Record) int { return customer.CompareKeys(a.Key, b.Key) })
	for _, x := range records {
		if key == (customer.Key{}) || x.Customer.ID.Value == r.Person(person) {
			key = x.Key
		}
	}
	entries, err = r.e.recalled(ctx, records)
	return key, entries, err
}

// entry is the fact that says an outcome.
func (o *Outcome) entry(k customer.Key) customer.Entry {
	t := events.Type(o.Entity + "." + o.Action)
	b := events.FactBody{Touch: o.Touch(), Worker: o.Worker, Step: o.Step, Customer: o.Customer, Occasion: o.Occasion,
		Class: string(o.Class), Reason: o.Reason, Detail: o.Detail, Template: o.Template, Channel: o.Channel}
	id := b.Touch + "." + o.Action
	if !o.Until.IsZero() {
		until := o.Until
		b.Until, id = &until, id+o.Until.Format(time.RFC3339)
	}
	return customer.Entry{Key: k, Event: events.Event{ID: id, Source: "/homing/delivery", Type: t, Store: k.Store, Time: o.At, Data: events.NewFact(t, b)}}
}
