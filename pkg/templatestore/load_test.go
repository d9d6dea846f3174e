package templatestore_test

import (
	"bytes"
	"strings"
	"testing"

	"homing/pkg/templatestore"
	"homing/templates"
)

// Only what the tests have tried out is taken as it is: a word that was changed in the
// program's templates is enough for all of them to be tried out.
func TestOnlyTheShippedTemplatesAreNotTriedOut(t *testing.T) {
	set, err := templatestore.Load(templates.Files)
	if err != nil || len(set.Names()) == 0 {
		t.Fatalf("the shipped templates: %v", err)
	}
	files, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		t.Fatal(err)
	}
	const mail = "win-back/miss-you.html"
	files[mail] = bytes.Replace(files[mail], []byte(`<p>{{t "intro"}}</p>`), []byte(`<p>Dear {{.Customer.FirstName}},</p>`), 1)
	changed, err := files.FS()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = templatestore.Load(changed); err == nil || !strings.Contains(err.Error(), mail) {
		t.Errorf("a greeting without its name: %v, want a problem of %s", err, mail)
	}
}
