package studio_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"homing/pkg/console"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/render"
	"homing/pkg/studio"
	"homing/pkg/templatestore"
)

// hiddenField is a field of the form with which the folder is published.
var hiddenField = regexp.MustCompile(`name="(base|sum)" value="([^"]*)"`)

func fieldsOf(page string) (out []string) {
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		out = append(out, m[1], m[2])
	}
	return out
}

func TestAFolderIsPublished(t *testing.T) {
	lengthy.Always(t)
	versions, told := openedConsole(t).versions, 0
	few, err := templatestore.ReadFiles(fewTemplates(t))
	if err != nil {
		t.Fatal(err)
	}
	dir, noted := t.TempDir(), 0
	if _, err := few.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	s, _ := opened(t, studio.Options{Dir: dir, Load: render.Load, Push: &studio.Push{
		Store: versions, BuiltIn: few, Author: "Ann",
		Base:  func() (int, error) { return noted, nil },
		Noted: func(n int) error { noted = n; told++; return nil },
	}})
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(path)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ann := &person{t, s.URL(), http.DefaultClient}
	_, page := ann.get("/publish")
	has(t, page, "Nothing is saved here that is not in force.")

	write(inText, string(few[inText])+"\nP.S. One.\n")
	_, page = ann.get("/publish")
	has(t, page, "P.S. One.", "What recipients see differently", ">Publish</button>")
	form := fieldsOf(page)
	write(inText, string(few[inText])+"\nP.S. Two.\n")
	if code, page := ann.submit("/publish", nil, form...); code != http.StatusConflict || !strings.Contains(page, "files were saved since you looked") {
		t.Errorf("what was not looked at: %d %s", code, page)
	}
	_, page = ann.get("/publish")
	if code, page := ann.submit("/publish", nil, append(fieldsOf(page), "note", "A postscript")...); code != http.StatusOK || !strings.Contains(page, "All processes change to version 1") {
		t.Fatalf("%d %s", code, page)
	}
	v, own, err := versions.Get(t.Context(), 1)
	if err != nil || v.Author != "Ann" || v.Message != "A postscript" || !strings.Contains(string(own[inText]), "P.S. Two.") || noted != 1 || told != 1 {
		t.Errorf("%+v, noted %d, told %d: %v", v, noted, told, err)
	}

	write(inText, "{{.Nothing}}\n")
	_, page = ann.get("/publish")
	has(t, page, "to correct before this can be published", inText)
	if fieldsOf(page) != nil {
		t.Errorf("a mistake can be published:\n%s", page)
	}

	write(inText, string(few[inText])+"\nP.S. Three.\n")
	_, page = ann.get("/publish")
	form = fieldsOf(page)
	own = maps.Clone(own)
	own[inText] = []byte("Bob's")
	if _, err := versions.Publish(t.Context(), templatestore.Draft{Files: own, Base: 1, Author: "Bob", Message: "Mine"}); err != nil {
		t.Fatal(err)
	}
	if code, page := ann.submit("/publish", nil, form...); code != http.StatusConflict || !strings.Contains(page, "Version 2 by Bob") || !strings.Contains(page, "homing templates pull 2") {
		t.Errorf("what somebody else published would be overwritten: %d %s", code, page)
	}
	if n, _ := versions.Current(t.Context()); n != 2 {
		t.Errorf("version %d is in force", n)
	}
}

// Of a folder that several may see, too, viewers and other pages publish nothing.
func TestAFolderIsPublishedByEditorsFromItsOwnPage(t *testing.T) {
	versions := openedConsole(t).versions
	few, err := templatestore.ReadFiles(fewTemplates(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := few.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(inText)), append(few[inText], "\nP.S.\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := opened(t, studio.Options{Dir: dir, Load: render.Load,
		Access: console.New(console.Options{People: []console.Person{{Name: "Ann", Editor: true, Token: annsToken}, {Name: "Vic", Token: vicsToken}}}),
		Push:   &studio.Push{Store: versions, BuiltIn: few, Author: "Ann", Base: func() (int, error) { return 0, nil }, Noted: func(int) error { return nil }}})
	ann := &person{t, s.URL(), http.DefaultClient}
	_, page := ann.get("/publish", "Authorization", "Bearer "+annsToken)
	form := fieldsOf(page)
	if len(form) != 4 {
		t.Fatalf("there is nothing to publish: %s", page)
	}
	for name, header := range map[string]map[string]string{
		"a viewer":     {"Authorization": "Bearer " + vicsToken},
		"another site": {"Authorization": "Bearer " + annsToken, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"an email":     {"Authorization": "Bearer " + annsToken, "Sec-Fetch-Site": "cross-site", "Origin": "null"},
	} {
		if code, body := ann.submit("/publish", header, form...); code != http.StatusForbidden {
			t.Errorf("%s: %d %.300s", name, code, body)
		}
	}
	if n, err := versions.Current(t.Context()); n != 0 || err != nil {
		t.Fatalf("version %d, %v", n, err)
	}
	if code, body := ann.submit("/publish", map[string]string{"Authorization": "Bearer " + annsToken}, form...); code != http.StatusOK {
		t.Errorf("an editor: %d %.300s", code, body)
	}
}
