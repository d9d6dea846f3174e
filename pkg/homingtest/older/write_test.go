//go:build older

package older

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/homingtest"
)

// TestWrite tells the beginning of the story with the version that it is built with, and
// writes what is left into the folder HOMING_REWRITE.
func TestWrite(t *testing.T) {
	folder := os.Getenv(rewrite)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, settings)
		began := time.Now()
		begin(t, w)
		if d := time.Since(began); d != left {
			time.Sleep(left - d)
		}
		w.Stop()
		k := kept{Redis: read(t, w), Links: map[string]string{}}
		for _, m := range w.Sink.Mails() {
			k.Mails = append(k.Mails, m.MessageID)
			for _, l := range ours.FindAllStringSubmatch(text(t, m.Raw), -1) {
				switch to, what := strings.Split(m.To, "@")[0], l[1]; to + " " + what {
				case "ann m":
					k.Links["view"] = l[0]
				case "gina c":
					k.Links["confirm"] = l[0]
				case "dora u":
					k.Links["unsubscribe"] = l[0]
				}
			}
		}
		f, err := os.Create(filepath.Join(folder, "kept.json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(f)
		if err := errors.Join(json.NewEncoder(z).Encode(k), z.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
	})
	if said, err := exec.Command("tar", "-czf", filepath.Join(folder, "streams.tar.gz"), "-C", dir, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}

func read(t *testing.T, w *homingtest.World) map[string]value {
	r := w.Redis.Mini()
	out := map[string]value{}
	for _, name := range r.Keys() {
		v := value{TTL: r.TTL(name)}
		var err error
		switch r.Type(name) {
		case "hash":
			var fields []string
			fields, err = r.HKeys(name)
			for _, f := range fields {
				v.Hash = append(v.Hash, field{[]byte(f), []byte(r.HGet(name, f))})
			}
		case "zset":
			var all map[string]float64
			all, err = r.SortedSet(name)
			for m, s := range all {
				v.Scores = append(v.Scores, scored{[]byte(m), s})
			}
		case "set":
			var all []string
			all, err = r.Members(name)
			for _, m := range all {
				v.Members = append(v.Members, []byte(m))
			}
		case "string":
			var s string
			s, err = r.Get(name)
			v.Text = []byte(s)
		default:
			t.Fatalf("%s is a %s", name, r.Type(name))
		}
		if err != nil {
			t.Fatal(err)
		}
		out[name] = v
	}
	return out
}

// text is the parts of an email.
func text(t *testing.T, raw string) string {
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(m.Header.Get("Content-Type"), "boundary=")
	parts := multipart.NewReader(m.Body, strings.Trim(strings.TrimSpace(after), `"`))
	var b strings.Builder
	for {
		p, err := parts.NextRawPart()
		if err != nil {
			return b.String()
		}
		if _, err := io.Copy(&b, quotedprintable.NewReader(p)); err != nil {
			t.Fatal(err)
		}
	}
}

var ours = regexp.MustCompile(regexp.QuoteMeta(homingtest.PublicURL) + `/([a-z])/[A-Za-z0-9._~-]+`)
