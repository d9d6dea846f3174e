package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homing/pkg/config"
	"homing/pkg/render"
	"homing/templates"
)

func TestAReturnPathOfAnotherDomainIsWarnedAbout(t *testing.T) {
	for form, want := range map[string]bool{
		"": false, "b+*@shop.example": false, "*@bounces.shop.example": false, "*@shop.bounces.example": true, "*@other.example": true,
		"*@example": true,
	} {
		c := config.Example()
		s := c.Stores["main"]
		s.From, s.SMTP.ReturnPath = "Shop <hello@Mail.shop.example>", form
		c.Stores["main"] = s
		got := checkReturnPaths(&c)
		if (len(got) > 0) != want || want && (got[0].Level != "warning" || !strings.Contains(got[0].Text, "SPF")) {
			t.Errorf("%q: %+v", form, got)
		}
	}
}

func TestWhatFiltersCountIsAWarningOnce(t *testing.T) {
	c := config.Example()
	other := c.Stores["main"]
	other.ID = "other"
	c.Stores["other"] = other
	set, err := render.Load(templates.Files)
	if err != nil {
		t.Fatal(err)
	}
	if got := checkEmails(&c, set); len(got) != 0 {
		t.Errorf("our own templates: %+v", got)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, templates.Files); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "win-back", "miss-you.html")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	asking := strings.Replace(string(page), "class:", "subject: Has it been a while?\nclass:", 1)
	if err := os.WriteFile(path, []byte(asking), 0o600); err != nil {
		t.Fatal(err)
	}
	if set, err = render.Load(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	c.Templates.Dir = dir
	got := checkEmails(&c, set)
	if len(got) != 1 || got[0].Level != "warning" || got[0].File != path || !strings.Contains(got[0].Text, "question mark") {
		t.Errorf("%+v", got)
	}
}
