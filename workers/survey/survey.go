// Package survey asks customers one question an email, which one click answers: how happy
// they are with an order, whether they would recommend the shop, and whether what they
// complained about was solved. What is asked, and what the page behind the click goes on to
// ask, is in the files templates/surveys/<step>.yaml.
//
// Triggers: order.placed, order.updated, order.fulfilled, order.delivered, complaint.closed.
// Steps: order, some days after it arrived; shop, some weeks after an order of somebody who
// has placed several, at most every half year; complaint, a day after it was closed.
//
// The question about an order comes before the review request (GoesBefore), which waits for
// the answer for some days: a happy one lets it go out, from the day after, and an unhappy
// one stops it. The question after a complaint takes the place of service's follow-up.
package survey

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/localtime"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "survey"

// The steps, which are the names of their surveys as well.
const (
	Order     = "order"
	Shop      = "shop"
	Complaint = "complaint"
)

const (
	day     = 24 * time.Hour
	worth   = 7 * day  // how late a question about an order or a complaint may be
	worthIt = 30 * day // and one about the shop
	// halfYear is the least between two questions about the shop.
	halfYear = 182 * day
	// onceIn is how long nobody is asked about another complaint.
	onceIn = 7 * day
	// soon is how long an email waits for another one that is on its way.
	soon = 5 * time.Minute
	// unhappy is the highest score that stops the review request.
	unhappy = 2
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	Asks             []string      `yaml:"asks"` // the steps
	AfterDelivery    time.Duration `yaml:"after_delivery"`
	AfterFulfilment  time.Duration `yaml:"after_fulfilment"` // if the delivery is never told
	AfterOrder       time.Duration `yaml:"after_order"`      // if neither is
	ReviewsWait      time.Duration `yaml:"reviews_wait"`     // how long review requests wait for an answer
	AskAgainAfter    time.Duration `yaml:"ask_again_after"`  // from one question about an order to that about another
	MaxOrderAge      time.Duration `yaml:"max_order_age"`
	ShopAfter        time.Duration `yaml:"shop_after"`  // an order
	ShopEvery        time.Duration `yaml:"shop_every"`  // from one question about the shop to the next
	ShopOrders       int           `yaml:"shop_orders"` // how many orders somebody has placed who is asked about the shop
	AfterComplaint   time.Duration `yaml:"after_complaint"`
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:        workers.Settings{Status: workers.Off, Priority: 45, Class: touch.Marketing},
		Asks:            []string{Order, Shop, Complaint},
		AfterDelivery:   3 * day,
		AfterFulfilment: 10 * day,
		AfterOrder:      17 * day,
		ReviewsWait:     5 * day,
		AskAgainAfter:   30 * day,
		MaxOrderAge:     180 * day,
		ShopAfter:       30 * day,
		ShopEvery:       halfYear,
		ShopOrders:      2,
		AfterComplaint:  day,
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate()}
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Class == touch.Transactional {
		errs = append(errs, errors.New("class: a survey is marketing, which needs consent; leave it marketing"))
	}
	all := []string{Order, Shop, Complaint}
	for i, a := range c.Asks {
		switch {
		case !slices.Contains(all, a):
			fail("asks: %q is not one of %s", a, strings.Join(all, ", "))
		case slices.Contains(c.Asks[:i], a):
			fail("asks: lists %s twice", a)
		}
	}
	if len(c.Asks) == 0 {
		fail("asks: is empty; to ask nothing, write status: off")
	}
	for _, d := range []struct {
		key  string
		wait time.Duration
	}{
		{"after_delivery", c.AfterDelivery}, {"after_fulfilment", c.AfterFulfilment}, {"after_order", c.AfterOrder},
		{"ask_again_after", c.AskAgainAfter}, {"shop_after", c.ShopAfter}, {"after_complaint", c.AfterComplaint},
	} {
		if d.wait < 0 {
			fail("%s: %v is negative", d.key, d.wait)
		}
	}
	if c.ReviewsWait < day || c.ReviewsWait > 10*day {
		fail("reviews_wait: %s is not between 1d and 10d", localtime.FormatDuration(c.ReviewsWait))
	}
	if c.MaxOrderAge <= 0 {
		fail("max_order_age: %v asks about no order; write how old one may be, for example 180d", c.MaxOrderAge)
	}
	if c.ShopEvery < halfYear || c.ShopEvery > 2*365*day {
		fail("shop_every: %s is not between 182d and 730d: nobody is asked more than twice a year", localtime.FormatDuration(c.ShopEvery))
	}
	if c.ShopOrders < 2 {
		fail("shop_orders: %d is less than 2: with one order nobody knows a shop yet", c.ShopOrders)
	}
	return errors.Join(errs...)
}

// Kind makes survey workers. Its horizon is that of review requests.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "surveys",
	Triggers: []events.Type{events.TypeOrderPlaced, events.TypeOrderUpdated, events.TypeOrderFulfilled, events.TypeOrderDelivered, events.TypeComplaintClosed},
	Horizon:  60 * day,
	OfOrder:  true,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, GoesBefore: w.GoesBefore}
	}),
}

// worker is the survey programme of one store.
type worker struct{ config Config }

func (w worker) asks(step string) bool { return slices.Contains(w.config.Asks, step) }

// steps: Wanted knows exactly when a touch about an order is too late. What it can be late
// against the time it was planned for is more, as a better signal moves it.
func (w worker) steps() (out []touch.Step) {
	c := w.config
	for _, s := range []struct {
		name, question string
		expires        time.Duration
	}{{Order, events.CSAT, worth + max(c.AfterDelivery, c.AfterFulfilment, c.AfterOrder)}, {Shop, events.NPS, worthIt}, {Complaint, events.QuestionSolved, worth}} {
		if w.asks(s.name) {
			out = append(out, touch.Step{Name: s.name, Template: Name + "/" + s.name, Class: c.Class, Expires: s.expires, Survey: s.name + "/" + s.question})
		}
	}
	return out
}

func (w worker) arrival() workers.Arrival {
	return workers.Arrival{AfterDelivery: w.config.AfterDelivery, AfterFulfilment: w.config.AfterFulfilment, AfterOrder: w.config.AfterOrder}
}

// Compose says what the question rests on.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	c := in.Customer
	out := workers.Wording{Orders: c.OrderCount()}
	switch t.Step {
	case Order:
		_, by := w.arrival().Of(t.Snapshot.Order, t.Snapshot.PlacedAt, c)
		out.Detail = by.String()
	case Shop:
		out.Detail = fmt.Sprintf("after %d orders", out.Orders)
	case Complaint:
		if closed, ok := workers.Closing(t); ok {
			out.Detail = "closed " + closed.Format("2006-01-02 15:04 MST")
		}
	}
	return out
}
