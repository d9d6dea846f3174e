package render

import (
	"encoding/hex"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// A process takes the emails that come with Homing for tried out. Here they are.
func TestTheEmailsThatComeWithHomingAreTriedOut(t *testing.T) {
	const list = "shipped.txt"
	before := tried.known
	tried.known = nil
	defer func() { maps.Copy(tried.known, before) }()
	if _, err := Load(os.DirFS("../../templates")); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for of := range tried.known {
		lines = append(lines, hex.EncodeToString(of[:])+"\n")
	}
	slices.Sort(lines)
	found := strings.Join(lines, "")
	if *update {
		if err := os.WriteFile(list, []byte(found), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if found != shippedList {
		t.Errorf("%s lists other emails than these: run make generate", list)
	}
}
