// Package announcement sends what a shop has to say to many at once: a newsletter, a sale,
// the hours before Christmas. People make its occasions (see pkg/announcement), and each
// template in its folder is one of its emails; no event leads to any.
//
// What it says is in the template, and there are as many subjects as that compares. When,
// to whom and how long is the announcement's; consent, caps, quiet hours and holdouts are
// the gate's, as everywhere.
package announcement

import (
	"errors"
	"fmt"
	"time"

	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "announcements"

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	Expires          time.Duration `yaml:"expires"` // how late it is still worth sending, if the announcement does not say
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{Settings: workers.Settings{Status: workers.Off, Priority: 20, Class: touch.Marketing}, Expires: 24 * time.Hour}
}

func (c Config) validate() error {
	err := c.Settings.Validate()
	if c.Class == touch.Transactional {
		err = errors.Join(err, errors.New("class: must be marketing; what goes to many at once is about nothing that one of them did"))
	}
	if c.Expires <= 0 {
		err = errors.Join(err, fmt.Errorf("expires: %v is not above 0; write how late an announcement is still worth sending, for example 24h", c.Expires))
	}
	return err
}

// Kind makes announcement workers.
var Kind = workers.Kind{
	Name:   Name,
	Emails: "news and announcements",
	ByHand: true,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		return workers.Worker{
			Settings: c.Settings, Any: &touch.Step{Class: c.Class, Expires: c.Expires},
			Plan:    func(workers.Input) []touch.Touch { return nil },
			Wanted:  func(touch.Touch, workers.Input) touch.Verdict { return touch.Verdict{} },
			Compose: compose,
		}
	}),
}

// compose says how many orders the customer placed: a template may thank for them.
func compose(_ touch.Touch, in workers.Input) workers.Wording {
	return workers.Wording{Orders: in.Customer.OrderCount()}
}
