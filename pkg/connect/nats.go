package connect

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/config"
)

// NATS opens a connection to NATS that never gives up: a server that is away, or does
// not let us in, is tried again, and the log says why once a change. What ends the
// connection for good is for the caller to see: nats.CLOSED.
func NATS(c *config.Config, name string, log *zap.Logger, more ...nats.Option) (*nats.Conn, error) {
	w := &watcher{url: c.NATS.URL, log: log, words: map[string]bool{}, kinds: map[string]time.Time{}}
	nc, err := Dial(c, append([]nats.Option{
		nats.Name("homing " + name), nats.RetryOnFailedConnect(true),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { w.note(err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { w.note(err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { w.async(err) }),
	}, more...)...)
	if err != nil {
		return nil, err
	}
	go w.run(nc)
	return nc, nil
}

// Dial opens a connection to NATS as the configuration says. Once it is there it is
// kept for ever.
func Dial(c *config.Config, more ...nats.Option) (*nats.Conn, error) {
	opts, err := natsOptions(c)
	if err != nil {
		return nil, err
	}
	nc, err := nats.Connect(c.NATS.URL.Reveal(), append(opts, more...)...)
	if _, parse := errors.AsType[*url.Error](err); parse {
		// The parser quotes the password.
		return nil, &Setting{fmt.Errorf("nats.url %s: not an address of a NATS server", c.NATS.URL)}
	}
	if err != nil {
		return nil, fmt.Errorf("nats.url %s: %w", c.NATS.URL, err)
	}
	return nc, nil
}

// Setting is an error of the configuration: trying again changes nothing.
type Setting struct{ error }

func (s *Setting) Unwrap() error { return s.error }

// JetStream returns JetStream in the domain that the configuration names, which knows over
// how many partitions the installation is split.
func JetStream(c *config.Config, nc *nats.Conn, opts ...jetstream.JetStreamOpt) (js jetstream.JetStream, err error) {
	if c.NATS.Domain != "" {
		js, err = jetstream.NewWithDomain(nc, c.NATS.Domain, opts...)
	} else {
		js, err = jetstream.New(nc, opts...)
	}
	if err != nil {
		return nil, err
	}
	return bus.Split(js, bus.Partitions(c.NATS.Partitions)), nil
}

func natsOptions(c *config.Config) ([]nats.Option, error) {
	opts := []nats.Option{
		nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		// Without it nats.go closes a connection for ever that is refused twice for the
		// same reason: a password that was changed, credentials that ran out and are renewed.
		nats.IgnoreAuthErrorAbort(),
		nats.CustomInboxPrefix(c.NATS.InboxPrefix),
	}
	if f := c.NATS.CredentialsFile; f != "" {
		opts = append(opts, nats.UserCredentials(f))
	}
	if f := c.NATS.NKeyFile; f != "" {
		nkey, err := nats.NkeyOptionFromSeed(f)
		if err != nil {
			return nil, &Setting{fmt.Errorf("nats.nkey_file: %s has no seed of a user, which begins with SU", f)}
		}
		opts = append(opts, nkey)
	}
	t := c.NATS.TLS
	if t.CAFile != "" {
		opts = append(opts, nats.RootCAs(t.CAFile))
	}
	if t.CertFile != "" {
		opts = append(opts, nats.ClientCert(t.CertFile, t.KeyFile))
	}
	if t.First {
		opts = append(opts, nats.TLSHandshakeFirst())
	}
	return opts, nil
}
