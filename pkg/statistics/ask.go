package statistics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// refreshSubject is where a process that can is asked to compute the statistics
// of a store now. The body is the store.
const refreshSubject = "homing.products.refresh"

// ErrNobody says that no running process can compute statistics.
var ErrNobody = errors.New("no process with the role calendar is running")

// answer is what becomes of such a request.
type answer struct {
	Error string `json:"error,omitempty"`
}

// Ask has the statistics of a store computed now, and waits until they are published.
func Ask(ctx context.Context, nc *nats.Conn, store string) error {
	m, err := nc.RequestWithContext(ctx, refreshSubject, []byte(store))
	if errors.Is(err, nats.ErrNoResponders) {
		return ErrNobody
	}
	if err != nil {
		return fmt.Errorf("asking for product statistics: %w", err)
	}
	var a answer
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return fmt.Errorf("asking for product statistics: %w", err)
	}
	if a.Error != "" {
		return errors.New(a.Error)
	}
	return nil
}

// Serve answers requests of Ask until ctx ends, one at a time. Of several
// processes that serve, one answers.
func (c *Statistics) Serve(ctx context.Context) {
	var sub *nats.Subscription
	for ctx.Err() == nil {
		var err error
		if sub == nil || !sub.IsValid() {
			sub, err = c.o.JS.Conn().QueueSubscribeSync(refreshSubject, "products")
		}
		var m *nats.Msg
		if err == nil {
			m, err = sub.NextMsgWithContext(ctx)
		}
		switch {
		case err == nil:
			c.answer(ctx, m)
		case ctx.Err() == nil:
			c.o.Log.Warn("cannot be asked for product statistics, trying again", zap.Error(err))
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
	if sub != nil {
		_ = sub.Unsubscribe() // the connection is closed next
	}
}

func (c *Statistics) answer(ctx context.Context, m *nats.Msg) {
	var a answer
	store := string(m.Data)
	if !slices.Contains(c.o.Stores, store) {
		a.Error = "the running process knows no store " + store
	} else if err := c.now(ctx, store); err != nil {
		a.Error = err.Error()
	}
	data, err := json.Marshal(a)
	if err == nil {
		err = m.Respond(data)
	}
	if err != nil {
		c.o.Log.Warn("cannot answer that product statistics were computed", zap.Error(err))
	}
}

// now computes the statistics of a store, and what rests on them.
func (c *Statistics) now(ctx context.Context, store string) error {
	_, err := c.Refresh(ctx, store)
	if err == nil && c.o.Then != nil {
		err = c.o.Then(ctx, store)
	}
	return err
}
