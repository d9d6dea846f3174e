// Package fingerprint keeps which secret an installation has with its streams, so
// that a process with another secret is refused before it takes anything in. What is
// kept is derived from the secret and tells nothing about it. It makes no stream.
package fingerprint

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/timeline"
)

// entry is where the fingerprint is in the bucket `controls`. It is created and never
// replaced: of two processes that are the first, one has it, and the other compares.
const entry = "secret"

// Other says that an installation has another secret than ours.
type Other struct {
	Ours string // the fingerprint of our secret
	Kept string // that of the installation; empty: its timeline says so
}

func (o *Other) Error() string {
	how := "its fingerprint is " + o.Kept
	if o.Kept == "" {
		how = "the newest entries of its timeline were made with another"
	}
	return fmt.Sprintf("secret: it is not the secret of the installation on this NATS (%s; ours has the fingerprint %s). "+
		"With it every customer would be a stranger, those who left would get email, and links in emails would not work. "+
		"Correct the secret or secret_file, or nats.url", how, o.Ours)
}

// Read returns the fingerprint that an installation keeps; empty: none yet.
func Read(ctx context.Context, js jetstream.JetStream) (string, error) {
	kv, err := js.KeyValue(ctx, bus.ControlsBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return "", nil
	}
	var e jetstream.KeyValueEntry
	if err == nil {
		e, err = kv.Get(ctx, entry)
	}
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("the entry %s of the bucket %s: %w", entry, bus.ControlsBucket, err)
	}
	return string(e.Value()), nil
}

// Check returns nil if the secret is that of the installation, an *Other if it is
// another's, and any other error if that could not be found out. Where no fingerprint
// is kept yet, the secret is proved by the timeline. Check changes nothing.
func Check(ctx context.Context, js jetstream.JetStream, id *customer.Identity) error {
	kept, err := Read(ctx, js)
	switch {
	case err != nil:
		return err
	case kept == "":
		return prove(ctx, js, id)
	case kept != id.Fingerprint():
		return &Other{Ours: id.Fingerprint(), Kept: kept}
	}
	return nil
}

// Keep is Check, and keeps the fingerprint of a secret that was right. The bucket has
// to be there.
func Keep(ctx context.Context, js jetstream.JetStream, id *customer.Identity) error {
	kept, err := Read(ctx, js)
	if err != nil || kept != "" {
		return errors.Join(err, other(kept, id))
	}
	if err := prove(ctx, js, id); err != nil {
		return err
	}
	kv, err := js.KeyValue(ctx, bus.ControlsBucket)
	if err == nil {
		_, err = kv.Create(ctx, entry, []byte(id.Fingerprint()))
	}
	if errors.Is(err, jetstream.ErrKeyExists) { // somebody else was quicker
		return Check(ctx, js, id)
	}
	if err != nil {
		return fmt.Errorf("the entry %s of the bucket %s: %w", entry, bus.ControlsBucket, err)
	}
	return nil
}

func other(kept string, id *customer.Identity) error {
	if kept == "" || kept == id.Fingerprint() {
		return nil
	}
	return &Other{Ours: id.Fingerprint(), Kept: kept}
}

// prove compares the secret with the newest entry of the timeline that has a
// customer's id and was made from it. A timeline without one proves nothing, and
// needs no proof: nobody on it could be taken for a stranger.
func prove(ctx context.Context, js jetstream.JetStream, id *customer.Identity) error {
	for _, name := range bus.PartitionsOf(js).Timelines() {
		if _, err := js.Stream(ctx, name); err != nil {
			if errors.Is(err, jetstream.ErrStreamNotFound) {
				return nil // of several, Setup makes those that are missing, and asks again
			}
			return err
		}
	}
	t := timeline.New(js)
	newest, err := t.Newest(ctx, types())
	if err != nil {
		return err
	}
	last, odd := usable(newest)
	if last == nil && odd {
		// Rarely: the newest of each type is one that Homing made. All of them are read.
		for _, of := range types() {
			err := t.ReadType(ctx, "*", of, nil, func(es []customer.Entry) error {
				if e, _ := usable(es); e != nil && (last == nil || customer.CompareEntries(*e, *last) > 0) {
					last = e
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	if last != nil && id.Key(last.Key.Store, last.Event.Data.(events.CustomerData).Who().ID).Token != last.Key.Token {
		return &Other{Ours: id.Fingerprint()}
	}
	return nil
}

// types are those of what shops say about customers.
func types() (out []events.Type) {
	for _, r := range events.Rows() {
		if !r.Type.IsFact() && r.Type.Known() {
			out = append(out, r.Type)
		}
	}
	return out
}

// usable returns the newest of some entries that tells the id its token was made
// from. odd: there were customers' entries of which that cannot be said. What Homing
// itself says, and copies, may be kept with another of a person's ids.
func usable(es []customer.Entry) (last *customer.Entry, odd bool) {
	for i, e := range es {
		d, ok := e.Event.Data.(events.CustomerData)
		switch {
		case !ok || e.Event.OfNobody():
		case e.Event.Copy || strings.HasPrefix(e.Event.Source, "/homing/") || d.Who().ID == "":
			odd = true
		case last == nil || customer.CompareEntries(e, *last) > 0:
			last = &es[i]
		}
	}
	return last, odd
}
