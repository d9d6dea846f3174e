package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Schedules of messages came with level 2 of JetStream's API, in nats-server 2.12.
// Older servers take a stream that has them, store such messages, acknowledge them,
// and never deliver one.
const (
	scheduleLevel = 2
	oldestServer  = "2.12"
)

// TooOld says that a server cannot schedule messages.
type TooOld struct {
	Version string // of the server that we are connected to
	Level   int    // of its JetStream API
}

func (o *TooOld) Error() string {
	return fmt.Sprintf("this is nats-server %s (JetStream API level %d), which cannot schedule messages: emails would wait for ever. "+
		"Homing needs nats-server %s or later (level %d), on every server with JetStream", o.Version, o.Level, oldestServer, scheduleLevel)
}

// ErrNoJetStream is in the errors of Able that say that there is none.
var ErrNoJetStream = errors.New("no JetStream")

// patient is how long JetStream may take to say what it can.
const patient = 1500 * time.Millisecond

// Able returns nil if JetStream answers, in the domain that js is for, and can do what
// Homing's streams need; else what is missing, in words.
func Able(ctx context.Context, js jetstream.JetStream) error {
	asked, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	info, err := js.AccountInfo(asked)
	domain := js.Options().Domain
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("%w: it is off for our account; switch it on for the account (jetstream: enabled)", ErrNoJetStream)
	case domain != "" && (errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, nats.ErrNoResponders)):
		return fmt.Errorf("%w: none answers for the domain %s of nats.domain; check its name, and whether its server or leaf node is there", ErrNoJetStream, domain)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w: the server has it switched off, or its cluster has no leader; start nats-server with --jetstream, or set nats.domain", ErrNoJetStream)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("%w: it does not answer; it has no leader yet, or our user may not publish to %s or subscribe to answers: %w", ErrNoJetStream, API(js, "INFO"), err)
	default:
		return fmt.Errorf("asking JetStream what it can: %w", err)
	}
	if domain != "" && info.Domain != domain {
		return fmt.Errorf("%w: nats.domain is %s, and who answers there is the domain %q", ErrNoJetStream, domain, info.Domain)
	}
	if info.API.Level < scheduleLevel {
		return &TooOld{js.Conn().ConnectedServerVersion(), info.API.Level}
	}
	return nil
}
