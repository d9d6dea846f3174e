package calendar_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// paper takes the facts about who is one person.
type paper struct{ last uint64 }

func (p *paper) Append(_ context.Context, es []customer.Entry) error {
	for i := range es {
		p.last++
		es[i].Sequence = p.last
	}
	return nil
}

// joining has the shop know who is one person, as intake does.
func (s *shop) joining() { s.store.IntroduceTo(&paper{}, s.ids) }

func (s *shop) guest(email string) string { return s.ids.Guest("main", email) }

// says folds an event of some days ago, of an id with an address.
func (s *shop) says(daysAgo int, id, email string, d func(events.Customer) events.Data) {
	now := s.clock.Time
	s.clock.Time = now.AddDate(0, 0, -daysAgo)
	s.happens(d(events.Customer{ID: id, Email: email}))
	s.clock.Time = now
}

func placedBy(s *shop, daysAgo int, id, email string) {
	s.says(daysAgo, id, email, func(c events.Customer) events.Data {
		return &events.OrderPlaced{Customer: c, Order: events.Order{ID: fmt.Sprint(id, "-", daysAgo)}}
	})
}

// The account has not ordered for long, and the person has, yesterday, as a guest.
func TestALapseIsOfThePersonAndNotOfAnID(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		s.joining()
		placedBy(s, 181, "ann", "ann@example.com")
		placedBy(s, 1, s.guest("ann@example.com"), "Ann@example.com")
		placedBy(s, 181, "bob", "bob@example.com")
		placedBy(s, 300, s.guest("bob@example.com"), "bob@example.com")
		s.sweep()
		s.expect("lapsed bob")
		s.clock.forward(178, 0)
		s.sweep()
		s.expect("")
		s.clock.forward(2, 0)
		s.sweep()
		s.expect("lapsed " + s.guest("ann@example.com")) // where they ordered last
		for range 3 {
			s.clock.forward(2, 0)
			s.sweep()
		}
		s.expect("")
	})
}

// One order told under two ids is one lapse; and what lapsed under an id that was merged
// is told under the one that goes on.
func TestALapseIsToldOnceAndUnderTheIDThatGoesOn(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		s.joining()
		for _, id := range []string{s.guest("ann@example.com"), "ann", "anna"} {
			s.says(181, id, "ann@example.com", func(c events.Customer) events.Data {
				return &events.OrderPlaced{Customer: c, Order: events.Order{ID: "7"}}
			})
		}
		placedBy(s, 182, "old", "old@example.com")
		s.says(10, "new", "new@example.com", func(c events.Customer) events.Data { return &events.CustomerMerged{Customer: c, From: "old"} })
		s.sweep()
		got := strings.Split(s.heard(), ", ")
		if len(got) != 2 || got[1] != "lapsed new" || !strings.HasPrefix(got[0], "lapsed ann") {
			t.Errorf("said %q, want one of ann's accounts, and new for old", got)
		}
		s.clock.forward(1, 0)
		s.sweep()
		s.expect("")
	})
}

// Those who lapsed by what is known under one id, and were told of under another, are
// not told of again.
func TestALapseThatWasSaidUnderAnotherIDIsNotSaidAgain(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		s.joining()
		placedBy(s, 181, "ann", "ann@example.com")
		s.says(0, s.guest("ann@example.com"), "ann@example.com", func(c events.Customer) events.Data { return &events.CustomerLapsed{Customer: c} })
		s.sweep()
		s.expect("")
	})
}

func TestAPersonHasOneBirthdayAYear(t *testing.T) {
	both(t, "2026-06-01T00:07:00Z", func(t *testing.T, s *shop) {
		s.joining()
		born := func(daysAgo int, id, email, day string) {
			s.says(daysAgo, id, email, func(c events.Customer) events.Data {
				c.Birthday = day
				return &events.CustomerUpdated{Customer: c}
			})
		}
		born(9, "ann", "ann@example.com", "--06-02")
		born(8, s.guest("ann@example.com"), "ann@example.com", "1990-06-02")
		born(9, "bob", "bob@example.com", "--06-02") // a mistake
		born(8, s.guest("bob@example.com"), "bob@example.com", "--06-20")
		born(9, "old", "old@example.com", "--06-03")
		s.says(2, "new", "new@example.com", func(c events.Customer) events.Data { return &events.CustomerMerged{Customer: c, From: "old"} })
		s.sweep()
		s.expect("birthday ann, birthday new")
		for range 17 {
			s.clock.forward(1, 0)
			s.sweep()
		}
		s.expect("birthday " + s.guest("bob@example.com"))
		s.clock.forward(20, time.Hour)
		s.sweep()
		s.expect("")
	})
}

// A shop goes on with one of two ids, and changes its mind. What is known under either
// is told once, under the one that it named last.
func TestWhoWasMergedBothWaysIsToldOfOnce(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		s.joining()
		for daysAgo, id := range map[int]string{181: "ann", 182: "ben"} {
			s.says(daysAgo, id, id+"@example.com", func(c events.Customer) events.Data {
				c.Birthday = "--06-03"
				return &events.OrderPlaced{Customer: c, Order: events.Order{ID: id}}
			})
		}
		merge := func(daysAgo int, into, from string) {
			s.says(daysAgo, into, "", func(c events.Customer) events.Data { return &events.CustomerMerged{Customer: c, From: from} })
		}
		merge(9, "ann", "ben")
		merge(8, "ben", "ann")
		s.sweep()
		s.expect("birthday ben, lapsed ben")
		for range 3 {
			s.clock.forward(1, 0)
			s.sweep()
		}
		s.expect("")
	})
}
