package bus

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoObject says that a bucket of objects, or an object in it, does not exist yet.
var ErrNoObject = errors.New("there is no such object yet")

// PutObject replaces an object as a whole, and returns what tells it from the one before.
func PutObject(ctx context.Context, js jetstream.JetStream, bucket, name string, data []byte) (id string, err error) {
	objects, err := js.ObjectStore(ctx, bucket)
	if err != nil {
		return "", err
	}
	info, err := objects.Put(ctx, jetstream.ObjectMeta{Name: name}, &unhurried{bytes.NewReader(data)})
	if err != nil {
		return "", err
	}
	return info.NUID, nil
}

// unhurried takes a moment over the end of what it reads. nats.go (1.55) starts a
// goroutine with the first piece of an object and takes its channel away with
// the last: one that had no time to look at it would never end.
type unhurried struct{ io.Reader }

func (u *unhurried) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		time.Sleep(10 * time.Millisecond)
	}
	return n, err
}

// GetObject reads an object, unless it is the one that is known: then its data are nil. Its
// error may be ErrNoObject.
func GetObject(ctx context.Context, js jetstream.JetStream, bucket, name, known string) (data []byte, id string, err error) {
	objects, err := js.ObjectStore(ctx, bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, "", ErrNoObject
	}
	if err != nil {
		return nil, "", err
	}
	info, err := objects.GetInfo(ctx, name)
	switch {
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return nil, "", ErrNoObject
	case err != nil:
		return nil, "", err
	case info.NUID == known:
		return nil, known, nil
	}
	return readObject(ctx, objects, name)
}

// readObject reads an object, and says which it was. One that is replaced meanwhile loses its
// content, and nats.go (1.55) waits for that until its deadline; so the first is close.
func readObject(ctx context.Context, objects jetstream.ObjectStore, name string) (data []byte, id string, err error) {
	for wait := 2 * time.Second; wait < time.Minute; wait *= 4 {
		if data, id, err = readWithin(ctx, wait, objects, name); err == nil || ctx.Err() != nil {
			break
		}
	}
	return data, id, err
}

func readWithin(ctx context.Context, wait time.Duration, objects jetstream.ObjectStore, name string) ([]byte, string, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	o, err := objects.Get(ctx, name)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = o.Close() }() // all of it was read, or it says nothing new
	info, err := o.Info()
	if err != nil {
		return nil, "", err
	}
	data, err := io.ReadAll(o)
	return data, info.NUID, err
}
