package mailer

import "testing"

// FakeRelays makes n clients of one fake relay, for tests with servers that this package
// must not know. The returned function closes them.
func FakeRelays(t *testing.T, n int, answer func(dial int, verb string) string) (out []*Relay, closeAll func()) {
	f := &fake{answer: answer}
	for range n {
		out = append(out, f.relay(t, nil))
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
