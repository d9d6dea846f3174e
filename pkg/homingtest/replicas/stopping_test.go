package replicas

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// A process that is told to stop while a relay hangs, or drips, ends with exit code 0
// before a supervisor loses its patience, and names the emails that may have left. Each
// store here has a relay that hangs at another word.
func TestAProcessStopsInTimeWhateverItsRelaysDo(t *testing.T) {
	lengthy.Always(t)
	t.Parallel()
	const patience = 30 * time.Second // of Kubernetes
	relays := []struct {
		store, at string
		drips     bool
		left      bool
	}{
		{"greeting", "CONNECT", false, false}, {"ehlo", "EHLO", false, false}, {"mail", "MAIL", false, false}, {"data", "DATA", false, false},
		{"dot", ".", false, true}, {"drip", ".", true, true}, {"dripdata", "DATA", true, false},
	}
	var stores strings.Builder
	for _, r := range relays {
		sink := &homingtest.Sink{}
		sink.HangAt(r.at, r.drips)
		addr, err := sink.Listen()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sink.Close)
		fmt.Fprintf(&stores, `  %s: {name: Example Shop, url: "https://shop.example", from: "Example Shop <hello@shop.example>",
         postal_address: "1 High Street, Exampleton", time_zone: Europe/London, locale: en, currency: GBP, smtp: {url: "smtp+insecure://%s"}}
`, r.store, addr)
	}
	s := open(t, 1, stores.String()+unpaced, nil)
	for i, r := range relays {
		e := orders(fmt.Sprint("8", i), 1, 1)[0]
		e.Store = r.store
		s.happens(e)
	}
	s.takenIn()
	pause(4 * time.Second) // until each has got as far as its relay lets it
	began := time.Now()
	s.stop()
	took := time.Since(began)
	if took > patience {
		t.Errorf("it stopped after %v", took)
	}
	t.Logf("it stopped after %v", took.Round(100*time.Millisecond))
	text, err := os.ReadFile(s.replicas[0].log)
	if err != nil {
		t.Fatal(err)
	}
	_, said, found := strings.Cut(string(text), "not all is finished")
	if !found {
		t.Fatal("the log does not say that something is left open")
	}
	for i, r := range relays {
		if named := strings.Contains(said, fmt.Sprintf(".8%d0", i)); named != r.left {
			t.Errorf("the log says that the touch of %s is left open: %v, want %v\n%s", r.store, named, r.left, said)
		}
	}
	if strings.Contains(said, "@") {
		t.Errorf("there is an address in %q", said)
	}
}
