package installation

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/control"
	"homing/pkg/programme"
)

// Switched is one worker as `homing pause --output json` and resume tell of it.
type Switched struct {
	Worker  string `json:"worker"`
	Store   string `json:"store,omitempty"` // none: in every store
	Paused  bool   `json:"paused"`
	Changed bool   `json:"changed"`
	// Config is whether the configuration has it paused, wherever that is.
	Config bool `json:"paused_by_configuration"`
}

// CheckPauseReason refuses a reason that must not be kept.
func CheckPauseReason(why string) error {
	if strings.Contains(why, "@") {
		return errors.New("it stays on the timeline for years, so it must not contain an address")
	}
	return nil
}

// Pause has a worker send nothing in a store, or, with store "", in any, until Resume. why
// is for people.
func Pause(ctx context.Context, c *config.Config, js jetstream.JetStream, scale clock.Scale, worker, store, why string) (Switched, error) {
	if err := CheckPauseReason(why); err != nil {
		return Switched{}, err
	}
	changed, err := Controls(c, js, scale).Pause(ctx, control.Hold{Worker: worker, Store: store, Reason: control.Paused, Detail: why})
	return switched(c, worker, store, true, changed, err)
}

// Resume lets a worker send again.
func Resume(ctx context.Context, c *config.Config, js jetstream.JetStream, scale clock.Scale, worker, store string) (Switched, error) {
	changed, err := Controls(c, js, scale).Resume(ctx, control.Hold{Worker: worker, Store: store, Reason: control.Paused})
	return switched(c, worker, store, false, changed, err)
}

func switched(c *config.Config, worker, store string, paused, changed bool, err error) (Switched, error) {
	if err != nil {
		return Switched{}, fmt.Errorf("%s: %w", worker, err)
	}
	return Switched{Worker: worker, Store: store, Paused: paused, Changed: changed, Config: programme.PausedByConfig(c, worker, store)}, nil
}
