package templatestore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// maxStored is the most that a version may have, packed: one message of NATS, which
	// by default has up to a megabyte. Templates in four languages have a tenth of that.
	maxStored = 900 << 10
	// maxWords is the most that an author or a message may have, in bytes.
	maxWords = 500
)

// ErrUnchanged says that the files are those of the version in force.
var ErrUnchanged = errors.New("nothing is different from the version in force")

// A Draft is what becomes a version.
type Draft struct {
	Files    Files
	Base     int    // the version that it was made from; 0: there was none
	Author   string // a name; no address
	Message  string
	Restores int
}

func (d *Draft) validate() error {
	switch {
	case len(d.Files) == 0:
		return errors.New("there are no templates")
	case strings.TrimSpace(d.Author) == "":
		return errors.New("the author has no name")
	case strings.Contains(d.Author, "@") || strings.Contains(d.Message, "@"):
		return errors.New("author and message must not have an address: they are kept for ever")
	case len(d.Author) > maxWords || len(d.Message) > maxWords:
		return fmt.Errorf("author and message have up to %d bytes each", maxWords)
	}
	return nil
}

// A Conflict says that others published since a draft was begun. Nothing was stored.
type Conflict struct {
	Base, Current int
	Since         []Version // what was published since, the newest first
	Theirs        []Change  // what it changed, all together
	Both          []string  // files that the draft changes, too, in another way
}

func (c *Conflict) Error() string {
	var b strings.Builder
	if c.Base > c.Current {
		fmt.Fprintf(&b, "there is no version %d: the one in force is %d", c.Base, c.Current)
		return b.String()
	}
	fmt.Fprintf(&b, "version %d is in force, and these files were made from version %d; nothing was published", c.Current, c.Base)
	for _, v := range c.Since {
		fmt.Fprintf(&b, "\n  version %d by %s, %s", v.Number, v.Author, v.At.UTC().Format("2006-01-02 15:04 MST"))
		if v.Message != "" {
			fmt.Fprintf(&b, ": %s", v.Message)
		}
		for _, ch := range v.Changes {
			fmt.Fprintf(&b, "\n    %s", ch)
		}
	}
	if len(c.Both) > 0 {
		fmt.Fprintf(&b, "\nyou changed as well: %s", strings.Join(c.Both, ", "))
	}
	return b.String()
}

// settleFor is how long a version may take that is stored, to be put in force.
const settleFor = 5 * time.Second

// Publish makes a draft the next version, and puts it in force. It is decided by who
// creates the version's entry first: the others get a *Conflict, and nothing of theirs
// is stored. Its error wraps ErrUnchanged if there is nothing to publish.
func (s *Store) Publish(ctx context.Context, d Draft) (Version, error) {
	if err := d.validate(); err != nil {
		return Version{}, err
	}
	kv, err := s.bucket(ctx)
	if err != nil {
		return Version{}, err
	}
	before, err := s.begin(ctx, kv, d)
	if err != nil {
		return Version{}, err
	}
	v := Version{
		Number: d.Base + 1, At: time.Now().UTC().Truncate(time.Second), Author: d.Author, Message: d.Message, Restores: d.Restores,
		Hash: d.Files.Hash(), Files: len(d.Files), Changes: Changes(before, d.Files),
	}
	raw, err := d.Files.pack(v)
	if err != nil {
		return Version{}, err
	}
	if most := min(maxStored, int(s.js.Conn().MaxPayload())-1024); len(raw) > most {
		return Version{}, fmt.Errorf("the templates have %d KiB, packed, and a version may have %d; %s", len(raw)>>10, most>>10, largest(d.Files))
	}
	_, err = kv.Create(ctx, keyOf(v.Number), raw)
	if errors.Is(err, jetstream.ErrKeyExists) {
		if mine, err := ours(ctx, kv, v); err != nil || mine == nil {
			return Version{}, errors.Join(err, s.conflict(ctx, kv, d))
		}
	} else if err != nil {
		return Version{}, fmt.Errorf("storing version %d, which may be stored or not; publish again, or look at the history: %w", v.Number, err)
	}
	ahead(ctx, s.js.Conn(), v.Number)
	// What is stored belongs in force, even if the caller's time went by in the meantime.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleFor)
	defer cancel()
	if _, err := settle(end, kv); err != nil {
		return v, fmt.Errorf("version %d is stored and not in force yet; publish again: %w", v.Number, err)
	}
	return v, nil
}

// begin returns the files of the draft's base, if that is in force.
func (s *Store) begin(ctx context.Context, kv jetstream.KeyValue, d Draft) (Files, error) {
	n, err := settle(ctx, kv)
	if err != nil {
		return nil, err
	}
	var now Files
	if n > 0 {
		if _, now, err = get(ctx, kv, n); err != nil {
			return nil, err
		}
		if now.Hash() == d.Files.Hash() {
			return nil, fmt.Errorf("%w, %d", ErrUnchanged, n)
		}
	}
	if n != d.Base {
		return nil, s.conflict(ctx, kv, d)
	}
	return now, nil
}

// settle puts the newest version in force, and returns it: what its publisher died over
// is done by the next.
func settle(ctx context.Context, kv jetstream.KeyValue) (int, error) {
	for {
		n, revision, err := current(ctx, kv)
		if err != nil {
			return 0, err
		}
		_, err = entry(ctx, kv, n+1)
		switch {
		case errors.Is(err, ErrNoVersion):
			return n, nil
		case err != nil:
			return 0, err
		}
		value, err := json.Marshal(pointer{n + 1})
		if err != nil {
			return 0, err
		}
		if revision == 0 {
			_, err = kv.Create(ctx, currentKey, value)
		} else {
			_, err = kv.Update(ctx, currentKey, value, revision)
		}
		if err != nil && !moved(err) {
			return 0, fmt.Errorf("putting version %d in force: %w", n+1, err)
		}
	}
}

// moved reports whether somebody else wrote an entry first.
func moved(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return errors.Is(err, jetstream.ErrKeyExists) || ok && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

// ours returns the stored version of that number if it is what we wanted to store: an
// earlier try of ours, whose acknowledgement was lost.
func ours(ctx context.Context, kv jetstream.KeyValue, v Version) (*Version, error) {
	raw, err := entry(ctx, kv, v.Number)
	if err != nil {
		return nil, err
	}
	have, _, err := unpackHead(raw)
	if err != nil || have.Hash != v.Hash || have.Author != v.Author || have.Message != v.Message {
		return nil, err
	}
	return &have, nil
}

// conflict says what was published since the draft was begun.
func (s *Store) conflict(ctx context.Context, kv jetstream.KeyValue, d Draft) error {
	n, err := settle(ctx, kv)
	for tries := 0; err == nil && n == d.Base && tries < 20; tries++ {
		// A server that has not heard of it yet was asked.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		n, err = settle(ctx, kv)
	}
	if err != nil {
		return err
	}
	c := &Conflict{Base: d.Base, Current: n}
	if d.Base > n {
		return c
	}
	if c.Since, err = s.History(ctx, n-d.Base); err != nil {
		return err
	}
	var base Files
	if d.Base > 0 {
		if _, base, err = get(ctx, kv, d.Base); err != nil {
			return err
		}
	}
	_, now, err := get(ctx, kv, n)
	if err != nil {
		return err
	}
	c.Theirs = Changes(base, now)
	mine := Changes(base, d.Files)
	for _, t := range c.Theirs {
		if slices.ContainsFunc(mine, func(m Change) bool { return m.Path == t.Path }) && string(now[t.Path]) != string(d.Files[t.Path]) {
			c.Both = append(c.Both, t.Path)
		}
	}
	return c
}

// largest names the file to look at when there is too much.
func largest(f Files) string {
	name := ""
	for _, p := range f.paths() {
		if name == "" || len(f[p]) > len(f[name]) {
			name = p
		}
	}
	return fmt.Sprintf("the largest file is %s, %d KiB", name, len(f[name])>>10)
}
