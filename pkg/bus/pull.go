package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Source is where a loop gets its messages from.
type Source interface {
	// Pull asks for n messages and has them taken as they come, until all n have
	// come, so much time has passed, or ctx ends. An error means that the server or the
	// consumer is away.
	Pull(ctx context.Context, n int, lasts time.Duration, take func(jetstream.Msg)) error
}

// remote is a consumer that was there when it was last looked at.
type remote struct {
	nc   *nats.Conn
	next string // where it is asked for messages
}

// Consumer returns how a loop finds a consumer.
func Consumer(js jetstream.JetStream, stream, name string) func(context.Context) (Source, error) {
	return func(ctx context.Context) (Source, error) {
		if _, err := js.Consumer(ctx, stream, name); err != nil {
			return nil, err
		}
		return &remote{js.Conn(), API(js, "CONSUMER.MSG.NEXT."+stream+"."+name)}, nil
	}
}

const (
	// statuses is room for what the server says apart from messages.
	statuses = 64
	// hush is how long a pull that ends goes on taking what still comes: less than
	// soon, or what is given back would come again.
	hush = 25 * time.Millisecond
	// leaving is for how long it waits for the server to know that it ended.
	leaving = 2 * time.Second
	// pullBytes is up to how much one pull brings.
	pullBytes = 8 << 20
)

// Pull takes what the server has sent us even if it ends before its time. (nats.go's
// own Fetch drops what it has not handed out yet, and such a message comes again
// only after an AckWait.) It ends with an error when the connection is lost: the
// server forgets the request then.
func (s *remote) Pull(ctx context.Context, n int, lasts time.Duration, take func(jetstream.Msg)) error {
	in := make(chan *nats.Msg, n+statuses)
	inbox := s.nc.NewInbox()
	sub, err := s.nc.ChanSubscribe(inbox, in)
	if err != nil {
		return err
	}
	p := &pulling{source: s, in: in, left: n, take: take}
	lost := s.nc.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	defer s.nc.RemoveStatusListener(lost)
	beat := lasts / 10
	if err := s.ask(inbox, n, lasts, beat); err != nil {
		_ = sub.Unsubscribe()
		return err
	}
	silence := time.NewTimer(2 * beat)
	defer silence.Stop()
	for !p.over {
		select {
		case m := <-in:
			silence.Reset(2 * beat)
			p.got(m)
			continue
		case <-silence.C:
			p.end(jetstream.ErrNoHeartbeat)
			p.rest()
		case <-lost:
			p.end(nats.ErrConnectionReconnecting)
			p.rest()
		case <-ctx.Done():
			p.leave(sub)
		}
	}
	_ = sub.Unsubscribe() // of a lost connection, too
	return p.err
}

// ask sends the request. Its heartbeats tell a server that has nothing for us from
// one that has forgotten us.
func (s *remote) ask(inbox string, n int, lasts, beat time.Duration) error {
	most := max(pullBytes, 2*s.nc.MaxPayload()) // or a message that is longer would end each pull
	body, err := json.Marshal(struct {
		Batch   int           `json:"batch"`
		Bytes   int64         `json:"max_bytes"`
		Expires time.Duration `json:"expires"`
		Beat    time.Duration `json:"idle_heartbeat"`
	}{n, most, lasts, beat})
	if err != nil {
		return err
	}
	return s.nc.PublishRequest(s.next, inbox, body)
}

// pulling is one pull.
type pulling struct {
	source *remote
	in     <-chan *nats.Msg
	take   func(jetstream.Msg)
	left   int // messages that are still to come
	over   bool
	err    error
}

func (p *pulling) end(err error) { p.over, p.err = true, err }

// got takes a message, or what the server says.
func (p *pulling) got(m *nats.Msg) {
	if isStatus(m) {
		if over, err := ends(m); over {
			p.end(err)
		}
		return
	}
	p.take(&message{nc: p.source.nc, raw: m})
	if p.left--; p.left == 0 {
		p.end(nil)
	}
}

// rest takes what has come.
func (p *pulling) rest() {
	for {
		select {
		case m := <-p.in:
			p.got(m)
		default:
			return
		}
	}
}

// leave ends the pull before its time: it takes what is on its way, has the server
// stop sending, and takes what had been sent by then.
func (p *pulling) leave(sub *nats.Subscription) {
	for quiet := false; !p.over && !quiet; {
		select {
		case m := <-p.in:
			p.got(m)
		case <-time.After(hush):
			quiet = true
		}
	}
	p.end(p.err)
	closed := make(chan struct{})
	end := sync.OnceFunc(func() { close(closed) }) // nats.go says it as often as it is done
	sub.SetClosedHandler(func(string) { end() })
	if sub.Drain() == nil {
		select {
		case <-closed:
		case <-time.After(leaving): // the server is away
		}
	}
	p.rest()
}

// status is what a message says that comes from the server and not from the stream.
const status = "Status"

func isStatus(m *nats.Msg) bool {
	return m.Reply == "" && len(m.Data) == 0 && m.Header.Get(status) != ""
}

// ends reports whether a status ends the pull; an error is one that should not be.
func ends(m *nats.Msg) (bool, error) {
	said := m.Header.Get("Description")
	switch code := m.Header.Get(status); {
	case code == "100": // a heartbeat
		return false, nil
	case code == "404", code == "408": // nothing there, time is over
		return true, nil
	case code == "503":
		return true, nats.ErrNoResponders
	case code == "409" && said == "Message Size Exceeds MaxBytes": // the next one comes with the next pull
		return true, nil
	case code == "409" && said == "Consumer Deleted":
		return true, jetstream.ErrConsumerDeleted
	default:
		return true, fmt.Errorf("the server ended the pull: %s %s", code, said)
	}
}
