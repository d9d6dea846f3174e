package mailer

import (
	"context"
	"net"
	"testing"
)

// FakeRelays makes n clients of one fake relay, for tests with servers that this package
// must not know. The returned function closes them.
func FakeRelays(t *testing.T, n int, answer func(dial int, verb string) string) (out []*Relay, closeAll func()) {
	return fakes(t, n, &fake{answer: answer}, func() error { return nil })
}

// FakeRelaysOver is the same with a relay that accepts all, over connections that may fail.
func FakeRelaysOver(t *testing.T, n int, fails func() error) (out []*Relay, closeAll func()) {
	return fakes(t, n, &fake{}, fails)
}

func fakes(t *testing.T, n int, f *fake, fails func() error) (out []*Relay, closeAll func()) {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if err := fails(); err != nil {
			return nil, err
		}
		return f.dial(ctx, network, addr)
	}
	for range n {
		out = append(out, f.relay(t, func(o *Options) { o.Dial = dial }))
	}
	return out, func() {
		for _, r := range out {
			_ = r.Close()
		}
		f.wg.Wait()
	}
}

// SendTo sends one email to an address; an error is the connection's.
func SendTo(t *testing.T, r *Relay, address string) (Outcome, error) { return to(t, r, address, false) }
