//go:build unix

package mailer

import "syscall"

// pending reports whether something has come that nobody has read: a notice, or
// the end of the connection. It doesn't wait. A connection that can't be asked
// has nothing pending.
func (w *wire) pending() bool {
	c, ok := w.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var seen error
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, seen = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err != nil || seen != syscall.EAGAIN
}
