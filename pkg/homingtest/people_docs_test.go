package homingtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testsNamed = regexp.MustCompile(`<!-- ((?:Test\w+ ?)+) ?-->`)
	testsThere = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// docs/people.md says in sentences who is one person, and docs/orders.md what an order
// is, and which test shows it.
func TestEverySentenceAboutPeopleAndOrdersHasATest(t *testing.T) {
	there := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range testsThere.FindAllSubmatch(text, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for page, least := range map[string]int{"people": 30, "orders": 7} {
		text, err := os.ReadFile("../../docs/" + page + ".md")
		if err != nil {
			t.Fatal(err)
		}
		sentences := 0
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "- ") {
				continue
			}
			sentences++
			named := testsNamed.FindStringSubmatch(line)
			if named == nil {
				t.Errorf("no test is named: %s", line)
				continue
			}
			for name := range strings.FieldsSeq(named[1]) {
				if !there[name] {
					t.Errorf("there is no test %s: %s", name, line)
				}
			}
		}
		if sentences < least {
			t.Errorf("only %d sentences in docs/%s.md", sentences, page)
		}
	}
}
