// Package mailer builds messages and hands them to the relay over connections
// that are kept open, and says exactly what became of each: accepted, not sent,
// or unknown. go-mail greets the relay, encrypts, logs in and signs; the messages
// and the dialogue about an email are our own.
//
// It knows nothing about touches, leases in Redis, queues or templates. The sender
// lends it a Lease, which bounds the waiting and has the last word before the final
// write, and decides from the Outcome what to record and whether to try again. The
// package itself sends a message again only if a kept-open connection turns out to
// have been closed before the message was taken, or if the relay refuses the BDAT
// it offered.
//
// No error, reply or log line of this package holds an email address or a
// secret: what the relay says is redacted before it is kept.
package mailer

import "errors"

var (
	// ErrMessage is wrapped by every error of Build: the message itself is at
	// fault, and trying again won't help.
	ErrMessage = errors.New("mailer: the message is at fault")
	// ErrRelayDown is wrapped by the errors of Acquire when no connection could
	// be made; the *Failure that comes with it says in which phase and with what code.
	ErrRelayDown = errors.New("mailer: the relay is down")
	// ErrClosed is returned by Acquire after Close.
	ErrClosed = errors.New("mailer: the relay is closed")
	// ErrLeaseEnded is in Outcome.Err when the sender's lease ran out.
	ErrLeaseEnded = errors.New("the sender's lease ended")
	// ErrTimeout is in Outcome.Err when the relay did not answer within the
	// time of the phase.
	ErrTimeout = errors.New("no answer in time")
	// ErrConnectionLost is in Outcome.Err when the relay closed the
	// connection, or it broke.
	ErrConnectionLost = errors.New("the connection was lost")
	// ErrProtocol is in Outcome.Err when the relay said something that isn't a
	// reply to what it was asked.
	ErrProtocol = errors.New("the answer isn't SMTP")
	// ErrSilent is in the error of Acquire when the relay says nothing although the
	// connection is there, as one does that waits for TLS.
	ErrSilent = errors.New("connected, and the relay says nothing: if this port speaks TLS from the start, as 465 does, the URL begins with smtps://")
	// ErrSpeaksFirst is in the error of Acquire when smtps:// is configured and the relay
	// answers in the clear.
	ErrSpeaksFirst = errors.New("the relay does not speak TLS on this port: for STARTTLS the URL begins with smtp://, as a rule with port 587")
	// ErrNoSTARTTLS is in the error of Acquire when smtp:// is configured and the
	// relay offers no STARTTLS: mail is never sent in the clear instead.
	ErrNoSTARTTLS = errors.New("STARTTLS is required and the relay does not offer it (smtps:// speaks TLS from the start, smtp+insecure:// none)")
	// ErrNoAuth is in the error of Acquire when the URL names a user and the
	// relay offers no mechanism to log in with.
	ErrNoAuth = errors.New("the URL names a user, and the relay offers no way to log in that Homing knows")
)
