package render

import (
	"strings"
	"testing"
	"testing/fstest"
)

// thanksAlone are the shipped templates without all other emails and languages.
func thanksAlone(t *testing.T) fstest.MapFS {
	t.Helper()
	fsys := templatesFS(t)
	for name := range fsys {
		folder, file, _ := strings.Cut(name, "/")
		switch folder {
		case "layouts", "partials", "thank-you":
		case "phrases":
			if file != "en.yaml" {
				delete(fsys, name)
			}
		default:
			delete(fsys, name)
		}
	}
	return fsys
}

// checked returns what is said of the shipped templates after edits: of the thanks, in
// English, since all emails in all languages take their time.
func checked(t *testing.T, edits func(fstest.MapFS)) []string {
	t.Helper()
	fsys := thanksAlone(t)
	edits(fsys)
	_, err := Load(fsys)
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestAMistakeOfAllEmailsIsOneProblem(t *testing.T) {
	fsys := templatesFS(t)
	edit(fsys, "partials/footer.html", "<p", "<div><p")
	if _, err := Load(fsys); err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "partials/footer.html:") {
		t.Errorf("one problem is wanted, at partials/footer.html: %v", err)
	}
}

func TestOneMistakeIsOneProblemWithItsFile(t *testing.T) {
	const thanks = "thank-you/thanks"
	for _, c := range []struct {
		name  string
		edits func(fstest.MapFS)
		want  string // the one problem begins with it, or has it
	}{
		{"a div of the footer that is not closed", func(f fstest.MapFS) { edit(f, "partials/footer.html", "<p", "<div><p") }, "partials/footer.html:"},
		{"a div of the layout that is not closed", func(f fstest.MapFS) {
			edit(f, "layouts/base.html", "{{template \"content\" .}}", "<div>{{template \"content\" .}}")
		}, "layouts/base.html:"},
		{"a div of an email that is not closed", func(f fstest.MapFS) { edit(f, thanks+".html", "<h1", "<div><h1") }, thanks + ".html:"},
		{"an end tag too many", func(f fstest.MapFS) { edit(f, "partials/footer.html", "<p", "</div><p") }, "partials/footer.html:"},
		{"a field of the footer that there isn't", func(f fstest.MapFS) { edit(f, "partials/footer.html", ".Store.PostalAddress", ".Store.PostalAdress") }, "partials/footer.html:"},
		{"a syntax error in the footer", func(f fstest.MapFS) { edit(f, "partials/footer.html", "<p", "{{if}}<p") }, "partials/footer.html:"},
		{"not UTF-8", func(f fstest.MapFS) { edit(f, thanks+".txt", "\n", "\nCaf\xe9\n") }, thanks + ".txt:2:4: is not UTF-8"},
		{"a file of megabytes", func(f fstest.MapFS) {
			f[thanks+".html"] = &fstest.MapFile{Data: append(f[thanks+".html"].Data, strings.Repeat("a", 5<<20)...)}
		}, thanks + ".html: is larger than 256 KiB"},
		{"an empty text part", func(f fstest.MapFS) { f[thanks+".txt"] = &fstest.MapFile{Data: []byte("{{/* later */}}\n \n")} }, thanks + ".txt: is empty"},
		{"a text part that is to be written", func(f fstest.MapFS) { f[thanks+".txt"] = &fstest.MapFile{Data: []byte("TODO\n")} }, `still says "TODO"`},
		{"an HTML part that is to be written", func(f fstest.MapFS) { edit(f, thanks+".html", "<h1", "<p>Lorem ipsum dolor</p><h1") }, `still says "Lorem ipsum"`},
		{"a long subject", func(f fstest.MapFS) {
			edit(f, "phrases/en.yaml", "thank-you/thanks:\n  subject: >-\n", "thank-you/thanks:\n  subject: >-\n    "+strings.Repeat("very ", 60)+"\n")
		}, "the subject is cut after 120"},
		{"a long subject that is cut between words", func(f fstest.MapFS) {
			edit(f, "phrases/en.yaml", "thank-you/thanks:\n  subject: >-\n", "thank-you/thanks:\n  subject: >-\n    "+strings.Repeat("Very long words ", 20)+"\n")
		}, "the subject is cut after 120"},
		{"a picture of megabytes", func(f fstest.MapFS) {
			edit(f, thanks+".html", "<h1", `<img alt="" src="data:image/png;base64,`+strings.Repeat("A", 5000)+`"><h1`)
		}, "…"},
		{"a greeting without a name", func(f fstest.MapFS) { edit(f, thanks+".html", "<h1", "<p>Dear {{.Customer.FirstName}},</p><h1") }, `without a name it says "Dear ,"`},
		{"a greeting in a tag", func(f fstest.MapFS) {
			edit(f, thanks+".html", "<h1", "<p>Dear <b>{{.Customer.FirstName}}</b>, hello</p><h1")
		}, `without a name it says "Dear , hello"`},
		{"a greeting in the text part", func(f fstest.MapFS) { edit(f, thanks+".txt", "\n", "\nHi {{.Customer.FirstName}}!\n") }, `without a name it says "Hi !"`},
		{"a way out that is not shown", func(f fstest.MapFS) {
			edit(f, "partials/footer.html", `{{with .UnsubscribeURL}}<a class`, `{{with .UnsubscribeURL}}<a hidden class`)
		}, "cannot be seen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := checked(t, c.edits)
			if strings.Contains(c.name, "way out") || strings.Contains(c.name, "greeting") || strings.Contains(c.name, "written") {
				for _, p := range got {
					if !strings.Contains(p, c.want) {
						t.Errorf("%s", p)
					}
				}
			} else if len(got) != 1 {
				t.Fatalf("%d problems:\n%s", len(got), strings.Join(got, "\n"))
			}
			if len(got) == 0 || !strings.Contains(got[0], c.want) {
				t.Fatalf("no %q in:\n%s", c.want, strings.Join(got, "\n"))
			}
			for _, p := range got {
				if len(p) > 400 {
					t.Errorf("a problem of %d characters", len(p))
				}
			}
		})
	}
}

func TestWhatIsHiddenIsSeen(t *testing.T) {
	for style, want := range map[string]bool{
		"display:none": true, "display:none ! important": true, "display: none/* here */": true, "Font-Size: 0 !important": true, "color:red; display : none": true, "visibility:hidden;": true, "font-size:0": true, "font-size:0px;color:red": true,
		"opacity:0": true, "max-height:0;overflow:hidden": true, "opacity:0.9": false, "font-size:0.9em": false, "display:block": false, "margin:0": false,
		"line-height:0": false, "height:40px": false, "border-width:0": false,
	} {
		p := outline(`<div style="` + style + `"><p><a href="https://a.example">a</a></p></div>`)
		if len(p.links) != 1 || p.links[0].hidden != want {
			t.Errorf("%s: %+v", style, p.links)
		}
	}
}
