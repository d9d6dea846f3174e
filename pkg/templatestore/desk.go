package templatestore

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// deskKey is the entry with what is on the desk.
const deskKey = "desk"

// An Edit is a file that somebody changed and nobody published yet.
type Edit struct {
	Path string    `json:"path"`
	By   string    `json:"by"`
	At   time.Time `json:"at"` // real time
	// Base is the SumOf the file that it was made from; "": there was none.
	Base string `json:"base"`
	Text []byte `json:"-"`
}

// Sum tells the texts of a file apart.
func (e Edit) Sum() string { return SumOf(e.Text, true) }

// A Desk has what was changed since the version in force, and is shared by all who edit:
// it becomes the next version. It is one entry, so that what several files need of one
// another is saved at once, or not at all.
type Desk struct {
	Revision uint64 `json:"-"` // of the entry; 0: there is none
	Edits    []Edit `json:"edits"`
}

// Edit returns the edit of a file; nil: it has none.
func (d *Desk) Edit(path string) *Edit {
	if i := slices.IndexFunc(d.Edits, func(e Edit) bool { return e.Path == path }); i >= 0 {
		return &d.Edits[i]
	}
	return nil
}

// Put puts an edit in the place of the one that its file has, if it has one.
func (d *Desk) Put(e Edit) {
	d.Take(e.Path)
	d.Edits = append(d.Edits, e)
	slices.SortFunc(d.Edits, func(a, b Edit) int { return strings.Compare(a.Path, b.Path) })
}

// Take takes the edit of a file away.
func (d *Desk) Take(path string) {
	d.Edits = slices.DeleteFunc(d.Edits, func(e Edit) bool { return e.Path == path })
}

// Over lays the edits over files. What is as it was is no edit.
func (d *Desk) Over(base Files) Files {
	own := Files{}
	for _, e := range d.Edits {
		own[e.Path] = e.Text
	}
	return own.Over(base)
}

// SumOf tells the texts of one file apart; "" is that of no file.
func SumOf(text []byte, there bool) string {
	if !there {
		return ""
	}
	return Files{"": text}.Hash()[:16]
}

// Desk returns what is on the desk.
func (s *Store) Desk(ctx context.Context) (Desk, error) {
	kv, err := s.bucket(ctx)
	if err != nil {
		return Desk{}, err
	}
	return desk(ctx, kv)
}

func desk(ctx context.Context, kv jetstream.KeyValue) (Desk, error) {
	var d Desk
	e, err := kv.Get(ctx, deskKey)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return d, nil
	}
	if err != nil {
		return d, fmt.Errorf("the draft of the templates: %w", err)
	}
	if err := d.unpack(e.Value()); err != nil {
		return Desk{}, fmt.Errorf("the draft of the templates, entry %s of the bucket %s: %w", deskKey, bus.TemplatesBucket, err)
	}
	d.Revision = e.Revision()
	return d, nil
}

// ChangeDesk changes what is on the desk. It calls change with what is there, and again
// with what is there then if somebody else was faster; an error of it changes nothing.
func (s *Store) ChangeDesk(ctx context.Context, change func(d *Desk) error) (Desk, error) {
	kv, err := s.bucket(ctx)
	if err != nil {
		return Desk{}, err
	}
	for {
		d, err := desk(ctx, kv)
		if err != nil {
			return d, err
		}
		if err := change(&d); err != nil {
			return d, err
		}
		raw, err := d.pack()
		if err != nil {
			return d, err
		}
		if most := min(maxStored, int(s.js.Conn().MaxPayload())-1024); len(raw) > most {
			return d, fmt.Errorf("the draft has %d KiB, packed, and may have %d; publish what is ready, or take a large file out", len(raw)>>10, most>>10)
		}
		if d.Revision == 0 {
			d.Revision, err = kv.Create(ctx, deskKey, raw)
		} else {
			d.Revision, err = kv.Update(ctx, deskKey, raw, d.Revision)
		}
		switch {
		case err == nil:
			return d, nil
		case !moved(err):
			return d, fmt.Errorf("saving the draft: %w", err)
		case ctx.Err() != nil:
			return d, ctx.Err()
		}
	}
}

// pack writes the desk as a version is: a line of JSON, and a zip archive.
func (d *Desk) pack() ([]byte, error) {
	head, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	archive, err := d.Over(nil).zip(zip.Deflate)
	return append(append(head, '\n'), archive...), err
}

func (d *Desk) unpack(raw []byte) error {
	head, archive, found := bytes.Cut(raw, []byte("\n"))
	if !found {
		return errDamaged
	}
	if err := json.Unmarshal(head, d); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	for i := range d.Edits {
		f, err := z.Open(d.Edits[i].Path)
		if err == nil {
			d.Edits[i].Text, err = io.ReadAll(io.LimitReader(f, maxFile))
			_ = f.Close() // it was read
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
	}
	return nil
}
