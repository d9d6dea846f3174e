package control

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"homing/pkg/bus"
)

const (
	// settle is how long after a word the bucket is read: what is said reaches us
	// while it is being stored.
	settle = 100 * time.Millisecond
	// again is when it is read once more, from a replica that may lag.
	again = 2 * time.Second
	// missed is how soon it is read without a word.
	missed = time.Hour
	// retry is how soon it is read again after a failure.
	retry = time.Second
)

// Run keeps the holds up to date until ctx ends. It rests on a plain subscription,
// which costs nothing while nothing happens.
func (c *Controls) Run(ctx context.Context) {
	word := make(chan struct{}, 1)
	sub, err := c.o.JS.Conn().Subscribe("$KV."+bus.ControlsBucket+"."+prefix+">", func(*nats.Msg) {
		select {
		case word <- struct{}{}:
		default:
		}
	})
	if err != nil { // the connection is closed: we are stopping
		c.o.Log.Error("cannot be told of what is paused", zap.Error(err))
		return
	}
	defer func() { _ = sub.Unsubscribe() }()
	back := c.o.JS.Conn().StatusChanged(nats.CONNECTED) // what was published in the meantime was missed
	defer c.o.JS.Conn().RemoveStatusListener(back)
	for wait := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-back:
			wait = again
		case <-word:
			select {
			case <-ctx.Done():
				return
			case <-time.After(settle):
			}
			wait = again
		case <-time.After(wait):
			wait = missed
		}
		if err := c.Read(ctx); err != nil && ctx.Err() == nil {
			c.o.Log.Warn("waiting for the bucket of controls", zap.Error(err))
			wait = retry
		}
	}
}
