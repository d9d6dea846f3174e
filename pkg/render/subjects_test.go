package render

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"
)

const comparing = `---
subjects:
  a: Hello
  b: Hi{{with .Customer.FirstName}}, {{.}}{{end}}
preheader: A word
---
<h1>Hello</h1>
`

func TestSubjectsAreDrawnEvenlyAndForEver(t *testing.T) {
	set, err := Load(phrasesFS(t, comparing, "a\n", nil))
	if err != nil {
		t.Fatal(err)
	}
	if meta, _ := set.Meta("x/y"); strings.Join(meta.Subjects, " ") != "a b" {
		t.Errorf("%v", meta.Subjects)
	}
	d := set.Samples("x/y")[0].Data
	d.Customer.FirstName = "Ann"
	subjects := map[string]string{"a": "Hello", "b": "Hi, Ann"}
	got := map[string]int{}
	const n = 4000
	for i := range n {
		d.Draw = fmt.Sprintf("token%d thank-you.thanks.token%d.%d", i, i, i)
		m, err := set.Render("x/y", d)
		if err != nil || m.Subject != subjects[m.SubjectArm] || !strings.Contains(m.HTML, "<title>"+m.Subject+"</title>") {
			t.Fatalf("%v: %q is %s", err, m.Subject, m.SubjectArm)
		}
		got[m.SubjectArm]++
		if i < 6 && m.SubjectArm != []string{"b", "b", "a", "b", "a", "a"}[i] {
			t.Errorf("draw %d: %s; customers would change sides", i, m.SubjectArm)
		}
	}
	if off := math.Abs(float64(got["a"])-n/2) / math.Sqrt(n/4); off > 4 {
		t.Errorf("%v: %.1f standard deviations off", got, off)
	}
	for arm, subject := range subjects {
		d.SubjectArm = arm
		if m, _ := set.Render("x/y", d); m.Subject != subject {
			t.Errorf("asked for %s: %s", arm, m.Subject)
		}
	}
}

func TestALanguageMayCompareSubjects(t *testing.T) {
	comparing := strings.Replace(inEnglish, "  subject:", "  subject.a: Other\n  subject.b:", 1)
	set, err := Load(phrasesFS(t, speaking, "{{t \"title\"}}\n", map[string]string{"en": comparing, "de": inGerman}))
	if err != nil {
		t.Fatal(err)
	}
	d := set.Samples("x/y")[0].Data
	for locale, want := range map[string]string{"de": "", "en": "a b"} {
		arms := map[string]bool{}
		for i := range 50 {
			d.Draw, d.Customer.Locale = fmt.Sprint(i), locale
			m, err := set.Render("x/y", d)
			if err != nil {
				t.Fatal(err)
			}
			arms[m.SubjectArm] = true
		}
		if len(arms) != len(strings.Fields(want+" ")) && want != "" || want == "" && !arms[""] {
			t.Errorf("%s: %v", locale, arms)
		}
	}
	if notes := set.Notes(); len(notes) > 0 {
		t.Error(notes)
	}
}

func TestFaultsOfSubjects(t *testing.T) {
	front := func(s string) string { return "---\n" + s + "\npreheader: b\n---\n<h1>a</h1>\n" }
	for _, tc := range []struct{ page, want string }{
		{front("subjects: {a: Hello}"), "x/y.html:2: there is no subject to compare a with"},
		{front("subjects: {}"), "x/y.html:2: subjects are two or more"},
		{front("subject: a\nsubjects: {a: Hello, b: Hi}"), "x/y.html:3: subject and subjects exclude each other"},
		{front("subjects: {a: Hello, B!: Hi}"), `x/y.html:2: a subject to compare is called by lower-case letters`},
		{front(`subjects: {a: Hello, b: ""}`), `x/y.html:2: one of the subjects is empty`},
		{front(`subjects: {a: Hello, b: "Hi {{.Custmer}}"}`), `x/y.html:2:6: there is no .Custmer`},
		{front("subjects: {a: Hello, b: TODO}"), `sample "first, subject b": the subject still says "TODO"`},
		{front("subjects: {a: a, b: b, c: c, d: d, e: e, f: f, g: g, h: h, i: i}"), "9 subjects are compared, and 8 can be"},
	} {
		wantProblem(t, phrasesFS(t, tc.page, "a\n", nil), tc.want)
	}
	fsys := phrasesFS(t, speaking, "{{t \"title\"}}\n", map[string]string{"en": strings.Replace(inEnglish, "  subject:", "  subject.a:", 1)})
	wantProblem(t, fsys, `phrases/en.yaml:2:14: phrase "subject.a": there is no subject to compare a with`)
	fsys["phrases/en.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(inEnglish, "  subject:", "  other:", 1))}
	wantProblem(t, fsys, "x/y.html: needs a subject, in its front matter or as a phrase of the section x/y in phrases/en.yaml")
}
