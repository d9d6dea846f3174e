package maillint_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"math"
	pathpkg "path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"homing/pkg/maillint"
	"homing/pkg/render"
	"homing/templates"
)

var shop = render.Store{Name: "Shop", URL: "https://shop.example", PostalAddress: "1 High Street", Locale: "en-GB", Currency: "GBP"}

// with returns the shipped templates, in English, with one file changed.
func with(t *testing.T, path string, change func(string) string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(templates.Files, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || pathpkg.Dir(p) == "phrases" && p != "phrases/en.yaml" {
			return err
		}
		raw, err := fs.ReadFile(templates.Files, p)
		if p == path {
			raw = []byte(change(string(raw)))
		}
		files[p] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// end puts something at the end of an email.
func end(more string) func(string) string { return func(s string) string { return s + more } }

func TestTheShippedEmailsAreClean(t *testing.T) {
	set, found := maillint.Run(templates.Files, map[string]render.Store{"main": shop})
	if set == nil {
		t.Error("no set")
	}
	for _, f := range found {
		if f.Level != maillint.Note {
			t.Errorf("%+v", f)
		}
	}
}

func TestWhatIsFoundNamesItsRuleAndPlace(t *testing.T) {
	const email = "win-back/miss-you.html"
	for name, c := range map[string]struct {
		more  string
		level maillint.Level
		rule  string
		text  string
	}{
		"a field that is not there":        {"<p>{{.Customer.FirstNmae}}</p>", maillint.Problem, maillint.RuleTemplate, "FirstName"},
		"a tag that is not closed":         {"<div>", maillint.Problem, maillint.RuleTemplate, "div"},
		"what mail programs drop":          {`<p style="display:flex">x</p>`, maillint.Warning, maillint.RuleMailProgram, "Outlook"},
		"grey on grey":                     {`<p style="color:#999999;background-color:#eeeeee">pale</p>`, maillint.Warning, maillint.RuleContrast, "#999999 on #eeeeee"},
		"grey on grey, inherited":          {`<div style="background:#eee"><p style="COLOR : rgb(153, 153, 153) ;">pale <b>too</b></p></div>`, maillint.Warning, maillint.RuleContrast, "pale"},
		"a picture without a width":        {`<img src="https://cdn.example/a.png" alt="">`, maillint.Warning, maillint.RuleImageSize, "a.png"},
		"a link without https":             {`<p><a href="http://shop.example/">x</a></p>`, maillint.Warning, maillint.RuleInsecure, "http://shop.example"},
		"a subject that filters would see": {"", maillint.Warning, maillint.RuleSpamFilter, "question mark"},
	} {
		t.Run(name, func(t *testing.T) {
			change := end(c.more)
			if c.more == "" {
				change = func(s string) string {
					before, after, _ := strings.Cut(s, "---\n")
					return before + "---\nsubject: Has it been a while?\npreheader: We wondered.\n" + withoutSubject(after)
				}
			}
			_, found := maillint.Run(with(t, email, change), map[string]render.Store{"main": shop, "other": shop})
			var got []maillint.Finding
			for _, f := range found {
				if f.Rule == c.rule && f.Level == c.level {
					got = append(got, f)
				}
			}
			if len(got) != 1 || got[0].File != email || !strings.Contains(got[0].Text, c.text) {
				t.Fatalf("%+v", found)
			}
			if c.rule == maillint.RuleTemplate && (got[0].Line == 0 || !strings.Contains(got[0].Source, c.more)) {
				t.Errorf("without its line: %+v", got[0])
			}
		})
	}
}

// withoutSubject is a front matter, and what follows, without its subject and preheader.
func withoutSubject(s string) string {
	var kept []string
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(line, "subject:") && !strings.HasPrefix(line, "preheader:") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// rspamd counts an odd number of links. Where it depends on what the customer bought there
// is nothing to be done, and nothing is said.
func TestAnOddNumberOfLinksIsNoted(t *testing.T) {
	const email = "win-back/last-call" // the same number with every sample
	noted := func(html, text string) bool {
		t.Helper()
		files := with(t, email+".html", end(html))
		files[email+".txt"].Data = append(files[email+".txt"].Data, text...)
		_, found := maillint.Run(files, nil)
		return slices.ContainsFunc(found, func(f maillint.Finding) bool {
			return f.Level == maillint.Note && f.Rule == maillint.RuleSpamFilter && f.File == email+".html" && strings.Contains(f.Text, "URI_COUNT_ODD")
		})
	}
	const link, plain = `<p><a href="https://shop.example/a">a</a></p>`, "\nhttps://shop.example/a\n"
	if is := noted("", ""); noted(link, "") == is || noted(link, plain) != is {
		t.Errorf("noted: %v, and the same or not with one link more, and with two", is)
	}
}

func TestTextThatCanBeReadIsNotFound(t *testing.T) {
	for _, more := range []string{
		`<p style="color:#767676;background-color:#ffffff">just dark enough</p>`,
		`<p style="color:#949494;background-color:#ffffff;font-size:24px">large</p>`,
		`<p style="color:#ffffff;background-color:#ffffff;display:none">hidden</p>`,
		`<p style="color:#ffffff;background-color:#ffffff">&nbsp;</p>`,
		`<p style="color:hsl(0 0% 90%)">a colour that is not known</p>`,
	} {
		_, found := maillint.Run(with(t, "win-back/miss-you.html", end(more)), nil)
		for _, f := range found {
			if f.Rule == maillint.RuleContrast {
				t.Errorf("%s: %s", more, f.Text)
			}
		}
	}
}

func TestSARIFIsReadAsSuch(t *testing.T) {
	_, found := maillint.Run(with(t, "win-back/miss-you.html", end("\n<p>{{.Nothing}}</p>")), nil)
	raw, err := json.Marshal(maillint.SARIF(found, "1.2.3"))
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn float64 }
					}
				}
			}
		}
	}
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || len(log.Runs[0].Results) != 1 {
		t.Fatalf("%s", raw)
	}
	r := log.Runs[0].Results[0]
	at := r.Locations[0].PhysicalLocation
	if r.RuleID != maillint.RuleTemplate || r.Level != "error" || at.ArtifactLocation.URI != "win-back/miss-you.html" || at.Region.StartLine < 2 || math.IsNaN(at.Region.StartColumn) {
		t.Errorf("%s", raw)
	}
	for _, rule := range log.Runs[0].Tool.Driver.Rules {
		if rule.ID == r.RuleID {
			return
		}
	}
	t.Error("a rule that the tool does not have")
}
