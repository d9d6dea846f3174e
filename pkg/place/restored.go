package place

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// MarkRestored says that an installation came out of a backup that was begun at some time:
// nobody lives there until it is adopted.
func MarkRestored(ctx context.Context, js jetstream.JetStream, taken time.Time) error {
	k, err := read[Place](ctx, js, entry)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	p := Place{ID: strings.ToLower(rand.Text()), Since: now, By: "homing restore"}
	if k.value != nil {
		p = *k.value
	}
	p.Restored = &Restored{At: now, Taken: taken}
	_, did, err := write(ctx, js, entry, k, p)
	if err == nil && !did {
		err = errors.New("somebody else wrote it: end all processes of Homing before you restore a backup")
	}
	return err
}
