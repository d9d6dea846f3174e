package older

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/homingtest"
)

// rewrite names a folder of testdata into which what an older version would have done is
// written; see scripts/older.sh.
const rewrite = "HOMING_REWRITE"

// kept is what a folder of testdata has besides the streams.
type kept struct {
	Redis map[string]value  `json:"redis"`
	Mails []string          `json:"mails"` // Message-IDs of what was sent
	Links map[string]string `json:"links"` // in those emails, by what they are for
}

// value is what is under one key of Redis.
type value struct {
	Text    []byte        `json:"text,omitempty"`
	Hash    []field       `json:"hash,omitempty"`
	Members [][]byte      `json:"members,omitempty"`
	Scores  []scored      `json:"scores,omitempty"`
	TTL     time.Duration `json:"ttl,omitempty"`
}

type field struct {
	Name  []byte `json:"name"`
	Value []byte `json:"value"`
}

type scored struct {
	Member []byte  `json:"member"`
	Score  float64 `json:"score"`
}

// An installation of each older version was stopped while emails were to come, some of
// which had a code bound to them, with a pause, a refusal, an erasure, a question whose
// answer is open, and an email of which nobody knows what became. This version goes on
// with it as the older one would have.
func TestThisVersionGoesOnWhereOlderOnesStopped(t *testing.T) {
	archives, err := filepath.Glob("testdata/*/streams.tar.gz")
	if err != nil || len(archives) == 0 {
		t.Fatal("there are no older versions", err)
	}
	for _, a := range archives {
		folder := filepath.Dir(a)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			dir := t.TempDir()
			if said, err := exec.Command("tar", "-xzf", a, "-C", dir).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			var k kept
			f, err := os.Open(filepath.Join(folder, "kept.json.gz"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			z, err := gzip.NewReader(f)
			if err == nil {
				err = json.NewDecoder(z).Decode(&k)
			}
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { goesOn(t, dir, folder, k) })
		})
	}
}

func goesOn(t *testing.T, dir, folder string, k kept) {
	time.Sleep(left)
	w := homingtest.New(t, dir, settings)
	k.load(t, w)
	w.Start()
	got := strings.Join(goOn(t, w, k.Links), "\n") + "\n"
	for _, m := range w.Sink.Mails() {
		for _, id := range k.Mails {
			if m.MessageID == id {
				t.Errorf("%s was sent once more", id)
			}
		}
	}
	file := filepath.Join(folder, "after.txt")
	if os.Getenv(rewrite) != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("what was sent (-by the older version +by this one):\n%s", d)
	}
}

// load puts what was in Redis there.
func (k kept) load(t *testing.T, w *homingtest.World) {
	r := w.Redis.Mini()
	for name, v := range k.Redis {
		switch {
		case v.Hash != nil:
			for _, f := range v.Hash {
				r.HSet(name, string(f.Name), string(f.Value))
			}
		case v.Scores != nil:
			for _, m := range v.Scores {
				if _, err := r.ZAdd(name, m.Score, string(m.Member)); err != nil {
					t.Fatal(err)
				}
			}
		case v.Members != nil:
			for _, m := range v.Members {
				if _, err := r.SetAdd(name, string(m)); err != nil {
					t.Fatal(err)
				}
			}
		default:
			if err := r.Set(name, string(v.Text)); err != nil {
				t.Fatal(err)
			}
		}
		if v.TTL > 0 {
			r.SetTTL(name, v.TTL)
		}
	}
}
