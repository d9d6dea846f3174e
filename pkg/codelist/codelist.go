// Package codelist keeps the lists of codes that shops load, each code for one
// customer. It is told to load and to take; who gets a code, and for what, is
// delivery's business.
//
// The lists are on the stream OFFERS. A code that may be taken is a message of
// its own, at offers.<store>.<list>.free.<hash of the code>; one that was taken
// has a mark at offers.<store>.<list>.taken.<hash>. A mark is written only where
// there is none, it is never removed, and the process that writes it has the code. That
// one rule holds against everything: replicas that reach for the same code at
// the same time, a process that dies in between, a file that is loaded again
// after its codes were used. A process that dies with a code it has taken loses
// that code; no code is ever given twice.
package codelist

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/offer"
)

// emptyFor is how long a list that was found empty is not looked into again.
const emptyFor = 5 * time.Second

// Lists takes codes from lists and loads them.
type Lists struct {
	js jetstream.JetStream

	mu    sync.Mutex
	lists map[string]*list
}

// New returns the lists of an installation.
func New(js jetstream.JetStream) *Lists { return &Lists{js: js, lists: map[string]*list{}} }

// list is what one process knows of a list.
type list struct {
	mu    sync.Mutex
	next  uint64    // every code before this place was taken
	spare []string  // taken, and not needed after all
	empty time.Time // until when it is not looked into
}

func (c *Lists) list(store, name string) *list {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := store + "." + name
	if c.lists[key] == nil {
		c.lists[key] = &list{next: 1}
	}
	return c.lists[key]
}

func subject(store, name, state, hash string) string {
	return "offers." + store + "." + name + "." + state + "." + hash
}

const (
	free  = "free"
	taken = "taken"
)

var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// hashOf returns what a code is known by in subjects. As for shops, case does
// not matter.
func hashOf(code string) string {
	h := sha256.Sum256([]byte(strings.ToUpper(code)))
	return lower.EncodeToString(h[:16])
}

// Take removes a code from a list, for good; it implements delivery.Codes. The
// codes come in the order in which they were loaded. When it returns an error
// that is not offer.ErrNoCode, a code may be lost.
func (c *Lists) Take(ctx context.Context, store, name string) (string, error) {
	l := c.list(store, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.spare); n > 0 {
		code := l.spare[n-1]
		l.spare = l.spare[:n-1]
		return code, nil
	}
	if time.Now().Before(l.empty) {
		return "", noCode(store, name)
	}
	stream, err := c.js.Stream(ctx, bus.Offers)
	if err != nil {
		return "", fmt.Errorf("stream %s: %w", bus.Offers, err)
	}
	for {
		m, err := stream.GetMsg(ctx, l.next, jetstream.WithGetMsgSubject(subject(store, name, free, "*")))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			l.empty, l.next = time.Now().Add(emptyFor), 1
			return "", noCode(store, name)
		case err != nil:
			return "", fmt.Errorf("looking for a code: %w", err)
		}
		code := string(m.Data)
		mine, err := c.putNew(ctx, subject(store, name, taken, hashOf(code)), nil)
		if err != nil {
			return "", fmt.Errorf("taking a code: %w", err)
		}
		l.next = m.Sequence + 1
		// Tidying up only: the mark is what counts. A process that comes across a code that
		// has one does this for those that did not come so far.
		if err := stream.DeleteMsg(ctx, m.Sequence); err != nil && ctx.Err() != nil {
			return "", err
		}
		if mine {
			return code, nil
		}
	}
}

func noCode(store, name string) error {
	return fmt.Errorf("list %s of store %s: %w", name, store, offer.ErrNoCode)
}

// GiveBack keeps a code that was taken, and certainly not bound to anybody, for
// the next who takes one in this process.
func (c *Lists) GiveBack(store, name, code string) {
	l := c.list(store, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spare = append(l.spare, code)
}

// putNew publishes where there is nothing yet, and reports whether it did.
func (c *Lists) putNew(ctx context.Context, subject string, data []byte) (bool, error) {
	_, err := c.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: data}, jetstream.WithExpectLastSequencePerSubject(0))
	if there(err) {
		return false, nil
	}
	return err == nil, err
}

// there reports whether the server refused a message because there is one already: a
// subject may hold no more.
func there(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == bus.StoreFailed)
}
