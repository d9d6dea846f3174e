package main

import (
	"encoding/json"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"homing/pkg/homingtest/lengthy"
	"homing/pkg/rehearsal"
	"homing/templates"
)

// german is a customer who got their tea, in German.
const german = `{"specversion":"1.0","id":"9","source":"/shop","type":"order.placed","time":"2025-03-02T10:00:00Z","data":{"customer":{"id":"eva","email":"eva@example.com","locale":"de-DE","first_name":"Eva"},"order":{"id":"1009","total":{"amount":"12.95","currency":"GBP"},"items":[{"product_id":"tea","name":"Assam","quantity":1}]}}}
{"specversion":"1.0","id":"10","source":"/shop","type":"order.placed","time":"2025-04-02T10:00:00Z","data":{"customer":{"id":"uwe","email":"uwe@example.com","locale":"de"},"order":{"id":"1010","total":{"amount":"12.95","currency":"GBP"},"items":[{"product_id":"tea","name":"Assam","quantity":1}]}}}
`

// frames are the emails in a page.
var frames = regexp.MustCompile(`srcdoc="[^"]*"`)

// One email of each worker, step and language is in the report, as it would look.
func TestARehearsalShowsEmails(t *testing.T) {
	file := write(t, t.TempDir(), "past.jsonl", past+german)
	config := write(t, t.TempDir(), "homing.yaml", shopFile)
	var r rehearsal.Report
	ran := homing(t, "rehearse", "--file", file, "--config", config, "--output", "json").want(t, exitOK)
	if err := json.Unmarshal([]byte(ran.out), &r); err != nil {
		t.Fatal(err)
	}
	of := map[string]rehearsal.Sample{}
	for _, s := range r.Samples {
		of[s.Worker+"/"+s.Step+" "+s.Language] = s
		if s.Subject == "" || s.Text == "" || !strings.Contains(s.HTML, "<html") {
			t.Errorf("%s/%s is empty: %q, %q", s.Worker, s.Step, s.Subject, s.Text)
		}
	}
	eva := of["thank-you/thanks de"]
	if eva.Customer != "eva" || eva.Emails != 2 || !strings.Contains(eva.Text, "Assam") || !strings.Contains(eva.Text, "1009") {
		t.Errorf("the thank-you in German: %+v", eva)
	}
	if ann := of["thank-you/thanks en"]; ann.Customer != "ann" || !strings.Contains(ann.HTML, "Tea") {
		t.Errorf("the thank-you in English: %+v", ann)
	}
	asks := of["review-request/ask en"]
	if len(r.Samples) < 3 || !strings.Contains(asks.HTML, "https://mail.shop.example/u/") {
		t.Errorf("%d samples; the review request has no way out:\n%s", len(r.Samples), asks.HTML)
	}
	homing(t, "rehearse", "--file", file, "--config", config).want(t, exitOK).contains(t, "Emails, one of each kind", eva.Subject, "the templates that come with Homing")
	page := homing(t, "rehearse", "--file", file, "--config", config, "--output", "html").want(t, exitOK)
	if got := frames.FindAllString(page.out, -1); len(got) != len(r.Samples) || strings.Count(page.out, "<iframe sandbox ") != len(r.Samples) {
		t.Errorf("%d emails in %d frames", len(r.Samples), len(got))
	}
	for _, s := range r.Samples {
		if !strings.Contains(page.out, `srcdoc="`+template.HTMLEscapeString(s.HTML)[:200]) {
			t.Errorf("the page does not have the email %s/%s, %s, as it is", s.Worker, s.Step, s.Language)
		}
	}
	plain := homing(t, "rehearse", "--file", file, "--config", config, "--samples=false").want(t, exitOK)
	if strings.Contains(plain.out, "one of each kind") {
		t.Errorf("emails are told of:\n%s", plain.out)
	}
}

// Templates are compared with those of another revision: which emails look different, for
// how many, and how.
func TestTemplatesOfARevisionAreComparedWith(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	change := func(name, from, to string) {
		t.Helper()
		old, err := templates.Files.ReadFile(name)
		text := strings.Replace(string(old), from, to, 1)
		if err != nil || text == string(old) {
			t.Fatalf("%s has no %q: %v", name, from, err)
		}
		if err := os.MkdirAll(filepath.Join(dir, "templates", filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "templates"), name, text)
	}
	file := write(t, dir, "past.jsonl", past+german)
	config := write(t, dir, "homing.yaml", shopFile+"templates: {source: bucket}\n")
	git("init", "-q")
	git("add", "homing.yaml")
	git("commit", "-q", "-m", "one")
	change("thank-you/thanks.html", `<p>{{t "help"}}</p>`, `<p>{{t "help"}}</p><p>A tree was planted.</p>`)
	change("thank-you/thanks.txt", `{{t "help"}}`, `{{t "help"}} A tree was planted.`)
	git("add", "templates")
	git("commit", "-q", "-m", "two")
	t.Chdir(dir)
	against := func(rev string, args ...string) ran {
		return homing(t, append([]string{"rehearse", "--file", file, "--config", config, "--against", rev + ":homing.yaml"}, args...)...)
	}
	against("HEAD").want(t, exitOK).contains(t, "Nobody would get different mail")
	against("HEAD~1", "--samples=false").want(t, exitOK)
	against("HEAD~1", "--output", "markdown").want(t, exitDiffers).contains(t, "**Emails look different.**", "| thank-you/thanks | thank-you/thanks#", "| de | 2 | 2 |", "```diff", "A tree was planted.\n")
	var c rehearsal.Comparison
	if err := json.Unmarshal([]byte(against("HEAD~1", "--output", "json").want(t, exitDiffers).out), &c); err != nil {
		t.Fatal(err)
	}
	if c.People != 0 || len(c.Templates) < 2 {
		t.Errorf("%d customers, %d templates", c.People, len(c.Templates))
	}
	for _, x := range c.Templates {
		if x.Worker != "thank-you" || x.Example != "" || strings.Contains(x.Before.HTML, "A tree") || !strings.Contains(x.After.HTML, "A tree was planted.") {
			t.Errorf("%s/%s, %s: %q\nbefore %s\nafter %s", x.Worker, x.Step, x.Language, x.Example, x.Before.HTML, x.After.HTML)
		}
	}
	page := against("HEAD~1", "--output", "html").want(t, exitDiffers)
	if got := frames.FindAllString(page.out, -1); len(got) != 2*len(c.Templates) {
		t.Errorf("%d frames of %d emails", len(got), len(c.Templates))
	}

	// A wording that nobody of this history got: an example of the template's own tells.
	change("thank-you/thanks.html", `{{t "intro_milestone"}}`, `{{t "intro_milestone"}} Hooray!`)
	if err := os.Remove(filepath.Join(dir, "templates/thank-you/thanks.txt")); err != nil {
		t.Fatal(err)
	}
	c = rehearsal.Comparison{}
	if err := json.Unmarshal([]byte(against("HEAD~1", "--output", "json").want(t, exitDiffers).out), &c); err != nil {
		t.Fatal(err)
	}
	for _, x := range c.Templates {
		if x.Example == "" || strings.Contains(x.Before.HTML, "Hooray") || !strings.Contains(x.After.HTML, "Hooray") {
			t.Errorf("%s/%s, %s: %q\nafter %s", x.Worker, x.Step, x.Language, x.Example, x.After.HTML)
		}
	}
	homing(t, "rehearse", "--file", file, "--config", config, "--against", "HEAD~1:homing.yaml", "--output", "html").want(t, exitDiffers).contains(t, "own example")
	write(t, dir, "templates/thank-you/thanks.html", "{{nothing}}")
	against("HEAD").want(t, exitUsage).contains(t, "thank-you/thanks.html", "--samples=false")
}
