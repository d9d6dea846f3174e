package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homing/pkg/devstack"
	"homing/pkg/homingtest"
)

func TestTemplatesArePublishedComparedAndTakenBack(t *testing.T) {
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Stop()
	ann, bob := t.TempDir(), filepath.Join(t.TempDir(), "bob")
	templates := func(args ...string) ran {
		t.Helper()
		return homing(t, append(append([]string{"templates"}, args...), "--nats", srv.URL())...)
	}
	edition := func(dir string, n int) {
		t.Helper()
		if _, err := homingtest.Edition(n).WriteTo(dir); err != nil {
			t.Fatal(err)
		}
	}
	edition(ann, 1)
	templates("push", ann).want(t, exitFailure).contains(t, "homing setup")
	homing(t, "setup", "--nats", srv.URL()).want(t, exitOK)
	templates("history").want(t, exitOK).contains(t, "none was published yet")
	shipped := filepath.Join(t.TempDir(), "shipped")
	templates("push", shipped).want(t, exitUsage).contains(t, "templates pull "+shipped)
	templates("pull", shipped).want(t, exitOK).contains(t, "none was published yet: the emails that come with Homing, ")
	homing(t, "templates", "lint", shipped).want(t, exitOK)
	templates("rollback").want(t, exitUsage).contains(t, "no version before")
	templates("push", ann, "--author", "ann@example.com").want(t, exitUsage).contains(t, "--author", "no address")
	templates("push", ann, "--author", "Ann", "-m", "spring").want(t, exitOK).contains(t, "version 1 is in force: 6 files, 6 changed", "samples rendered", "source: bucket")
	templates("push", ann, "--author", "Ann").want(t, exitOK).contains(t, "nothing to publish: version 1")
	store := write(t, t.TempDir(), "homing.yaml", otherStore) // as for homing dev, which knows itself where links lead
	templates("push", ann, "--author", "Ann", "--config", store).want(t, exitOK).contains(t, "nothing to publish: version 1")
	odd := filepath.Join(ann, "partials", "edition.html")
	if err := os.WriteFile(odd, []byte("<p style=\"display:flex\">V1. of a partial</p>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	templates("push", ann, "--author", "Ann", "--strict").want(t, exitUsage).contains(t, "warning", "display:flex", "nothing was published")
	templates("push", ann, "--author", "Ann", "--base", "7").want(t, exitFailure).contains(t, "warning", "display:flex", "there is no version 7")
	edition(ann, 1)

	templates("pull", bob).want(t, exitOK).contains(t, "version 1, 6 files, is in "+bob)
	edition(ann, 2)
	templates("push", ann, "--author", "Ann", "-m", "summer").want(t, exitOK).contains(t, "version 2 is in force")
	edition(bob, 3)
	templates("push", bob, "--author", "Bob").want(t, exitFailure).
		contains(t, "version 2 is in force, and these files were made from version 1; nothing was published", "version 2 by Ann", "summer", "thank-you/thanks.html", "you changed as well", "templates pull 2", "--base 2")
	templates("pull", bob).want(t, exitFailure).contains(t, "would be overwritten", "--force")
	templates("push", bob, "--author", "Bob", "--base", "2").want(t, exitOK).contains(t, "version 3 is in force")
	templates("push", bob, "--base", "-1").want(t, exitUsage)

	pages := t.TempDir()
	templates("diff", "1", "3", "--html", pages).want(t, exitOK).contains(t, "changed: partials/edition.html", "-<p>V1. of a partial</p>", "+<p>V3. of a partial</p>",
		"email thank-you/thanks plain: changed", "-Subject: V1. Thank you, Ann", "+Subject: V3. Thank you, Ann", "5 files and 1 rendered sample different", "the HTML is in")
	for _, n := range []string{"1", "3"} {
		page, err := os.ReadFile(filepath.Join(pages, "thank-you-thanks-plain.v"+n+".html"))
		if err != nil || !bytes.Contains(page, []byte("V"+n+". Thank you")) {
			t.Errorf("%s, %v", page, err)
		}
	}
	templates("diff", "1", "9").want(t, exitUsage).contains(t, "no such version: 9")
	templates("diff", "one", "2").want(t, exitUsage).contains(t, `"one" is not the number of a version`)

	templates("rollback", "--author", "Bob").want(t, exitOK).contains(t, "version 4 is in force")
	templates("rollback", "1", "--author", "Bob").want(t, exitOK).contains(t, "version 5 is in force")
	templates("rollback", "7").want(t, exitUsage).contains(t, "no such version: 7")
	templates("history").want(t, exitOK).contains(t, "5        ", "Bob  6      5        back to version 1", "spring")
	var all []struct {
		Version, Restores int
		Author            string
	}
	if err := json.Unmarshal([]byte(templates("history", "-o", "json", "--limit", "2").want(t, exitOK).out), &all); err != nil || len(all) != 2 || all[0].Version != 5 || all[0].Restores != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	again := t.TempDir()
	templates("pull", "1", again).want(t, exitOK)
	page, err := os.ReadFile(filepath.Join(again, "partials", "edition.html"))
	if err != nil || string(page) != "<p>V1. of a partial</p>\n" {
		t.Errorf("%q, %v", page, err)
	}
}

// What cannot be a version is said with file and line, before any server is asked, and
// the version in force stays.
func TestTemplatesWithMistakesAreNotPublished(t *testing.T) {
	dir := t.TempDir()
	if _, err := homingtest.Edition(1).WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(dir, "thank-you", "thanks.html")
	good, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	nobody := "nats://127.0.0.1:1"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"unknown field": {strings.Replace(string(good), "<h1>", "<h1>{{.Nobody}}", 1), []string{page + ":6:7: there is no .Nobody", "1 problem; nothing was published"}},
		"not UTF-8":     {strings.Replace(string(good), "Thank you</h1>", "Thank you \xff</h1>", 1), []string{page + ":6:", "is not UTF-8"}},
		"5 MB":          {string(good) + strings.Repeat("<!-- x -->\n", 500_000), []string{page + ": has 5371 KiB, and a template may have 1024"}},
		"no end":        {string(good) + "{{if .Order}}", []string{page, "has no {{end}}"}},
	} {
		if err := os.WriteFile(page, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			homing(t, "templates", "push", dir, "--nats", nobody).want(t, exitUsage).contains(t, c.want...)
		})
	}
	if err := os.WriteFile(page, good, 0o600); err != nil {
		t.Fatal(err)
	}
	homing(t, "templates", "push", dir, "--nats", nobody, "--timeout", "300ms").want(t, exitUnreachable).contains(t, "NATS did not answer within 300ms")
	homing(t, "templates", "push", filepath.Join(dir, "gone"), "--nats", nobody).want(t, exitUsage).contains(t, "there is no folder")
	homing(t, "templates", "push", t.TempDir(), "--nats", nobody).want(t, exitUsage).contains(t, "there are no templates in")
}
