package bus

import (
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// StoreFailed is the code of a stream that has reached a limit, of all or of a subject, or
// cannot write.
const StoreFailed jetstream.ErrorCode = 10077

// explained says what the codes of JetStream's errors mean for an operator, and what to
// do. The numbers are those of nats-server's errors.json; nats.go names few of them.
var explained = map[jetstream.ErrorCode]string{
	10002:       "our account may not store more in JetStream: raise its limits, or lower the max_bytes of nats.streams",
	10005:       "no server has room for it: the disks of the servers are full or their max_file_store is used up, or there are fewer servers with JetStream than nats.replicas",
	10008:       "JetStream has no leader at the moment: too few of its servers answer",
	10023:       "the servers have too little room or memory for it: free disk space, or raise max_file_store",
	10026:       "our account may not have more streams: raise its limit",
	10027:       "our account or the stream may not have more consumers: raise the limit",
	10028:       "the server may not use more memory for JetStream: raise max_memory_store",
	10047:       "the server has no room for it: its disk is full, or the max_bytes of all streams are more than its max_file_store. Free disk space, raise max_file_store, or lower the max_bytes of nats.streams",
	10074:       "this server is no cluster: set nats.replicas to 1, or run three servers",
	10120:       "our account has no limits for JetStream that fit nats.replicas: give it some for so many replicas",
	StoreFailed: "the server could not store it: the stream has reached a limit, or the disk is full",
}

// explainedError is an error of JetStream with what it means, in words.
type explainedError struct {
	error
	meaning string
}

func (e *explainedError) Error() string { return e.meaning + " (" + e.error.Error() + ")" }
func (e *explainedError) Unwrap() error { return e.error }

// Explain adds to an error of JetStream what it means for an operator. An error that
// says so by itself is returned as it is.
func Explain(err error) error {
	api, ok := errors.AsType[*jetstream.APIError](err)
	if !ok {
		return err
	}
	if _, already := errors.AsType[*explainedError](err); already {
		return err
	}
	if meaning := explained[api.ErrorCode]; meaning != "" {
		return &explainedError{err, meaning}
	}
	return err
}
