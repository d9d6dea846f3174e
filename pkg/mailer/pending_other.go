//go:build !unix

package mailer

// pending is not known here: a connection that was closed within the last second
// is noticed when it is used.
func (w *wire) pending() bool { return false }
