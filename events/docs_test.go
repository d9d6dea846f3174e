package events

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheDocsSayWhatToSendWhen decodes each example of "What to send when" in
// docs/events.md.
func TestTheDocsSayWhatToSendWhen(t *testing.T) {
	_, section, _ := strings.Cut(string(readFile(t, "../docs/events.md")), "\n## What to send when\n")
	section, _, _ = strings.Cut(section, "\n## ")
	headings := regexp.MustCompile(`(?m)^### (.*)$`).FindAllStringSubmatch(section, -1)
	examples := regexp.MustCompile("(?ms)^`([a-z._]+)`[^\n]*\n```json\n(.*?)\n```$").FindAllStringSubmatch(section, -1)
	if n := strings.Count(section, "```json"); len(examples) != n || len(headings) < 12 || n < len(headings) {
		t.Fatalf("%d headings, %d examples, of which %d name their type", len(headings), n, len(examples))
	}
	for _, x := range examples {
		if e := mustDecode(t, bareRaw(Type(x[1]), x[2])); e.Warnings != nil {
			t.Errorf("%s: %v", x[2], e.Warnings)
		}
		if err := compileSchema(t, x[1]).Validate(generic(t, []byte(x[2]))); err != nil {
			t.Errorf("%s: %v", x[2], err)
		}
	}
	var anchors []string
	for _, h := range headings {
		anchors = append(anchors, strings.ToLower(strings.ReplaceAll(h[1], " ", "-")))
	}
	for _, link := range regexp.MustCompile(`\(#([a-z-]+)\)`).FindAllStringSubmatch(section, -1) {
		if !slices.Contains(anchors, link[1]) {
			t.Errorf("#%s leads nowhere", link[1])
		}
	}
}
