package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
)

// Answers are what comes to a subject that was made for them. It is what SubscribeSync of
// nats.go returns, but with room for as many as are expected: there each subscription has
// room for 65,536, half a megabyte, which is more than all else about a request.
type Answers struct {
	sub  *nats.Subscription
	come chan *nats.Msg
}

// Listen returns the answers to a subject, of which no more than room may wait.
func Listen(nc *nats.Conn, subject string, room int) (*Answers, error) {
	a := &Answers{come: make(chan *nats.Msg, room)}
	var err error
	a.sub, err = nc.ChanSubscribe(subject, a.come)
	return a, err
}

// Next returns the next answer. Its error is nats.ErrNoResponders if nobody is there to
// answer, and context.DeadlineExceeded after AckTimeout.
func (a *Answers) Next(ctx context.Context) (*nats.Msg, error) {
	select {
	case m := <-a.come:
		return answered(m)
	default:
	}
	late := time.NewTimer(AckTimeout)
	defer late.Stop()
	select {
	case m := <-a.come:
		return answered(m)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-late.C:
		return nil, context.DeadlineExceeded
	}
}

func answered(m *nats.Msg) (*nats.Msg, error) {
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return nil, nats.ErrNoResponders
	}
	return m, nil
}

// Close has no more answers come.
func (a *Answers) Close() { _ = a.sub.Unsubscribe() } // fails only when the connection is closed
