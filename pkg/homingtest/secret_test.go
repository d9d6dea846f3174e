package homingtest_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/pkg/fingerprint"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// A process with another secret, as one wrong file in a rolling deployment makes it,
// takes nothing in, emails nobody and ends, with the Redis of the others or its own.
// The others go on.
func TestAnotherSecretOnTheSameNATSIsRefused(t *testing.T) {
	lengthy.Always(t)
	for _, c := range []struct {
		name             string
		ownRedis, forgot bool // forgot: the fingerprint is not there, as in an older installation
	}{
		{"one Redis", false, false}, {"two of Redis", true, false},
		{"one Redis, no fingerprint yet", false, true}, {"two of Redis, no fingerprint yet", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.New(t, dir, "")
				w.Start()
				w.Publish("main", homingtest.Order("ann", "1001"))
				time.Sleep(time.Minute)
				w.Stop()
				if c.forgot {
					forget(t, w)
				}

				w.Publish("main", homingtest.Order("ann", "1002"))
				other := *w.Config
				other.Secret = config.Secret("another secret that only tests use, 32+")
				redis := w.Redis
				if c.ownRedis {
					redis = devstack.StartRedisInProcess()
					defer redis.Stop()
				}
				for _, roles := range [][]string{nil, {app.RoleGateway}, {app.RoleIntake}} {
					err := w.Refused(&other, redis, roles...)
					if o, is := errors.AsType[*fingerprint.Other](err); !is || !errors.Is(err, app.ErrRefused) || (o.Kept == "") != c.forgot {
						t.Errorf("%v ended with %v", roles, err)
					}
				}
				if n := len(w.Timeline()); n != 1 { // the order
					t.Errorf("%d entries of the timeline", n)
				}
				w.Start()
				time.Sleep(time.Hour)
				if n := len(w.Sink.Mails()); n != 2 {
					t.Errorf("%d emails, want one for each order", n)
				}
				if kept, err := fingerprint.Read(t.Context(), w.JS); err != nil || kept != w.Identity().Fingerprint() {
					t.Errorf("kept: %q, %v", kept, err)
				}
			})
		})
	}
}

func forget(t *testing.T, w *homingtest.World) {
	t.Helper()
	kv, err := w.JS.KeyValue(t.Context(), bus.ControlsBucket)
	if err == nil {
		err = kv.Delete(t.Context(), "secret")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The first secret that an empty installation sees is its own, whichever of two that
// begin at the same moment that is; and so it stays.
func TestOfTwoSecretsAtOnceOneIsKept(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		limits := &w.Config.NATS.Streams // NATS sets their bytes aside, for each of those that are made at once
		limits.Storefront.MaxBytes, limits.Rejected.MaxBytes = 0, 0
		other := *w.Config
		other.Secret = config.Secret("another secret that only tests use, 32+")
		errs := make(chan error, 20)
		for i := range cap(errs) {
			c := w.Config
			if i%2 == 1 {
				c = &other
			}
			js, err := jetstream.New(w.JS.Conn())
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				_, err := app.SetupStreams(t.Context(), c, js)
				errs <- err
			}()
		}
		good := 0
		for range cap(errs) {
			err := <-errs
			if err == nil {
				good++
			} else if _, is := errors.AsType[*fingerprint.Other](err); !is {
				t.Error(err)
			}
		}
		if good != 10 {
			t.Errorf("%d of 20 processes with two secrets were let in", good)
		}
	})
}
