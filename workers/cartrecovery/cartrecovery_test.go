package cartrecovery_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/cartrecovery"
	"homing/workers/workertest"
)

var (
	noon = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	ann  = customer.Key{Store: "main", Token: "abcdefghijklmnop"}
	who  = events.Customer{ID: "ann"}
)

// cart is a cart of products, one each; "tea 2" is two of them.
func cart(id string, what ...string) events.Cart {
	k := events.Cart{ID: id, URL: "https://shop.example/" + id, Items: []events.Item{}}
	for _, p := range what {
		p, n, _ := strings.Cut(p, " ")
		k.Items = append(k.Items, events.Item{ProductID: p, Name: p, Quantity: max(1, len(n))})
	}
	return k
}

func left(after time.Duration, k events.Cart) events.Event {
	return at(after, &events.CartAbandoned{Customer: who, Cart: k})
}

func updated(after time.Duration, k events.Cart) events.Event {
	return at(after, &events.CartUpdated{Customer: who, Cart: k})
}

func ordered(after time.Duration, id, from string, what ...string) events.Event {
	return at(after, &events.OrderPlaced{Customer: who, Order: events.Order{ID: id, CartID: from, Items: cart("", what...).Items}})
}

func cancelled(after time.Duration, id string) events.Event {
	return at(after, &events.OrderCancelled{Customer: who, Order: events.OrderChange{ID: id}})
}

// sent and dropped are facts about a step of an occasion.
func sent(after time.Duration, step, occasion string) events.Event {
	return at(after, &events.EmailSent{Email: events.Email{Touch: id(step, occasion)}})
}

func dropped(after time.Duration, step, occasion string) events.Event {
	return at(after, &events.EmailDropped{Email: events.Email{Touch: id(step, occasion), Reason: "expired"}})
}

func id(step, occasion string) string {
	return touch.Touch{Worker: "cart-recovery", Step: step, Customer: ann, Occasion: occasion}.ID()
}

func at(after time.Duration, d events.Data) events.Event {
	t := noon.Add(after)
	return events.Event{ID: string(d.Type()) + t.String(), Source: "/shop", Store: "main", Type: d.Type(), Time: t, Data: d}
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func worker(t *testing.T, set func(c *cartrecovery.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, cartrecovery.Kind, set)
}

func asIs(*cartrecovery.Config) {}

func idle(c *cartrecovery.Config) { c.Idle = 2 * time.Hour }

// plan has the last of the events plan, once all are known.
func plan(t *testing.T, set func(c *cartrecovery.Config), es ...events.Event) []touch.Touch {
	t.Helper()
	last := es[len(es)-1]
	return worker(t, set).Plan(workers.Input{Event: last, Key: ann, Customer: new(fold(es...)), Now: last.Time})
}

func TestTheConfigurationIsChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(c *cartrecovery.Config)
		want string // part of the error
	}{
		{"negative idle", func(c *cartrecovery.Config) { c.Idle = -time.Second }, "idle: -1s"},
		{"no steps", func(c *cartrecovery.Config) { c.Steps = nil }, "steps: is empty"},
		{"steps out of order", func(c *cartrecovery.Config) { c.Steps[1].After = time.Hour }, "steps[1].after: 1h"},
		{"an offer before the last step", func(c *cartrecovery.Config) { c.Steps[0].Offer = c.Steps[2].Offer }, "steps[0].offer: only the last"},
		{"an offer that is none", func(c *cartrecovery.Config) { c.Steps[2].Offer = &workers.Offer{Code: "gift"} }, "steps[2].offer.code"},
		{"status", func(c *cartrecovery.Config) { c.Status = "on" }, `status: "on"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := cartrecovery.Kind.New(workertest.Section(c.set)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	broken := errors.New("unknown key")
	if _, err := cartrecovery.Kind.New(func(any) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("what the decoder said is lost: %v", err)
	}
}

func TestStepsAreThoseOfTheConfiguration(t *testing.T) {
	steps := worker(t, func(c *cartrecovery.Config) { c.Steps[1].Expires = time.Hour }).Steps
	var got []string
	for _, s := range steps {
		got = append(got, s.Name+" "+s.Expires.String())
	}
	if d := cmp.Diff([]string{"reminder 24h0m0s", "second 1h0m0s", "last-call 24h0m0s"}, got); d != "" {
		t.Error(d)
	}
	if steps[0].Offer != nil || steps[1].Offer != nil || steps[2].Offer == nil || steps[2].Offer.Value != "COMEBACK10" {
		t.Errorf("only the last step offers something: %+v", steps)
	}
}

func TestTheConfigurationFileHoldsTheDefaults(t *testing.T) {
	const path = "../../configs/homing.yaml"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(path, data, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, store := range c.Stores {
		var got cartrecovery.Config // empty: what the file does not mention shows
		if err := store.Workers[cartrecovery.Name].Decode(&got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(cartrecovery.Defaults(), got); d != "" {
			t.Errorf("store %s: the file is not the defaults (-defaults +file):\n%s", id, d)
		}
	}
}
