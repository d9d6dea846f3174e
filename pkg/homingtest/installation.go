package homingtest

import (
	"homing/pkg/customer"
	"homing/pkg/installation"
)

// Installation returns what commands such as `homing why` read an installation with. It
// is closed when the test ends.
func (w *World) Installation() *installation.Installation {
	w.T.Helper()
	l, err := installation.Open(installation.Options{Config: w.Config, JS: w.JS, RedisDial: w.dialRedis})
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() {
		if err := l.Close(); err != nil {
			w.T.Error(err)
		}
	})
	return l
}

// Identity returns what tells where the customers of the installation are kept.
func (w *World) Identity() *customer.Identity {
	w.T.Helper()
	id, err := customer.NewIdentity(Secret)
	if err != nil {
		w.T.Fatal(err)
	}
	return id
}
