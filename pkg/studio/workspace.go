package studio

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
)

// A workspace keeps the files that are edited: a folder, or what is shared by all who use
// the console.
type workspace interface {
	// scan returns all files, by path, as they are now. The map is replaced, never
	// changed.
	scan() (map[string]file, error)
	// save keeps files, all of them or, where one was changed by somebody else since
	// it was opened, none: then the error is errConflict.
	save(who string, drafts []draft) ([]conflict, error)
	// place says where the files are.
	place() place
}

// A place says where the files are that are edited.
type place struct {
	Folder string // "": they are shared
	New    bool   // there is no folder yet
}

// maxFile is how large a file may be that the studio opens or saves. The renderer
// refuses smaller ones, with a better message.
const maxFile = 1 << 20

// filePath is what files the studio makes may be called: what the renderer reads.
var filePath = regexp.MustCompile(`^(?:stores/[a-z0-9][a-z0-9-]*/)?[a-z0-9][a-z0-9-]*/[A-Za-z0-9][A-Za-z0-9.-]*\.(?:html|txt|yaml)$`)

// A file is one source as it was last read.
type file struct {
	text    string
	version string // of the text; "" in requests: there was no such file
	size    int64
	changed time.Time
	by      string // who saved it, where that is known
}

func versionOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// A draft is a file as somebody wants it saved.
type draft struct {
	Path string `json:"path"`
	Text string `json:"text"`
	// Version is that of the text that was edited; "" for a file that is new.
	Version string `json:"version"`
}

// errConflict says that a file is no longer what somebody began to edit.
var errConflict = errors.New("was changed by somebody else since you opened it")

// A conflict is a file that was changed by somebody else.
type conflict struct {
	Path    string `json:"path"`
	Text    string `json:"text"`
	Version string `json:"version"`
	By      string `json:"by"` // "": another program
}

// savable says what of some drafts can be no template.
func savable(drafts []draft) error {
	for _, d := range drafts {
		if !filePath.MatchString(d.Path) || len(d.Text) > maxFile {
			return fmt.Errorf("%s cannot be saved: it is no name of a template, or larger than 1 MiB", d.Path)
		}
	}
	return nil
}

// conflictsWith are the drafts of files that are no longer what somebody began to edit.
func conflictsWith(now map[string]file, drafts []draft) (out []conflict) {
	for _, d := range drafts {
		if f := now[d.Path]; f.version != d.Version && f.text != d.Text {
			out = append(out, conflict{d.Path, f.text, f.version, f.by})
		}
	}
	return out
}

// changesSince returns the paths that differ between two scans, sorted.
func changesSince(old, now map[string]file) []string {
	var out []string
	for p, f := range now {
		if old[p].version != f.version {
			out = append(out, p)
		}
	}
	for p := range maps.Keys(old) {
		if _, there := now[p]; !there {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}
