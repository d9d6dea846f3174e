package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"homing/pkg/channel"
	"homing/pkg/stdwebhook"
)

// mostAnswer is how much of an answer's body is read: it says nothing that counts, and a
// connection is used again once it was read.
const mostAnswer = 64 << 10

// send makes the request of a message, once.
//
// No header Idempotency-Key is sent, although the id is one: by that header net/http takes a
// POST for one that it may make again by itself, also after all of it was written.
func (c *Channel) send(ctx context.Context, m *message, l channel.Lease) channel.Outcome {
	requested, end := context.WithTimeout(context.WithoutCancel(ctx), c.o.Timeout)
	defer end()
	h := &handover{ctx: ctx, lease: l, end: end}
	defer context.AfterFunc(ctx, h.stopping)()
	req, err := http.NewRequestWithContext(requested, http.MethodPost, c.o.URL, h.body(m.body))
	if err != nil {
		return unreachable(errors.New("the address of the endpoint cannot be used"))
	}
	req.ContentLength = int64(len(m.body))
	// net/http makes a request again where nothing of it was written, or the server says that
	// it has not looked at it.
	req.GetBody = func() (io.ReadCloser, error) { return h.body(m.body), nil }
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Homing")
	stdwebhook.Sign(req.Header.Set, c.o.Keys, m.id, time.Now(), m.body)
	res, err := c.client.Do(req)
	begun, lost := h.over()
	switch {
	case err == nil:
		_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, mostAnswer))
		_ = res.Body.Close()
		return answered(res, time.Now())
	case begun:
		return unanswered(err, c.o.Timeout)
	case lost != nil:
		return channel.Outcome{Meaning: channel.LeaseEnded, Err: lost}
	case ctx.Err() != nil:
		return unreachable(context.Cause(ctx))
	}
	return unreachable(err)
}

// handover is the way of one message to the point of no return, which is when the body is
// first read in order to be written: before that, the endpoint has nothing that it could
// act on.
type handover struct {
	ctx   context.Context // ends when the loop stops
	lease channel.Lease
	end   func() // ends the request

	mu     sync.Mutex
	begun  bool  // the message may have left
	lost   error // the lease ran out before
	closed bool  // it was decided what became of it
}

var errClosed = errors.New("the request is over")

// begin reports why the message must not leave; nil: it may have from now on.
func (h *handover) begin() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return errClosed
	case h.begun: // once more, as nothing was taken of it
		return nil
	case h.ctx.Err() != nil:
		return context.Cause(h.ctx)
	}
	h.lost = h.lease.Confirm()
	h.begun = h.lost == nil
	return h.lost
}

// stopping ends a request whose message has not left. One that has is waited for: nobody
// else can know what became of it.
func (h *handover) stopping() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.begun {
		h.end()
	}
}

// over lets nothing leave any more, and returns whether the message may have, or why the
// lease ended it.
func (h *handover) over() (begun bool, lost error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	return h.begun, h.lost
}

func (h *handover) body(b []byte) io.ReadCloser { return &body{h: h, r: bytes.NewReader(b)} }

// body asks before its first byte is read.
type body struct {
	h     *handover
	r     *bytes.Reader
	asked bool
}

func (b *body) Read(p []byte) (int, error) {
	if !b.asked {
		if err := b.h.begin(); err != nil {
			return 0, err
		}
		b.asked = true
	}
	return b.r.Read(p)
}

func (b *body) Close() error { return nil }

// unreachable is the outcome of a message that has not left.
func unreachable(err error) channel.Outcome {
	return channel.Outcome{Meaning: channel.Unreachable, Detail: "the endpoint cannot be reached: " + plain(err), Err: inner(err)}
}

// unanswered is the outcome of one that may have.
func unanswered(err error, timeout time.Duration) channel.Outcome {
	detail := "the connection ended before the endpoint answered"
	if errors.Is(err, context.DeadlineExceeded) {
		detail = fmt.Sprintf("the endpoint did not answer within %s", timeout)
	}
	return channel.Outcome{Meaning: channel.Unknown, Detail: detail, Err: inner(err)}
}

// inner is an error without the address of the endpoint, which may have a secret in it.
func inner(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func plain(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "it took too long"
	}
	return inner(err).Error()
}
