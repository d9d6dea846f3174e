package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"homing/pkg/bus"
)

// Restore brings back all streams of a backup whose manifest was read, where there are
// none. What it has brought back goes again if it fails.
func Restore(ctx context.Context, o Options, m *Manifest) error {
	there, err := names(ctx, o.JS)
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return fmt.Errorf("this NATS has an installation already (%s): a backup is restored where there is none. Nothing was changed", strings.Join(there, ", "))
	}
	if err := o.splitSo(m); err != nil {
		return err
	}
	var did []string
	for _, s := range m.Streams {
		err := o.restore(ctx, s)
		if err == nil || errors.Is(err, errPerhaps) {
			did = append(did, s.Name)
		}
		if err == nil && s.Name == "KV_"+bus.ControlsBucket {
			err = o.Restored(ctx, m)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("stream %s: %w", s.Name, bus.Explain(err)), o.undo(context.WithoutCancel(ctx), did))
		}
	}
	return nil
}

// splitSo returns an error if a backup is of an installation that is split over another
// number of partitions: no process would start on what was restored.
func (o *Options) splitSo(m *Manifest) error {
	var has []string
	for _, s := range m.Streams {
		if s.Name == bus.Timeline || strings.HasPrefix(s.Name, bus.Timeline+"-") {
			has = append(has, s.Name)
		}
	}
	n := bus.PartitionsOf(o.JS)
	if len(has) == n.Count() && slices.Contains(has, n.Timeline(0)) {
		return nil
	}
	return fmt.Errorf("nats.partitions: is %d, and the backup is of an installation of %d. Set it to that; nothing was changed", n.Count(), len(has))
}

// errPerhaps says that the server has the stream, or will.
var errPerhaps = errors.New("it was sent, and the server did not say that it has it")

// undo deletes what was brought back: half of an installation must not be taken for one.
func (o *Options) undo(ctx context.Context, did []string) error {
	var left []string
	for _, name := range did {
		ctx, cancel := context.WithTimeout(ctx, silence)
		if err := o.JS.DeleteStream(ctx, name); err != nil {
			left = append(left, name)
		}
		cancel()
	}
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("half of the installation is there now, and could not be deleted again: %s. Delete these streams before you try again", strings.Join(left, ", "))
}

// restore sends one stream.
func (o *Options) restore(ctx context.Context, s Stream) error {
	dir := filepath.Join(o.Dir, s.Name)
	meta, err := os.ReadFile(filepath.Join(dir, metaName))
	if err != nil {
		return err
	}
	req, err := o.asHere(meta)
	if err != nil {
		return fmt.Errorf("%s: %w", metaName, err)
	}
	a, err := request(ctx, o.JS, "STREAM.RESTORE."+s.Name, req)
	if err != nil {
		return err
	}
	for _, f := range s.Files {
		if f.Name == metaName {
			continue
		}
		if err := o.send(ctx, a.Deliver, filepath.Join(dir, f.Name), s.Name, uint64(f.Size)); err != nil {
			return err
		}
	}
	if err := o.part(ctx, a.Deliver, nil, time.Hour); err != nil { // it unpacks all of it now
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			err = errors.Join(err, errPerhaps)
		}
		return err
	}
	return nil
}

// asHere is the request for a stream as it was, with as many copies as there are to be
// here: a single server refuses three.
func (o *Options) asHere(meta []byte) (map[string]any, error) {
	var req map[string]any
	d := json.NewDecoder(bytes.NewReader(meta))
	d.UseNumber() // sequences and sizes have more digits than a float
	if err := d.Decode(&req); err != nil {
		return nil, err
	}
	config, ok := req["config"].(map[string]any)
	if !ok {
		return nil, errors.New("it has no config")
	}
	config["num_replicas"] = max(1, o.Replicas)
	return req, nil
}

func (o *Options) send(ctx context.Context, to, file, stream string, of uint64) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	chunk := make([]byte, min(128<<10, max(1, o.JS.Conn().MaxPayload())))
	for done := uint64(0); ; {
		n, err := io.ReadFull(f, chunk)
		if n > 0 {
			if err := o.part(ctx, to, chunk[:n], silence); err != nil {
				return err
			}
			done += uint64(n)
			o.progress(stream, done, of)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// part sends a part, or says that this was all, and waits until the server has it.
func (o *Options) part(ctx context.Context, to string, data []byte, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	m, err := o.JS.Conn().RequestWithContext(ctx, to, data)
	if err != nil || len(m.Data) == 0 {
		return err
	}
	var a answer
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return err
	}
	if a.Error != nil {
		return a.Error
	}
	return nil
}
