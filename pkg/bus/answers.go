package bus

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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

// A Reader reads streams as DirectGet does, for those who do so all the time: it keeps the
// subscriptions that answers come to, as a Publisher does. It is safe for concurrent use.
type Reader struct {
	js jetstream.JetStream

	mu   sync.Mutex
	idle []*desk // on which nothing is expected
}

// desk is where the answers to one request at a time come.
type desk struct {
	*Answers
	prefix string
	last   int // the number of the last request
}

// NewReader returns a reader.
func NewReader(js jetstream.JetStream) *Reader { return &Reader{js: js} }

// Get is DirectGet, for requests that don't say how many messages they want.
func (r *Reader) Get(ctx context.Context, stream string, request map[string]any) ([]*nats.Msg, error) {
	d, err := r.take()
	if err != nil {
		return nil, err
	}
	d.last++
	out, err := ask(ctx, r.js, d.Answers, d.prefix+strconv.Itoa(d.last), stream, request)
	if err != nil {
		d.Close() // answers may still come
		return nil, err
	}
	r.give(d)
	return out, nil
}

func (r *Reader) take() (*desk, error) {
	r.mu.Lock()
	if n := len(r.idle); n > 0 {
		d := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return d, nil
	}
	r.mu.Unlock()
	d := &desk{prefix: r.js.Conn().NewInbox() + "."}
	var err error
	d.Answers, err = Listen(r.js.Conn(), d.prefix+"*", mostAnswers+1)
	return d, err
}

// mostDesks bounds the subscriptions that are kept: a request for each worker is usual.
const mostDesks = 32

func (r *Reader) give(d *desk) {
	r.mu.Lock()
	full := len(r.idle) >= mostDesks
	if !full {
		r.idle = append(r.idle, d)
	}
	r.mu.Unlock()
	if full {
		d.Close()
	}
}
