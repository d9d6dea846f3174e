// Package backup writes the streams and buckets of an installation to a folder, and
// brings them back where there are none. Each stream is in a folder of its own, in the
// form of the nats command ("nats stream restore" reads it); a manifest, written last, says
// what belongs together. It knows nothing about what is in them.
package backup

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// A Manifest is what a backup has: the file manifest.json.
type Manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of Homing
	Begun   time.Time `json:"begun"`
	Ended   time.Time `json:"ended"`
	Secret  string    `json:"secret"`  // the fingerprint of the installation's secret; empty: it kept none
	Streams []Stream  `json:"streams"` // in the order in which they were read
}

// Stream is one of them.
type Stream struct {
	Name     string    `json:"name"`
	Taken    time.Time `json:"taken"`
	Messages uint64    `json:"messages"`
	Bytes    uint64    `json:"bytes"`
	Last     uint64    `json:"last"` // sequence
	Files    []File    `json:"files"`
}

// File is a file of a stream's folder.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

const (
	format       = 1
	manifestName = "manifest.json"
	metaName     = "backup.json" // as the nats command has it
)

// order is the order in which streams are read; one that ends in - is of all names that
// begin so. What one has acknowledged is in the next by then: an event that was taken in is
// on the timeline, an entry that was planned from is on the schedule, a code that was given
// out is taken. Read the other way round, an email could be in neither.
var order = []string{"KV_" + bus.ControlsBucket, bus.Storefront, bus.Timeline, bus.Timeline + "-", bus.ScheduleStream(""), bus.Offers, bus.Mails, bus.Rejected,
	"KV_" + bus.TemplatesBucket, "OBJ_" + bus.ProductsBucket}

// place is the index of a stream in the order; less than 0: it is not an installation's.
func place(name string) int {
	return slices.IndexFunc(order, func(o string) bool {
		return name == o || strings.HasSuffix(o, "-") && strings.HasPrefix(name, o)
	})
}

// ours are those of some streams that are an installation's, in that order.
func ours(all []string) []string {
	out := slices.DeleteFunc(all, func(name string) bool { return place(name) < 0 })
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a, b)) })
	return out
}

func names(ctx context.Context, js jetstream.JetStream) ([]string, error) {
	l := js.StreamNames(ctx)
	var all []string
	for name := range l.Name() {
		all = append(all, name)
	}
	if err := l.Err(); err != nil {
		return nil, fmt.Errorf("listing the streams: %w", err)
	}
	return ours(all), nil
}

// Options are what a backup is made and brought back with.
type Options struct {
	JS       jetstream.JetStream
	Dir      string
	Version  string // of Homing
	Secret   string // the fingerprint that is kept with the installation
	Replicas int    // Restore: of the streams
	// Progress is told how many bytes of a stream have passed, of about how many; may be nil.
	Progress func(stream string, done, of uint64)
	// Restored is called once what says where the installation lives is back, before
	// anything else is.
	Restored func(ctx context.Context, m *Manifest) error
}

func (o *Options) progress(stream string, done, of uint64) {
	if o.Progress != nil {
		o.Progress(stream, done, of)
	}
}

// Take makes a backup in a folder that is new or empty. Processes may run.
func Take(ctx context.Context, o Options) (*Manifest, error) {
	if err := empty(o.Dir); err != nil {
		return nil, err
	}
	all, err := names(ctx, o.JS)
	if err != nil {
		return nil, err
	}
	for _, part := range bus.PartitionsOf(o.JS).Timelines() {
		if !slices.Contains(all, part) {
			return nil, errors.New("there is no whole installation on this NATS: it has no stream " + part + "; check nats.url and nats.partitions")
		}
	}
	m := &Manifest{Format: format, Version: o.Version, Begun: time.Now().UTC(), Secret: o.Secret}
	for _, name := range all {
		s, err := o.snapshot(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", name, bus.Explain(err))
		}
		m.Streams = append(m.Streams, s)
	}
	m.Ended = time.Now().UTC()
	body, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = writeFile(filepath.Join(o.Dir, manifestName), body)
	}
	return m, err
}

// empty makes the folder, which nobody else may read: customers are in it.
func empty(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(dir)
	if err == nil && len(files) > 0 {
		return fmt.Errorf("%s is not empty; name a folder of its own for each backup", dir)
	}
	return err
}

// writeFile writes a file and waits until it is on the disk.
func writeFile(name string, body []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	return errors.Join(err, f.Sync(), f.Close())
}

// Read reads the manifest of a backup and compares all files with it.
func Read(ctx context.Context, o Options) (*Manifest, error) {
	body, err := os.ReadFile(filepath.Join(o.Dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no %s: it is not a backup by homing backup, or one that was not finished", o.Dir, manifestName)
	}
	m := new(Manifest)
	if err == nil {
		err = json.Unmarshal(body, m)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", manifestName, err)
	}
	if m.Format != format {
		return nil, fmt.Errorf("%s: it has the format %d, and this version of Homing reads %d", manifestName, m.Format, format)
	}
	for _, s := range m.Streams {
		if s.Name != filepath.Base(s.Name) {
			return nil, fmt.Errorf("%s: %q is not the name of a stream", manifestName, s.Name)
		}
		for _, f := range s.Files {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := f.check(filepath.Join(o.Dir, s.Name)); err != nil {
				return nil, fmt.Errorf("stream %s: %w", s.Name, err)
			}
		}
	}
	return m, nil
}

func (f File) check(dir string) error {
	is, err := sum(dir, f.Name)
	if err == nil && is != f {
		err = fmt.Errorf("%s has changed since the backup was made: take another", f.Name)
	}
	return err
}

// sum describes a file.
func sum(dir, name string) (File, error) {
	if name != filepath.Base(name) {
		return File{}, fmt.Errorf("%q is not the name of a file", name)
	}
	in, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return File{}, err
	}
	defer func() { _ = in.Close() }()
	h := sha256.New()
	n, err := io.Copy(h, in)
	return File{name, n, hex.EncodeToString(h.Sum(nil))}, err
}
