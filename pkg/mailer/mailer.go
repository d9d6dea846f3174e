// Package mailer builds messages and hands them to the relay over connections
// that are kept open, and says exactly what became of each: accepted, not sent,
// or unknown. go-mail greets the relay, encrypts, logs in and signs; the messages
// and the dialogue about a mail are our own.
//
// It knows nothing of touches, leases in Redis, queues or templates. Who sends
// lends it a Lease, which bounds the waiting and has the last word before the
// write that makes the mail the relay's, and decides from the Outcome what to
// record and whether to try again; the package itself repeats a mail only when a
// kept-open connection turns out to have been closed before the mail was taken, or
// the relay refuses the BDAT it offered.
//
// No error, reply or log line of this package holds an email address or a
// secret: what the relay says is redacted before it is kept.
package mailer

import "errors"

var (
	// ErrMessage is wrapped by every error of Build: the message itself is at
	// fault, and trying it again unchanged is in vain.
	ErrMessage = errors.New("mailer: the message is at fault")
	// ErrRelayDown is wrapped by the errors of Acquire when no connection could
	// be made; the *Failure beside it says in which phase and with what code.
	ErrRelayDown = errors.New("mailer: the relay is down")
	// ErrClosed is returned by Acquire after Close.
	ErrClosed = errors.New("mailer: the relay is closed")
	// ErrLeaseEnded stands in Outcome.Err when the sender's lease ran out.
	ErrLeaseEnded = errors.New("the sender's lease ended")
	// ErrTimeout stands in Outcome.Err when the relay did not answer within the
	// time of the phase.
	ErrTimeout = errors.New("no answer in time")
	// ErrConnectionLost stands in Outcome.Err when the relay closed the
	// connection, or it broke.
	ErrConnectionLost = errors.New("the connection was lost")
	// ErrProtocol stands in Outcome.Err when the relay said something that is no
	// reply to what it was asked.
	ErrProtocol = errors.New("an answer that is not SMTP's")
	// ErrNoSTARTTLS stands in the error of Acquire when smtp:// is configured and
	// the relay offers no STARTTLS: the mail is never sent in the clear instead.
	ErrNoSTARTTLS = errors.New("STARTTLS is required and the relay does not offer it (smtps:// speaks TLS from the start, smtp+insecure:// none)")
	// ErrNoAuth stands in the error of Acquire when the URL names a user and the
	// relay offers no mechanism to log in with.
	ErrNoAuth = errors.New("the URL names a user and the relay offers no way to log in that is known here")
)
