package templatestore_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/templatestore"
	"homing/templates"
)

// open starts a NATS with everything set up.
func open(t *testing.T) jetstream.JetStream {
	t.Helper()
	js := natstest.Start(t, t.TempDir()).JS
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	return js
}

// files are some, as "path=text".
func files(all ...string) templatestore.Files {
	out := templatestore.Files{}
	for _, f := range all {
		p, text, _ := strings.Cut(f, "=")
		out[p] = []byte(text)
	}
	return out
}

func publish(t *testing.T, s *templatestore.Store, base int, who string, all ...string) templatestore.Version {
	t.Helper()
	v, err := s.Publish(t.Context(), templatestore.Draft{Files: files(all...), Base: base, Author: who, Message: "by " + who})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAVersionIsReadAsItWasPublished(t *testing.T) {
	s := templatestore.New(open(t))
	if n, err := s.Current(t.Context()); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	shipped, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		t.Fatal(err)
	}
	if shipped["README.md"] != nil || len(shipped) < 30 {
		t.Errorf("read %d files", len(shipped))
	}
	if _, err := s.Publish(t.Context(), templatestore.Draft{Files: shipped, Author: "Ann"}); err != nil {
		t.Fatal(err)
	}
	v := publish(t, s, 1, "Bob", "a/b.html=x", "a/b.txt=y")
	if v.Number != 2 || v.Files != 2 || len(v.Changes) != len(shipped)+2 {
		t.Errorf("%+v", v)
	}
	first, got, err := s.Get(t.Context(), 1)
	if err != nil || first.Author != "Ann" {
		t.Fatal(first, err)
	}
	if d := cmp.Diff(shipped, got); d != "" {
		t.Error(d)
	}
	h, err := s.History(t.Context(), 10)
	if err != nil || len(h) != 2 || h[0].Number != 2 || h[0].Message != "by Bob" || h[1].Hash != shipped.Hash() {
		t.Errorf("%+v, %v", h, err)
	}
	if _, _, err := s.Get(t.Context(), 3); !errors.Is(err, templatestore.ErrNoVersion) {
		t.Error(err)
	}
	if _, err := s.Publish(t.Context(), templatestore.Draft{Files: got, Base: 2, Author: "Ann", Restores: 1}); err != nil {
		t.Error(err)
	}
	if _, err := s.Publish(t.Context(), templatestore.Draft{Files: got, Base: 3, Author: "Ann"}); !errors.Is(err, templatestore.ErrUnchanged) {
		t.Error(err)
	}
}

// Of twenty who publish at once on the same base, one does; the others are told who,
// and what; nothing of theirs is stored.
func TestOfTwoWhoPublishAtOnceTheSecondIsToldWhatChanged(t *testing.T) {
	js := open(t)
	s := templatestore.New(js)
	publish(t, s, 0, "Ann", "a/b.html=1", "a/c.html=1", "a/d.html=1")
	var wg sync.WaitGroup
	var mu sync.Mutex
	var won []int
	for i := range 20 {
		wg.Go(func() {
			_, err := s.Publish(t.Context(), templatestore.Draft{Base: 1, Author: fmt.Sprintf("marketer %d", i), Files: files(fmt.Sprintf("a/b.html=of %d", i), "a/c.html=1", "a/d.html=1")})
			mu.Lock()
			defer mu.Unlock()
			c, conflict := errors.AsType[*templatestore.Conflict](err)
			switch {
			case err == nil:
				won = append(won, i)
			case !conflict || c.Current != 2 || len(c.Since) != 1 || len(c.Both) != 1 || c.Both[0] != "a/b.html":
				t.Errorf("%+v: %v", c, err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("published: %v", won)
	}
	if n, err := s.Current(t.Context()); n != 2 || err != nil {
		t.Error(n, err)
	}
	_, err := s.Publish(t.Context(), templatestore.Draft{Base: 1, Author: "Bob", Files: files("a/b.html=1", "a/c.html=2", "a/e.html=1")})
	for _, want := range []string{"version 2 is in force", "made from version 1", "nothing was published", fmt.Sprintf("by marketer %d", won[0]), "a/b.html"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if c, ok := errors.AsType[*templatestore.Conflict](err); !ok || len(c.Both) != 0 {
		t.Errorf("%+v", c)
	}
	_, err = s.Publish(t.Context(), templatestore.Draft{Base: 7, Author: "Bob", Files: files("a/b.html=1")})
	if err == nil || !strings.Contains(err.Error(), "there is no version 7: the one in force is 2") {
		t.Error(err)
	}
}

// A publisher who died before the version was in force is finished by the next.
func TestWhatItsPublisherDiedOverIsFinished(t *testing.T) {
	js := open(t)
	s := templatestore.New(js)
	publish(t, s, 0, "Ann", "a/b.html=1")
	publish(t, s, 1, "Ann", "a/b.html=2")
	kv, err := js.KeyValue(t.Context(), bus.TemplatesBucket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put(t.Context(), "current", []byte(`{"version":1}`)); err != nil {
		t.Fatal(err)
	}
	again := templatestore.Draft{Files: files("a/b.html=2"), Base: 1, Author: "Ann", Message: "by Ann"}
	if _, err := s.Publish(t.Context(), again); !errors.Is(err, templatestore.ErrUnchanged) {
		t.Error(err)
	}
	if n, err := s.Current(t.Context()); n != 2 || err != nil {
		t.Error(n, err)
	}
}

func TestWhatCannotBeAVersionIsRefused(t *testing.T) {
	s := templatestore.New(open(t))
	publish(t, s, 0, "Ann", "a/b.html=1")
	noise := make([]byte, 1<<20)
	_, _ = rand.Read(noise)
	for want, d := range map[string]templatestore.Draft{
		"there are no templates":                     {Author: "Ann"},
		"the author has no name":                     {Files: files("a/b.html=2"), Author: " "},
		"must not have an address":                   {Files: files("a/b.html=2"), Author: "ann@example.com"},
		"the largest file is a/noise.html, 1024 KiB": {Files: templatestore.Files{"a/noise.html": noise, "a/b.html": nil}, Author: "Ann"},
	} {
		d.Base = 1
		if _, err := s.Publish(t.Context(), d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if n, err := s.Current(t.Context()); n != 1 || err != nil {
		t.Error(n, err)
	}
	_, err := templatestore.ReadFiles(fstest.MapFS{"a/b.html": {Data: bytes.Repeat([]byte("x"), 5<<20)}, "a/c.html": {Data: []byte("x")}})
	if err == nil || err.Error() != "a/b.html: has 5120 KiB, and a template may have 1024; pictures belong on a web server" {
		t.Error(err)
	}
}

func TestFilesComeBackIntoAFolder(t *testing.T) {
	dir := t.TempDir()
	f := files("a/b.html=1", "stores/main/a/b.html=2")
	if err := os.MkdirAll(filepath.Join(dir, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a/old.html": "old", "README.md": "no template", ".hidden": "nor this"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	others, err := f.WriteTo(dir)
	if d := cmp.Diff([]string{"a/old.html"}, others); d != "" || err != nil {
		t.Error(d, err)
	}
	got, err := templatestore.ReadFiles(os.DirFS(dir))
	if d := cmp.Diff([]templatestore.Change{{Path: "a/old.html", Did: "added"}}, templatestore.Changes(f, got)); d != "" || err != nil {
		t.Error(d, err)
	}
	fsys, err := f.Over(files("a/b.html=under", "a/new.html=of the binary")).FS()
	if err != nil {
		t.Fatal(err)
	}
	got, err = templatestore.ReadFiles(fsys)
	if d := cmp.Diff(files("a/b.html=1", "stores/main/a/b.html=2", "a/new.html=of the binary"), got); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestADamagedVersionIsNotRead(t *testing.T) {
	js := open(t)
	s := templatestore.New(js)
	publish(t, s, 0, "Ann", "a/b.html=1")
	kv, err := js.KeyValue(t.Context(), bus.TemplatesBucket)
	if err != nil {
		t.Fatal(err)
	}
	e, err := kv.Get(t.Context(), "version.1")
	if err != nil {
		t.Fatal(err)
	}
	for i, raw := range [][]byte{e.Value()[:len(e.Value())-5], []byte("nonsense"), bytes.Replace(e.Value(), []byte(`"sha256":"`), []byte(`"sha256":"0`), 1)} {
		if _, err := kv.Put(t.Context(), "version.1", raw); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Get(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "version 1 of the templates is damaged") {
			t.Errorf("%d: %v", i, err)
		}
	}
}
