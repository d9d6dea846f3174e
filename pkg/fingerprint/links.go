package fingerprint

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/link"
)

// Where the keys of links are kept in the bucket `controls`, by their ids: the
// fingerprint of each, and who is known to verify, or to sign, with it.
const (
	linkKey    = "link-key."
	verifiedBy = ".gateway"
	signedBy   = ".sender"
)

// OtherKey says that a key of links has the id of another one.
type OtherKey struct {
	ID         string
	Ours, Kept string // fingerprints
}

func (o *OtherKey) Error() string {
	return fmt.Sprintf("link_keys: the key %s is not the one that has this id in the installation (its fingerprint is %s; ours is %s). "+
		"Links that one of them signs are refused where the other is configured, so customers could not leave. Correct its secret_file; a new key needs a new id",
		o.ID, o.Kept, o.Ours)
}

// KeepLinks returns nil if each key of links is the one that the installation has under
// its id, an *OtherKey if it is not, and any other error if that could not be found out.
// Keys that are new are kept. The bucket has to be there.
func KeepLinks(ctx context.Context, js jetstream.JetStream, keys []link.Print) error {
	if len(keys) == 0 {
		return nil
	}
	kv, err := controls(ctx, js)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := note(ctx, kv, linkKey+k.ID, k.Fingerprint); err != nil {
			return err
		}
		e, err := kv.Get(ctx, linkKey+k.ID)
		if err != nil {
			return fmt.Errorf("the entry %s of the bucket %s: %w", linkKey+k.ID, bus.ControlsBucket, err)
		}
		if kept := string(e.Value()); kept != k.Fingerprint {
			return &OtherKey{ID: k.ID, Ours: k.Fingerprint, Kept: kept}
		}
	}
	return nil
}

// Verifies notes that a gateway has the keys, and returns the ids of those that others
// are known to have signed with and it has not: such links it refuses.
func Verifies(ctx context.Context, js jetstream.JetStream, keys []link.Print) (missing []string, err error) {
	kv, err := controls(ctx, js)
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, k := range keys {
		have[k.ID] = true
		if err := note(ctx, kv, linkKey+k.ID+verifiedBy, k.Fingerprint); err != nil {
			return nil, err
		}
	}
	stream, err := js.Stream(ctx, "KV_"+bus.ControlsBucket)
	if err != nil {
		return nil, fmt.Errorf("the bucket %s: %w", bus.ControlsBucket, err)
	}
	const prefix = "$KV." + bus.ControlsBucket + "." + linkKey
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(prefix+"*"+signedBy))
	if err != nil {
		return nil, fmt.Errorf("the bucket %s: %w", bus.ControlsBucket, err)
	}
	for subject := range info.State.Subjects {
		if id := subject[len(prefix) : len(subject)-len(signedBy)]; !have[id] {
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	return missing, nil
}

// Signs notes that links are signed with a key, and reports whether a gateway has it.
func Signs(ctx context.Context, js jetstream.JetStream, key link.Print) (known bool, err error) {
	kv, err := controls(ctx, js)
	if err != nil {
		return false, err
	}
	if err := note(ctx, kv, linkKey+key.ID+signedBy, key.Fingerprint); err != nil {
		return false, err
	}
	_, err = kv.Get(ctx, linkKey+key.ID+verifiedBy)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	return err == nil, err
}

// controls returns the bucket that keeps them.
func controls(ctx context.Context, js jetstream.JetStream) (jetstream.KeyValue, error) {
	kv, err := js.KeyValue(ctx, bus.ControlsBucket)
	if err != nil {
		return nil, fmt.Errorf("the bucket %s: %w", bus.ControlsBucket, err)
	}
	return kv, nil
}

// note makes an entry, unless there is one.
func note(ctx context.Context, kv jetstream.KeyValue, key, value string) error {
	_, err := kv.Create(ctx, key, []byte(value))
	if err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("the entry %s of the bucket %s: %w", key, bus.ControlsBucket, err)
	}
	return nil
}
