package homingtest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/app"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// A relay that says no more, or a byte a second, does not keep a process from stopping
// in time. What it was not given goes to the next process at once; what it was given is
// waited for, named when there is no more time, and sent again only if nobody can be
// harmed by that.
func TestAHangingRelayKeepsNobodyFromStopping(t *testing.T) {
	lengthy.Always(t)
	const (
		bound    = 25 * time.Second
		goodbyes = 5 * time.Second
	)
	for _, c := range []struct {
		at, config string
		drips      bool
		want       string
		left       bool // open, when the process ends
	}{
		{"CONNECT", marketing, false, "sent", false},
		{"EHLO", marketing, false, "sent", false},
		{"MAIL", marketing, false, "sent", false},
		{"RCPT", marketing, false, "sent", false},
		{"DATA", marketing, false, "sent", false},
		{"DATA", marketing, true, "sent", false},
		{"BDAT", marketing, false, "uncertain", true},
		{".", "", false, "sent", true},
		{".", marketing, false, "uncertain", true},
		{".", marketing, true, "uncertain", true},
		{"EHLO", marketing, true, "sent", false},
	} {
		name := strings.ReplaceAll(c.at, ".", "dot")
		if c.drips {
			name += " drips"
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.New(t, dir, c.config)
				w.Sink.Chunking = c.at == "BDAT"
				w.Sink.HangAt(c.at, c.drips)
				w.Start()
				w.Publish("main", homingtest.Order("ann", "1001"))
				time.Sleep(30*time.Minute + 5*time.Second)
				began := time.Now()
				err := w.StopWithin(bound)
				if took := time.Since(began); took > bound+goodbyes {
					t.Errorf("it stopped after %v", took)
				}
				left, is := errors.AsType[*app.LeftError](err)
				if is != c.left {
					t.Fatalf("stopping: %v", err)
				}
				if is && (len(left.Touches) != 1 || len(left.Loops) != 1 || !strings.Contains(err.Error(), left.Touches[0]) || strings.Contains(err.Error(), "@")) {
					t.Errorf("what is left open is said as %q", err)
				}
				w.Sink.HangAt("", false)
				w.Start()
				time.Sleep(2 * time.Minute)
				if d := cmp.Diff([]string{c.want}, outcomes(w)); d != "" {
					t.Error(d)
				}
				n := 1
				if c.want == "uncertain" {
					n = 0
				}
				if got := len(w.Sink.Mails()); got != n {
					t.Errorf("%d emails after the restart, want %d", got, n)
				}
			})
		})
	}
}
