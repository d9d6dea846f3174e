// Package webhook is a channel whose messages are signed requests to an endpoint of the
// shop's (Standard Webhooks): what turns them into a text message, a letter or a push is
// there. It makes one request a message, and decides nothing: when there is another, and
// whether at all, is delivery's.
package webhook

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"homing/pkg/channel"
)

// Options are what the messages of one channel of one store are made of and sent to.
type Options struct {
	Name  string // "sms"
	Store string // its id
	URL   string // http or https
	Keys  [][]byte
	// Fields of the customer that a request says in addition to the id; see Fields.
	Fields      []string
	Timeout     time.Duration // of one request, with everything
	Connections int           // requests at a time
	// Write returns what a message says.
	Write func(channel.Content) (channel.Words, error)
	// Dial opens connections; nil: the network's.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Answered is told what became of each message that was handed over, or was to be. It
	// may be nil.
	Answered func(channel.Outcome)
}

// Channel sends messages to one endpoint. It implements channel.Channel.
type Channel struct {
	o      Options
	client *http.Client
	room   chan struct{} // has a token for each request under way
	rest   rest
}

// idle is for how long a connection is kept that has nothing to do. Servers close theirs
// after five seconds (Node) or more, and a request that meets that moment may have arrived
// or not: this is less.
const idle = 4 * time.Second

// New returns a channel.
func New(o Options) *Channel {
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: o.Timeout}).DialContext
	}
	return &Channel{
		o: o, room: make(chan struct{}, max(1, o.Connections)),
		client: &http.Client{
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment, DialContext: dial, ForceAttemptHTTP2: true, TLSHandshakeTimeout: o.Timeout,
				MaxIdleConnsPerHost: max(1, o.Connections), IdleConnTimeout: idle, MaxResponseHeaderBytes: 64 << 10,
			},
			// Another address has not been given the secret, nor has anybody said that it may
			// know customers.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Close closes the connections that have nothing to do.
func (c *Channel) Close() { c.client.CloseIdleConnections() }

// Name implements channel.Channel.
func (*Channel) Name() string { return "webhook" }

// MessageID implements channel.Channel: it is the id of the touch with colons, since what is
// signed tells the id from what follows by a full stop.
func (*Channel) MessageID(touchID string) string { return strings.ReplaceAll(touchID, ".", ":") }

// Compose implements channel.Channel.
func (c *Channel) Compose(content channel.Content) (channel.Message, error) {
	words, err := c.o.Write(content)
	if err != nil {
		return nil, err
	}
	body, err := c.body(content, words)
	if err != nil {
		return nil, err
	}
	return &message{id: c.MessageID(content.ID), body: body, words: words}, nil
}

// message is a request that is yet to be made.
type message struct {
	id    string
	body  []byte
	words channel.Words
}

// Words implements channel.Message.
func (m *message) Words() channel.Words { return m.words }

// Release implements channel.Message.
func (*message) Release() {}

// Ready implements channel.Channel.
func (c *Channel) Ready(string, bool) error { return c.rest.until(time.Now()) }

// Open implements channel.Channel. The network is reached when a message is sent.
func (c *Channel) Open(ctx context.Context, _ channel.Message) (channel.Conn, error) {
	if err := c.rest.until(time.Now()); err != nil {
		return nil, err
	}
	select {
	case c.room <- struct{}{}:
		return &conn{c: c, release: sync.OnceFunc(func() { <-c.room })}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// conn is the right to make a request.
type conn struct {
	c       *Channel
	release func()
}

// Release implements channel.Conn.
func (c *conn) Release() { c.release() }

// Send implements channel.Conn.
func (c *conn) Send(ctx context.Context, m channel.Message, l channel.Lease) channel.Outcome {
	out := c.c.send(ctx, m.(*message), l)
	c.c.rest.note(out, time.Now())
	if c.c.o.Answered != nil {
		c.c.o.Answered(out)
	}
	return out
}
