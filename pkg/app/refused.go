package app

import (
	"errors"

	"homing/pkg/bus"
	"homing/pkg/fingerprint"
)

// Failed tells, once, why the process has to end: what it would do next would be
// wrong, and waiting changes nothing.
func (a *App) Failed() <-chan error { return a.failed }

// ErrRefused is in the errors of Failed that somebody has to correct in the
// configuration, or in the servers that it names.
var ErrRefused = errors.New("refused")

// refusal is an error that waiting does not end.
type refusal struct{ error }

func (r refusal) Unwrap() []error { return []error{r.error, ErrRefused} }

// Hopeless reports whether an error of Setup is one that waiting does not end: another
// secret, key or number of partitions than the installation's, or a server that cannot do what Homing needs.
func Hopeless(err error) bool {
	_, other := errors.AsType[*fingerprint.Other](err)
	_, key := errors.AsType[*fingerprint.OtherKey](err)
	_, old := errors.AsType[*bus.TooOld](err)
	_, unlike := errors.AsType[*bus.Unlike](err)
	_, split := errors.AsType[*bus.Otherwise](err)
	return other || key || old || unlike || split
}

// refused reports whether an error is one that waiting does not end, and says so to
// whom Failed is for.
func (a *App) refused(err error) bool {
	if !Hopeless(err) {
		return false
	}
	a.fail(refusal{err})
	return true
}

// fail has the process end.
func (a *App) fail(err error) {
	a.admitted.Store(false)
	select {
	case a.failed <- err:
	default: // it is ending already
	}
}
