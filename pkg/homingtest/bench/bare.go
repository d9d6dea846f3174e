package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/wneessen/go-mail"
	"golang.org/x/sync/errgroup"

	"homing/pkg/bus"
)

// The bare loops are the shortest programs that do what has to be done: they say what the machine and its servers allow. They run in a
// process of their own, as Homing does.

// bareStream is where the bare loops work.
const bareStream = "BARE"

// bareSpec says what a bare loop does.
type bareSpec struct {
	NATS    string `json:"nats"`
	SMTP    string `json:"smtp,omitempty"`
	N       int    `json:"n"`              // messages in all
	Size    int    `json:"size,omitempty"` // of a mail, in bytes on the wire
	Stream  string `json:"stream"`         // taken from
	Durable string `json:"durable"`        // its consumer
}

func readBare(raw json.RawMessage) (spec bareSpec, nc *nats.Conn, js jetstream.JetStream, err error) {
	if err = json.Unmarshal(raw, &spec); err == nil {
		nc, js, err = connect(spec.NATS)
	}
	return spec, nc, js, err
}

// bareBatch is how many messages a bare loop takes at a time.
const bareBatch = 1024

// beginBareIntake takes messages from one stream, publishes the same bytes to
// another, and acks them.
func beginBareIntake(raw json.RawMessage) (*work, error) {
	spec, nc, js, err := readBare(raw)
	if err != nil {
		return nil, err
	}
	run := func() (any, error) {
		c, err := js.Consumer(context.Background(), spec.Stream, spec.Durable)
		if err != nil {
			return nil, err
		}
		rounds := make(chan int, spec.N/bareBatch+1)
		for n := spec.N; n > 0; n -= bareBatch {
			rounds <- min(n, bareBatch)
		}
		close(rounds)
		var g errgroup.Group
		for range 2 { // one waits for its acks while the other publishes
			g.Go(func() error {
				for n := range rounds {
					if err := passOn(js, c, n); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return nil, errors.Join(g.Wait(), nc.FlushTimeout(10*time.Second))
	}
	return &work{answers: map[string]func() (any, error){"run": run}, stop: closing(nc)}, nil
}

func passOn(js jetstream.JetStream, c jetstream.Consumer, n int) error {
	batch, err := c.Fetch(n, jetstream.FetchMaxWait(stallAfter))
	if err != nil {
		return err
	}
	var msgs []jetstream.Msg
	var acks []jetstream.PubAckFuture
	for m := range batch.Messages() {
		a, err := js.PublishAsync("bare."+strconv.Itoa(len(msgs)%256), m.Data(), jetstream.WithStallWait(30*time.Second))
		if err != nil {
			return err
		}
		msgs, acks = append(msgs, m), append(acks, a)
	}
	for i, a := range acks {
		select {
		case <-a.Ok():
			if err := msgs[i].Ack(); err != nil {
				return err
			}
		case err := <-a.Err():
			return err
		}
	}
	return batch.Error()
}

func closing(nc *nats.Conn) func() error {
	return func() error { nc.Close(); return nil }
}

// beginBareDelivery takes messages from a stream, sends one mail that was built
// before with go-mail for each, and acks them.
func beginBareDelivery(raw json.RawMessage) (*work, error) {
	spec, nc, js, err := readBare(raw)
	if err != nil {
		return nil, err
	}
	run := func() (any, error) {
		c, err := js.Consumer(context.Background(), spec.Stream, spec.Durable)
		if err != nil {
			return nil, err
		}
		todo := make(chan jetstream.Msg, bareBatch)
		var g errgroup.Group
		for range connections {
			g.Go(func() error { return sendAll(spec, todo) })
		}
		var fetched error
		for n := 0; n < spec.N && fetched == nil; {
			var batch jetstream.MessageBatch
			if batch, fetched = c.Fetch(min(bareBatch, spec.N-n), jetstream.FetchMaxWait(stallAfter)); fetched == nil {
				for m := range batch.Messages() {
					todo <- m
					n++
				}
				fetched = batch.Error()
			}
		}
		close(todo)
		return nil, errors.Join(fetched, g.Wait(), nc.FlushTimeout(10*time.Second))
	}
	return &work{answers: map[string]func() (any, error){"run": run}, stop: closing(nc)}, nil
}

// sendAll is one connection's share. After an error it takes the rest without
// sending, so that the one who feeds it does not wait.
func sendAll(spec bareSpec, todo <-chan jetstream.Msg) (err error) {
	defer func() {
		for range todo {
		}
	}()
	host, p, _ := net.SplitHostPort(spec.SMTP)
	port, _ := strconv.Atoi(p)
	client, err := mail.NewClient(host, mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS), mail.WithoutNoop(), mail.WithoutRset())
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(context.Background())
	if err != nil {
		return err
	}
	defer conn.Quit()
	msg, err := buildBare(spec.Size)
	if err != nil {
		return err
	}
	for m := range todo {
		if err := client.SendWithSMTPClient(conn, msg); err != nil {
			return err
		}
		if err := m.Ack(); err != nil {
			return err
		}
	}
	return nil
}

// buildBare returns a message of text and HTML, quoted-printable, that has a
// size on the wire: what a Homing mail is, without anything to it.
func buildBare(size int) (*mail.Msg, error) {
	m := mail.NewMsg()
	if err := errors.Join(m.From("hello@shop.example"), m.To("c-0@example.com")); err != nil {
		return nil, err
	}
	m.Subject("Thank you for your order")
	line := strings.Repeat("x", 70) + "\n"
	body := func(n int) string { return strings.Repeat(line, n/len(line)) + strings.Repeat("x", n%len(line)) }
	html := size
	for range 3 { // what is around the bodies does not depend on them
		m.SetBodyString(mail.TypeTextPlain, body(size/10))
		m.AddAlternativeString(mail.TypeTextHTML, body(html))
		var c counter
		if _, err := m.WriteTo(&c); err != nil {
			return nil, err
		}
		if html += size - int(c); html < 0 {
			return nil, fmt.Errorf("a mail of %d bytes is too small", size)
		}
	}
	return m, nil
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// newBareIntake makes the stream the bare intake writes to, and the consumer it
// reads by, which is intake's in all but its name.
func newBareIntake(ctx context.Context, s *stack) error {
	if _, err := s.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: bareStream, Subjects: []string{"bare.>"}, Storage: jetstream.FileStorage, AllowDirect: true,
		Discard: jetstream.DiscardNew, Duplicates: 2 * time.Minute,
	}); err != nil {
		return err
	}
	_, err := s.js.CreateConsumer(ctx, bus.Storefront, jetstream.ConsumerConfig{
		Durable: "bare", AckPolicy: jetstream.AckExplicitPolicy, AckWait: bus.AckWait, MaxAckPending: 20_000, MaxDeliver: -1,
	})
	return err
}

// newBareDelivery makes a stream of the shape of a schedule stream and fills it
// with n copies of a due touch.
func newBareDelivery(ctx context.Context, s *stack, worker string, n int, like *jetstream.RawStreamMsg) error {
	shape, err := s.js.Stream(ctx, bus.ScheduleStream(worker))
	if err != nil {
		return err
	}
	c := shape.CachedInfo().Config
	c.Name, c.Subjects, c.Description = bareStream, []string{"bare.>"}, ""
	if _, err := s.js.CreateStream(ctx, c); err != nil {
		return err
	}
	if _, err := s.js.CreateConsumer(ctx, bareStream, jetstream.ConsumerConfig{
		Durable: "bare", FilterSubjects: []string{"bare." + worker + ".>"}, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: bus.AckWait, MaxAckPending: 20_000, MaxDeliver: -1,
	}); err != nil {
		return err
	}
	h := nats.Header{bus.HeaderTouch: like.Header[bus.HeaderTouch]}
	return publish(ctx, s.js, n, func(i int) (*nats.Msg, error) {
		return &nats.Msg{Subject: fmt.Sprintf("bare.%s.main.token%d.thanks.%d", worker, i, i), Data: like.Data, Header: h}, nil
	})
}
