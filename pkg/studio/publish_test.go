package studio_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"homing/pkg/homingtest/lengthy"
	"homing/pkg/templatestore"
)

const inText = inEmail + ".txt"

func has(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(page, p) {
			t.Errorf("%q is not in\n%s", p, page)
		}
	}
}

func TestAViewerChangesNothing(t *testing.T) {
	d := openedConsole(t)
	d.signedIn(t, annsToken).change(inText, "P.S.")
	vic := d.signedIn(t, vicsToken)
	_, page := vic.get("/versions/draft")
	has(t, page, inText, "viewer")
	if strings.Contains(page, "<button class=\"button main\"") {
		t.Errorf("there is something to press:\n%s", page)
	}
	for _, path := range []string{"/versions/draft/publish", "/versions/draft/decide", "/versions/1/restore"} {
		if code, body := vic.submit(path, nil, "base", "0", "revision", "1", "path", inText); code != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, _ := vic.save(inText, "x", ""); code != http.StatusForbidden {
		t.Errorf("saving: %d", code)
	}
	if n, _ := d.versions.Current(t.Context()); n != 0 {
		t.Errorf("version %d", n)
	}
}

func TestADraftIsPublishedAndTakenBack(t *testing.T) {
	d := openedConsole(t)
	ann, bob := d.signedIn(t, annsToken), d.signedIn(t, bobsToken)
	ann.change(inText, "P.S. One.")
	base, revision, page := ann.review()
	has(t, page, inText, "changed by Ann", "P.S. One.", "What recipients see differently")
	if code, page := ann.publish(base, revision, "ask bob@shop.example"); code != http.StatusUnprocessableEntity || !strings.Contains(page, "must not have an address") {
		t.Errorf("an address in the note: %d %s", code, page)
	}
	if code, page := ann.publish(base, revision, "A postscript"); code != http.StatusOK || !strings.Contains(page, "All processes change to version 1") || !strings.Contains(page, "A postscript") {
		t.Fatalf("%d %s", code, page)
	}
	v, own, err := d.versions.Get(t.Context(), 1)
	if err != nil || v.Author != "Ann" || v.Message != "A postscript" || len(own) != 1 || d.told != 1 {
		t.Errorf("%+v, %d files, told %d: %v", v, len(own), d.told, err)
	}
	_, page = bob.get("/versions")
	has(t, page, "Nothing is saved that is not in force.", "A postscript", "Ann")

	bob.change(inText, "P.S. Two.")
	base, revision, _ = bob.review()
	if code, page := bob.publish(base, revision, ""); code != http.StatusOK {
		t.Fatalf("%d %s", code, page)
	}
	_, page = ann.get("/versions/1")
	has(t, page, "Go back to version 1", "P.S. One.")
	if code, page := ann.submit("/versions/1/restore", nil, "base", "1"); code != http.StatusConflict || !strings.Contains(page, "Version 2 by Bob") {
		t.Errorf("going back from what is not in force: %d %s", code, page)
	}
	if code, page := ann.submit("/versions/1/restore", nil, "base", "2"); code != http.StatusOK || !strings.Contains(page, "All processes change to version 3") {
		t.Fatalf("%d %s", code, page)
	}
	if v, _, _ := d.versions.Get(t.Context(), 3); v.Restores != 1 || v.Author != "Ann" || v.Message != "back to version 1" || d.told != 3 {
		t.Errorf("%+v, told %d", v, d.told)
	}
	if f := ann.source(inText); strings.Contains(f.Text, "Two") || !strings.Contains(f.Text, "One") {
		t.Errorf("in force again, and edited:\n%s", f.Text)
	}
}

func TestOfTwoWhoPublishTheSecondIsToldWhatChanged(t *testing.T) {
	d := openedConsole(t)
	ann, bob := d.signedIn(t, annsToken), d.signedIn(t, bobsToken)
	ann.change(inText, "P.S. One.")
	base, revision, _ := ann.review()
	if code, page := bob.publish(base, revision, "by Bob"); code != http.StatusOK {
		t.Fatalf("%d %s", code, page)
	}
	code, page := ann.publish(base, revision, "my note")
	if code != http.StatusConflict {
		t.Errorf("%d", code)
	}
	has(t, page, "Nothing was published: somebody else did", "Version 1 by Bob", "by Bob", inText, "Nothing is saved that is not in force")

	// And one who saves while another looks.
	ann.change(inText, "P.S. Two.")
	base, revision, _ = ann.review()
	bob.change(inText, "P.S. Three.")
	code, page = ann.publish(base, revision, "my note")
	if code != http.StatusConflict {
		t.Errorf("%d", code)
	}
	has(t, page, "somebody saved in the draft since you looked", "P.S. Three.", `value="my note"`, "changed by Bob")
	if n, _ := d.versions.Current(t.Context()); n != 1 {
		t.Fatalf("version %d", n)
	}
	base, revision, _ = ann.review()
	if code, page := ann.publish(base, revision, "now"); code != http.StatusOK {
		t.Errorf("once more: %d %s", code, page)
	}
}

func TestAMistakeIsNotPublished(t *testing.T) {
	d := openedConsole(t)
	ann := d.signedIn(t, annsToken)
	ann.change(inText, "{{.Custmer.FirstName}}")
	_, page := ann.get("/versions/draft")
	has(t, page, "1 mistake to correct", inText+":", "Custmer")
	if code, page := ann.publish("0", draftIs(t, d), "x"); code != http.StatusUnprocessableEntity || !strings.Contains(page, "there are mistakes") {
		t.Errorf("%d %s", code, page)
	}
	if n, _ := d.versions.Current(t.Context()); n != 0 || d.told != 0 {
		t.Errorf("version %d", n)
	}
}

func draftIs(t *testing.T, d *desk) string {
	t.Helper()
	on, err := d.versions.Desk(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return jsonOf(t, on.Revision)
}

func TestWhatIsSavedIsEverybodysAndIsNotSavedOver(t *testing.T) {
	d := openedConsole(t)
	ann, bob := d.signedIn(t, annsToken), d.signedIn(t, bobsToken)
	was := bob.source(inText)
	ann.change(inText, "P.S. of Ann")
	if got := bob.source(inText); !strings.HasSuffix(got.Text, "P.S. of Ann\n") {
		t.Errorf("Bob sees\n%s", got.Text)
	}
	code, body := bob.save(inText, was.Text+"P.S. of Bob\n", was.Version)
	if code != http.StatusConflict || !strings.Contains(body, `"by":"Ann"`) || !strings.Contains(body, "P.S. of Ann") {
		t.Errorf("%d %s", code, body)
	}
	// Back as in force, it is no change any more.
	now := bob.source(inText)
	if code, body := bob.save(inText, was.Text, now.Version); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	if on, err := d.versions.Desk(t.Context()); err != nil || len(on.Edits) != 0 {
		t.Errorf("%+v, %v", on, err)
	}
}

// Somebody publishes from elsewhere what is on the desk in another form.
func TestWhatWasPublishedElsewhereIsDecidedAbout(t *testing.T) {
	lengthy.Always(t)
	d := openedConsole(t)
	ann := d.signedIn(t, annsToken)
	before := ann.source(inText)
	ann.change(inText, "P.S. of Ann")
	pushed(t, d, 0, "Cli", inText, before.Text+"P.S. of the command line\n")
	_, page := ann.get("/versions/draft")
	has(t, page, "Somebody published another text of it since", "Keep the draft’s", "Take what is published")
	if strings.Contains(page, ">Publish</button>") {
		t.Error("it can be published before that is decided")
	}
	if code, page := ann.publish("1", draftIs(t, d), ""); code != http.StatusConflict || !strings.Contains(page, "decide first whose text of "+inText) {
		t.Errorf("%d %s", code, page)
	}
	on, _ := d.versions.Desk(t.Context())
	sum := on.Edits[0].Sum()
	if code, page := ann.submit("/versions/draft/decide", nil, "path", inText, "sum", "of another text", "keep", "yes"); code != http.StatusConflict || !strings.Contains(page, "since you looked") {
		t.Errorf("%d %s", code, page)
	}
	if code, page := ann.submit("/versions/draft/decide", nil, "path", inText, "sum", sum, "keep", "yes"); code != http.StatusOK {
		t.Errorf("%d %s", code, page)
	}
	base, revision, page := ann.review()
	has(t, page, "P.S. of the command line", "P.S. of Ann")
	if code, page := ann.publish(base, revision, ""); code != http.StatusOK {
		t.Errorf("%d %s", code, page)
	}
	_, own, _ := d.versions.Get(t.Context(), 2)
	if text := string(own[inText]); !strings.Contains(text, "of Ann") || strings.Contains(text, "command line") {
		t.Errorf("%s", text)
	}
	// And taken out.
	ann.change(inText, "P.P.S.")
	on, _ = d.versions.Desk(t.Context())
	if code, page := ann.submit("/versions/draft/decide", nil, "path", inText, "sum", on.Edits[0].Sum(), "take", "yes"); code != http.StatusOK || !strings.Contains(page, "Nothing is saved that is not in force") {
		t.Errorf("%d %s", code, page)
	}
	if on, _ := d.versions.Desk(t.Context()); slices.ContainsFunc(on.Edits, func(e templatestore.Edit) bool { return e.Path == inText }) {
		t.Error("it is on the desk")
	}
}

// pushed publishes a file past the console.
func pushed(t *testing.T, d *desk, base int, who, path, text string) {
	t.Helper()
	if _, err := d.versions.Publish(t.Context(), templatestore.Draft{Files: templatestore.Files{path: []byte(text)}, Base: base, Author: who}); err != nil {
		t.Fatal(err)
	}
}
