// Package workertest makes the workers that tests of workers are about.
package workertest

import "homing/workers"

// Section is a worker's part of the configuration: the defaults, as set changes
// them.
func Section[C any](set func(c *C)) func(into any) error {
	return func(into any) error {
		set(into.(*C))
		return nil
	}
}

// New makes a worker with a configuration. t is a *testing.T or a *rapid.T.
func New[C any](t interface {
	Helper()
	Fatal(args ...any)
}, kind workers.Kind, set func(c *C)) workers.Worker {
	t.Helper()
	w, err := kind.New(Section(set))
	if err != nil {
		t.Fatal(err)
	}
	return w
}
