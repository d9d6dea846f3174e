package shoptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homing/events"
	"homing/pkg/shop"
)

// Open is a mapping of files.
type Open func(r io.Reader, e shop.Export) (shop.Source, error)

// Exports maps each file <folder>/*.csv, and compares what it says with the file of the
// same name that ends in .golden: the events of each record, those that Homing would not
// take, and the faults.
func Exports(t *testing.T, folder string, s shop.Store, open Open) {
	t.Helper()
	files, err := filepath.Glob(folder + "/*.csv")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all, err := records(body, s, open)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, r := range all {
				fmt.Fprintf(&b, "line %d\n", r.Line)
				for _, e := range r.Events {
					doc, err := events.Encode(e)
					if err != nil {
						t.Fatal(err)
					}
					fmt.Fprintf(&b, "  %s\n", doc)
					if _, err := Taken(e); err != nil {
						fmt.Fprintln(&b, "  rejected:", err)
					}
				}
				for _, x := range r.Faults {
					fmt.Fprintf(&b, "  fault in line %d: %s: %s, kept %v\n", x.Line, x.Field, x.Detail, x.Kept)
				}
			}
			compare(t, strings.TrimSuffix(f, ".csv")+".golden", b.String())
			skips(t, body, all, s, open)
		})
	}
}

func export(s shop.Store) shop.Export {
	return shop.Export{Store: s, At: At, SKUs: map[string]string{"MUG": "632910392"}}
}

func records(body []byte, s shop.Store, open Open) (all []shop.Record, err error) {
	src, err := open(bytes.NewReader(body), export(s))
	if err != nil {
		return nil, err
	}
	for {
		r, err := src.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, r)
	}
}

// skips has the reading go on at each record, as after an interruption.
func skips(t *testing.T, body []byte, all []shop.Record, s shop.Store, open Open) {
	t.Helper()
	for i, want := range all {
		src, err := open(bytes.NewReader(body), export(s))
		if err != nil {
			t.Fatal(err)
		}
		if err := src.SkipTo(want.Line); err != nil {
			if i < len(all)-1 { // a last row that is none is passed, too
				t.Errorf("going on at line %d: %v", want.Line, err)
			}
			continue
		}
		got, err := src.Next()
		if a, b := asJSON(got), asJSON(want); err != nil || a != b && len(want.Events) > 0 {
			t.Errorf("going on at line %d: %s, %v; want %s", want.Line, a, err, b)
		}
	}
}

func asJSON(r shop.Record) string {
	b, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// FuzzExports reads whatever comes as a file. What must hold: no panic, an end, and of
// each record events that can be encoded, or a fault that says why there are none.
func FuzzExports(f *testing.F, folder string, s shop.Store, open Open) {
	f.Helper()
	files, err := filepath.Glob(folder + "/*.csv")
	if err != nil || len(files) == 0 {
		f.Fatal("no files", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := records(body, s, open)
		if err != nil && !strings.Contains(err.Error(), "column") && len(all) > 0 {
			t.Fatal(err)
		}
		if lines := bytes.Count(body, []byte("\n")) + bytes.Count(body, []byte("\r")) + 2; len(all) > lines {
			t.Errorf("%d records in %d lines", len(all), lines)
		}
		for _, r := range all {
			if len(r.Events) == 0 && len(r.Faults) == 0 {
				t.Errorf("line %d says nothing, and not why", r.Line)
			}
			for _, e := range r.Events {
				if _, err := events.Encode(e); err != nil || len(e.ID) > events.MaxID {
					t.Errorf("line %d: %v, id %q", r.Line, err, e.ID)
				}
			}
		}
	})
}
