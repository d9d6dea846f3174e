package templatestore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// The keys of the bucket: current says which version is in force, and version.<n> is
// one. Versions are created and never changed.
const (
	currentKey = "current"
	versionKey = "version."
)

// ErrNoVersion says that there is no such version.
var ErrNoVersion = errors.New("there is no such version")

// Store reads and publishes versions.
type Store struct{ js jetstream.JetStream }

// New returns a store. The bucket is made by bus.Setup.
func New(js jetstream.JetStream) *Store { return &Store{js} }

// JetStream is where the versions are.
func (s *Store) JetStream() jetstream.JetStream { return s.js }

func (s *Store) bucket(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := s.js.KeyValue(ctx, bus.TemplatesBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, fmt.Errorf("the bucket %s is not there; `homing setup` makes it: %w", bus.TemplatesBucket, err)
	}
	if err != nil {
		return nil, fmt.Errorf("the bucket %s: %w", bus.TemplatesBucket, err)
	}
	return kv, nil
}

// pointer is the entry that says which version is in force.
type pointer struct {
	Version int `json:"version"`
}

// Current returns the version that is in force; 0: none was published yet.
func (s *Store) Current(ctx context.Context) (int, error) {
	kv, err := s.bucket(ctx)
	if err != nil {
		return 0, err
	}
	n, _, err := current(ctx, kv)
	return n, err
}

func current(ctx context.Context, kv jetstream.KeyValue) (n int, revision uint64, err error) {
	e, err := kv.Get(ctx, currentKey)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, 0, nil
	}
	var p pointer
	if err == nil {
		err = json.Unmarshal(e.Value(), &p)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("the entry %s of the bucket %s: %w", currentKey, bus.TemplatesBucket, err)
	}
	return p.Version, e.Revision(), nil
}

// Get returns a version. Its error wraps ErrNoVersion if there is none.
func (s *Store) Get(ctx context.Context, n int) (Version, Files, error) {
	kv, err := s.bucket(ctx)
	if err != nil {
		return Version{}, nil, err
	}
	return get(ctx, kv, n)
}

func get(ctx context.Context, kv jetstream.KeyValue, n int) (Version, Files, error) {
	raw, err := entry(ctx, kv, n)
	if err != nil {
		return Version{}, nil, err
	}
	v, f, err := unpack(raw)
	if err != nil {
		return v, nil, fmt.Errorf("version %d of the templates %w", n, err)
	}
	return v, f, nil
}

func entry(ctx context.Context, kv jetstream.KeyValue, n int) ([]byte, error) {
	e, err := kv.Get(ctx, keyOf(n))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fmt.Errorf("%w: %d", ErrNoVersion, n)
	}
	if err != nil {
		return nil, fmt.Errorf("version %d of the templates: %w", n, err)
	}
	return e.Value(), nil
}

func keyOf(n int) string { return versionKey + strconv.Itoa(n) }

// History returns the latest versions, the newest first.
func (s *Store) History(ctx context.Context, limit int) ([]Version, error) {
	kv, err := s.bucket(ctx)
	if err != nil {
		return nil, err
	}
	n, _, err := current(ctx, kv)
	if err != nil {
		return nil, err
	}
	out := []Version{}
	for ; n > 0 && len(out) < limit; n-- {
		raw, err := entry(ctx, kv, n)
		if err != nil {
			return nil, err
		}
		v, _, err := unpackHead(raw)
		if err != nil {
			return nil, fmt.Errorf("version %d of the templates %w", n, err)
		}
		out = append(out, v)
	}
	return out, nil
}
