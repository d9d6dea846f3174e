package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/localtime"
)

// eventFlags are the flags that describe one event.
type eventFlags struct {
	set                    *pflag.FlagSet
	items                  []string
	data, id, source, time string
}

func (f *eventFlags) given(flag string) bool { return f.set.Changed(flag) }

// register adds the flags to those of a command.
func (f *eventFlags) register(to *pflag.FlagSet) {
	f.set = pflag.NewFlagSet("event", pflag.ContinueOnError)
	for _, x := range dataFlags {
		switch x.name {
		case "item":
			f.set.StringArrayVar(&f.items, x.name, nil, x.usage)
		case "rating":
			f.set.Int(x.name, 0, x.usage)
		case "quote-consent":
			f.set.Bool(x.name, false, x.usage)
		default:
			f.set.String(x.name, "", x.usage)
		}
	}
	f.set.StringVar(&f.data, "data", "", "JSON `file` with the data object; - is the standard input")
	f.set.StringVar(&f.id, "id", "", "the event's `id` (default: a new one)")
	f.set.StringVar(&f.source, "source", "", "the event's `source` (default: /stores/<store>)")
	f.set.StringVar(&f.time, "time", "", "when it happened: RFC 3339, or from now, as in -30m or -10d (default: now)")
	to.AddFlagSet(f.set)
}

// value returns what a flag says as JSON has it, or nil if it says nothing.
func (f *eventFlags) value(flag string) any {
	switch v := f.set.Lookup(flag).Value; v.Type() {
	case "int":
		if n, _ := strconv.Atoi(v.String()); n != 0 {
			return n
		}
	case "bool":
		if f.given(flag) {
			return v.String() == "true"
		}
	case "string":
		if v.String() != "" {
			return v.String()
		}
	}
	return nil
}

// text is value of a flag that is text.
func (f *eventFlags) text(flag string) string {
	s, _ := f.value(flag).(string)
	return s
}

type object = map[string]any

// draft is an event in the making. Its data is a plain object, so that fields
// that this version does not know pass through.
type draft struct {
	t      events.Type
	f      *eventFlags
	fields map[string]events.Field // of the type, by path: "order.items"
	data   object
	fresh  bool // made from the example, not from --data
	id     string
	source string
	time   time.Time
	notes  []string // what was made up, for the caller to know
}

// newDraft starts from --data, or from the example of the type with everything
// taken out that belongs to the one in the example.
func newDraft(t events.Type, f *eventFlags, stdin io.Reader) (*draft, error) {
	if !t.Known() {
		return nil, fmt.Errorf("there is no type %q; there are: %s", t, joinTypes())
	}
	d := &draft{t: t, f: f, id: f.id, source: f.source, fields: map[string]events.Field{}}
	for _, r := range events.Rows() {
		if r.Type == t {
			d.learn("", r.Fields())
		}
	}
	if d.id == "" {
		d.id = strings.ToLower(rand.Text())
	}
	var raw []byte
	var err error
	switch f.data {
	case "":
		var example struct{ Data json.RawMessage }
		err = json.Unmarshal(events.Example(t), &example)
		raw, d.fresh = example.Data, true
	case "-":
		raw, err = io.ReadAll(stdin)
	default:
		raw, err = os.ReadFile(f.data)
	}
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	if err := json.Unmarshal(raw, &d.data); err != nil {
		return nil, fmt.Errorf("--data: not a JSON object: %w", err)
	}
	if d.data == nil {
		return nil, errors.New("--data: null is not a JSON object")
	}
	if d.fresh {
		d.anonymise()
	}
	return d, nil
}

func joinTypes() string {
	var names []string
	for _, t := range events.Types() {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// encode makes the envelope, and checks it as intake will.
func (d *draft) encode(store string, scale clock.Scale) ([]byte, error) {
	var err error
	if d.time, err = parseWhen(d.f.time, scale); err != nil {
		return nil, usagef("--time: %w", err)
	}
	if err := d.whenRenewed(scale); err != nil {
		return nil, err
	}
	if d.source == "" {
		d.source = "/stores/" + store
	}
	body, err := json.Marshal(struct {
		SpecVersion string      `json:"specversion"`
		ID          string      `json:"id"`
		Source      string      `json:"source"`
		Type        events.Type `json:"type"`
		Time        string      `json:"time"`
		ContentType string      `json:"datacontenttype"`
		Data        object      `json:"data"`
	}{"1.0", d.id, d.source, d.t, d.time.UTC().Format(time.RFC3339Nano), "application/json", d.data})
	if err != nil {
		return nil, err
	}
	e, err := decodeFor(store, d.t, body)
	if bad, ok := errors.AsType[*events.Error](err); ok {
		return nil, fmt.Errorf("not published, it would be rejected as %s: %w", bad.Reason, bad)
	}
	d.time = e.Time
	for _, w := range e.Warnings {
		d.notes = append(d.notes, w.String())
	}
	return body, err
}

// parseWhen reads a time, or a duration from now. What it returns is real time, as
// storefronts have it; the duration is by the clock that all else goes by.
func parseWhen(s string, scale clock.Scale) (time.Time, error) {
	if s == "" {
		return time.Now(), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	back := strings.HasPrefix(s, "-")
	if d, err := localtime.ParseDuration(strings.TrimPrefix(s, "-")); err == nil {
		if back {
			d = -d
		}
		return scale.Real(scale.Now().Add(d)), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a time, as in 2026-03-02T09:15:00Z, nor a duration from now, as in -30m or -10d", s)
}
