package homingtest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/fingerprint"
	"homing/pkg/homingtest"
)

const (
	linkSecret  = "a link key that only tests use, 32+ bytes"
	otherSecret = "another link key that only tests use, 32+"
)

// A process whose key of links is not the one that the installation has under that id, as
// one wrong file in a rolling deployment makes it, sends no link that the gateways refuse,
// and refuses none that they made: it ends. The others go on.
func TestAnotherKeyOfLinksUnderTheSameIDIsRefused(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, marketing)
		w.Config.LinkKeys = config.LinkKeys{{ID: "k2026", Secret: linkSecret}}
		w.Start()
		way := firstMail(t, w)
		w.Stop()
		for _, keys := range []config.LinkKeys{
			{{ID: "k2026", Secret: otherSecret}},
			{{ID: "k2027", Secret: linkSecret}, {ID: "k2026", Secret: otherSecret}},
		} {
			other := *w.Config
			other.LinkKeys = keys
			for _, roles := range [][]string{nil, {app.RoleGateway}, {"thank-you"}} {
				err := w.Refused(&other, w.Redis, roles...)
				if o, is := errors.AsType[*fingerprint.OtherKey](err); !is || !errors.Is(err, app.ErrRefused) || o.ID != "k2026" || strings.Contains(err.Error(), "that only tests use") {
					t.Errorf("%v ended with %v", roles, err)
				}
			}
			if _, err := app.SetupStreams(t.Context(), &other, w.JS); !app.Hopeless(err) {
				t.Errorf("set up: %v", err)
			}
		}
		w.Start()
		if code, _, _ := w.Request("POST", way, oneClick); code != 200 {
			t.Errorf("%d for a link that was sent before", code)
		}
	})
}

// Who signs with a key that no gateway has yet says so, and so does a gateway that lacks a
// key that somebody signs with: a step of changing keys was left out.
func TestThatNoGatewayHasAKeyIsSaid(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		w := homingtest.New(t, dir, marketing)
		w.Log = zap.New(core)
		said := func(words string, n int) {
			t.Helper()
			if got := logs.Filter(func(e observer.LoggedEntry) bool { return strings.Contains(e.Message, words) }).Len(); got != n {
				t.Errorf("%q is said %d times, want %d", words, got, n)
			}
		}
		run := func(roles ...string) {
			t.Helper()
			w.Start(roles...)
			time.Sleep(24 * time.Hour) // it is looked at several times
			w.Stop()
		}
		w.Config.LinkKeys = config.LinkKeys{{ID: "k2026", Secret: linkSecret}}
		run(app.RoleIntake, "thank-you")
		said("no gateway is known to have", 1)
		w.Config.LinkKeys = nil
		run(app.RoleGateway)
		said("link_keys does not have", 1)
		w.Config.LinkKeys = config.LinkKeys{{ID: "k2026", Secret: linkSecret}}
		run(app.RoleGateway)
		run(app.RoleIntake, "thank-you")
		run()
		said("no gateway is known to have", 1)
		said("link_keys does not have", 1)
	})
}
