package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// names are workers for tests.
var names = []string{"win-back", "birthday", "cart-recovery", "replenishment", "review-request", "thank-you"}

// TestBadFiles reads one broken file per fault, each named after it. Its first
// line holds the message. The word hunter2 is the password in all of them
// and must not be in any message.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(data), "\n")
			want, ok := strings.CutPrefix(first, "# want: ")
			if !ok {
				t.Fatalf("first line is %q", first)
			}
			c, err := Parse(name, data, nil, names)
			if err == nil {
				err = c.Validate()
			}
			if err == nil {
				t.Fatalf("was accepted, want %s", want)
			}
			if got := err.Error(); !hasLine(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("shows a secret: %v", err)
			}
		})
	}
}

func hasLine(text, want string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasSuffix(line, want) {
			return true
		}
	}
	return false
}
