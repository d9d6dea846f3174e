package homingtest

import (
	"homing/pkg/connect"
	"homing/pkg/customer"
	"homing/pkg/installation"
	"homing/pkg/projection"
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

// Customers returns the customers as a process of its own would read them.
func (w *World) Customers() (*projection.Customers, *projection.People) {
	w.T.Helper()
	rdb, err := connect.Redis(w.Config, w.dialRedis, nil)
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() {
		if err := rdb.Close(); err != nil {
			w.T.Error(err)
		}
	})
	c := projection.New(rdb, nil)
	return c, projection.NewPeople(c, w.Identity())
}
