package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homing/templates"
)

func TestTemplatesLintSaysWhatAndWhere(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, templates.Files); err != nil {
		t.Fatal(err)
	}
	if r := homing(t, "templates", "lint", dir); r.code != exitOK || !strings.Contains(r.out, "no problem") {
		t.Fatalf("the shipped ones: %+v", r)
	}
	page := filepath.Join(dir, "win-back", "miss-you.html")
	add := func(s string) {
		t.Helper()
		f, err := os.OpenFile(page, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(s)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	add(`<p style="display:flex">x</p>` + "\n")
	for args, code := range map[string]int{"": exitOK, "--strict": exitUsage, "-o json": exitOK} {
		r := homing(t, append([]string{"templates", "lint", dir}, strings.Fields(args)...)...)
		if r.code != code || !strings.Contains(r.out, "display:flex") || !strings.Contains(r.out, "warning") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	add("<p>{{.Customer.FirstNmae}}</p>\n")
	for _, form := range []string{"text", "json", "sarif"} {
		r := homing(t, "templates", "lint", dir, "-o", form)
		if r.code != exitUsage || !strings.Contains(r.out, page) || !strings.Contains(r.out, "FirstNmae") || !strings.Contains(r.err, "1 problem") {
			t.Errorf("%s: %+v", form, r)
		}
	}
	if r := homing(t, "templates", "lint", dir, "-o", "xml"); r.code != exitUsage || !strings.Contains(r.err, "sarif") {
		t.Errorf("%+v", r)
	}
	if r := homing(t, "templates", "lint", filepath.Join(dir, "nowhere")); r.code != exitUsage || !strings.Contains(r.err, "no folder") {
		t.Errorf("%+v", r)
	}
}

// Where templates are published, a folder holds what differs from those that come with
// Homing: lint looks at what check and push look at.
func TestTemplatesLintOfAFolderThatIsPublishedLooksAtWhatIsUsed(t *testing.T) {
	dir := t.TempDir()
	page, err := templates.Files.ReadFile("win-back/miss-you.html")
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "win-back"), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "win-back", "miss-you.html"), page, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	bucket := write(t, t.TempDir(), "homing.yaml", "stores: {main: {name: Shop, url: \"https://shop.example\", from: \"Shop <a@shop.example>\", postal_address: 1 High Street, locale: en-GB, currency: GBP, time_zone: Europe/London}}\ntemplates: {source: bucket}\n")
	homing(t, "templates", "lint", dir, "--config", bucket).want(t, exitOK).contains(t, "no problem")
	homing(t, "templates", "lint", dir).want(t, exitUsage)
}
