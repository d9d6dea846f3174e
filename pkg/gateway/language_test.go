package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"homing/pkg/brand"
	"homing/pkg/gateway"
	"homing/pkg/link"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/templates"
)

// serve answers with other options than the shop's own.
func (s *shop) serve(change func(*gateway.Options)) {
	o := s.options()
	change(&o)
	server := httptest.NewServer(gateway.New(o))
	s.t.Cleanup(server.Close)
	s.url = server.URL
}

// in asks for a page in a language.
func (s *shop) in(method, to string, accept ...string) answered {
	s.t.Helper()
	req, err := http.NewRequest(method, to, strings.NewReader(""))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header["Accept-Language"] = accept
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answered{res, string(b)}
}

func store(locale string, b *brand.Brand) map[string]*programme.Store {
	v := render.Store{Name: "Tea & <Co>", URL: "https://www.tea.example/", Locale: locale}
	if b != nil {
		v.Brand = render.NewLook(*b)
	}
	return map[string]*programme.Store{"main": {ID: "main", View: v}}
}

func TestPagesAreInTheLanguageOfTheRequest(t *testing.T) {
	s := open(t)
	s.serve(func(o *gateway.Options) { o.Stores = store("fr-FR", nil) })
	for _, c := range []struct{ accept, lang string }{
		{"de", "de"}, {"de-AT,de;q=0.9,en;q=0.8", "de"}, {"en;q=0.5, es", "es"}, {"xx, ES-mx;q=0.3", "es"},
		{"", "fr"}, {"*", "fr"}, {"ja", "fr"}, {"de;q=0", "fr"}, {"de;q=x", "fr"}, {"de;q=NaN, en;q=0.1", "en"},
		{",;,;;q=,=", "fr"}, {"de-" + strings.Repeat("x", 5000), "fr"}, {strings.Repeat("de,", 3000), "de"},
		{"\"><script>", "fr"}, {"i-enochian, en-a-b-c-de", "en"},
	} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			a := s.in(method, s.unsubscribe(), c.accept)
			if want := map[string]int{"GET": 200, "POST": 200, "PUT": 405}[method]; a.StatusCode != want {
				t.Errorf("%s %.40q: %d", method, c.accept, a.StatusCode)
			}
			if !strings.Contains(a.body, `<html lang="`+c.lang+`" dir="ltr">`) || a.Header.Get("Content-Language") != c.lang || a.Header.Get("Vary") != "Accept-Language" {
				t.Errorf("%s %.40q: not in %s: %q, %q", method, c.accept, c.lang, a.Header.Get("Content-Language"), a.Header.Get("Vary"))
			}
		}
	}
	if a := s.in("GET", s.unsubscribe(), "xx", "de"); a.Header.Get("Content-Language") != "de" {
		t.Error("a header in two lines is not read")
	}
}

// Templates may be changed while the process runs, and a store may have words of its own.
func TestPagesSayWhatTheTemplatesInForceSay(t *testing.T) {
	s := open(t)
	load := func(own string) *render.Set {
		fsys := fstest.MapFS{"stores/main/phrases/de.yaml": {Data: []byte("pages:\n  ask_button: " + own + "\n")}}
		for _, p := range []string{"phrases/en.yaml", "phrases/de.yaml"} {
			b, err := templates.Files.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			fsys[p] = &fstest.MapFile{Data: b}
		}
		set, err := render.LoadPages(fsys)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	var inForce *render.Set
	s.serve(func(o *gateway.Options) {
		o.Stores, o.Templates = store("de", nil), func() *render.Set { return inForce }
	})
	for _, c := range []struct {
		set  *render.Set
		want string
	}{{nil, ">Abbestellen<"}, {load("Tschüs"), ">Tschüs<"}, {load("Ade"), ">Ade<"}, {new(render.Set), ">Abbestellen<"}} {
		inForce = c.set
		if a := s.in("GET", s.unsubscribe(), "de"); !strings.Contains(a.body, c.want) {
			t.Errorf("not %s", c.want)
		}
	}
}

// Each language that comes with the program has words for every worker and answer there
// is, so that none is told in English or by its code.
func TestPagesHaveWordsForAllThatIsLinkedTo(t *testing.T) {
	set, err := render.LoadPages(templates.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "de", "fr", "es"} {
		p := set.Pages("", lang)
		if p == nil || p.Lang != lang {
			t.Fatalf("not in %s", lang)
		}
		for _, worker := range programme.WorkerNames() {
			if !p.Says("emails_" + worker) {
				t.Errorf("%s: no name for the emails of %s", lang, worker)
			}
			if lang == "en" && p.Emails(worker) != programme.EmailsOf(worker) {
				t.Errorf("%s are %q here and %q there", worker, p.Emails(worker), programme.EmailsOf(worker))
			}
		}
	}
}

// French has narrow spaces before these signs, that no line breaks at.
func TestFrenchSpaces(t *testing.T) {
	b, err := templates.Files.ReadFile("phrases/fr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(b), "\npages:\n")
	if section == "" {
		_, section, _ = strings.Cut(string(b), "pages:\n")
	}
	for line := range strings.Lines(section) {
		_, said, _ := strings.Cut(line, ": ")
		if wrong := regexp.MustCompile(`[^\x{202f}][?!;]|[^\x{a0}]:`).FindString(said); wrong != "" {
			t.Errorf("%q in %s", wrong, line)
		}
	}
}

func TestPagesWearTheBrandOfTheStore(t *testing.T) {
	s := open(t)
	b := brand.Default()
	b.Colors.Accent, b.Radius, b.Fonts.Heading = "#b0125b", 20, "'Gill Sans', sans-serif"
	b.Logo = brand.Logo{URL: "https://cdn.bücher.example:8443/logo.png?a=1&b=2", Width: 140, DarkURL: "https://dark.example/d.png"}
	s.serve(func(o *gateway.Options) { o.Stores = store("en", &b) })
	a := s.do("GET", s.unsubscribe(), "", "")
	for _, part := range []string{
		"--accent: #b0125b", "--radius: 20px", "--heading-font: 'Gill Sans', sans-serif", `width="140" alt="Tea &amp; &lt;Co&gt;"`,
		`logo.png?a=1&amp;b=2"`, `<source srcset="https://dark.example/d.png" media="(prefers-color-scheme: dark)">`,
	} {
		if !strings.Contains(a.body, part) {
			t.Errorf("no %s in\n%s", part, a.body)
		}
	}
	policy := a.Header.Get("Content-Security-Policy")
	if !strings.HasSuffix(policy, "; img-src https://cdn.xn--bcher-kva.example:8443 https://dark.example") || strings.Count(policy, "https:") != 2 {
		t.Error(policy)
	}
	knowsStyle(t, a)
	plain := s.do("GET", s.local(link.Link{Purpose: link.Unsubscribe, Customer: s.ann, Worker: "birthday"})+"x", "", "")
	knowsStyle(t, plain)
}

// A host may hold what ends a part of a policy. Then the name is written.
func TestALogoCannotLoosenThePolicy(t *testing.T) {
	for _, u := range []string{"https://cdn.example;script-src/logo.png", "https://a,b.example/x.png", "https://*/x.png", "http://cdn.example/x.png", "https://'unsafe-inline'/x.png"} {
		s := open(t)
		b := brand.Default()
		b.Logo.URL = u
		s.serve(func(o *gateway.Options) { o.Stores = store("en", &b) })
		a := s.do("GET", s.unsubscribe(), "", "")
		if p := a.Header.Get("Content-Security-Policy"); strings.Contains(p, "img-src") || strings.Contains(p, "script") || strings.Contains(a.body, "<img") {
			t.Errorf("%s: %s", u, p)
		}
		if !strings.Contains(a.body, `<header dir="auto">Tea`) {
			t.Errorf("%s: no name", u)
		}
		knowsStyle(t, a)
	}
}

// Each variable of the style is one that it sets, or a value of the brand.
func TestTheStyleUsesOnlyWhatThereIs(t *testing.T) {
	css, err := os.ReadFile("page.css")
	if err != nil {
		t.Fatal(err)
	}
	known := "--" + strings.Join(brand.Names(), ": --") + ": " + string(css)
	for _, m := range regexp.MustCompile(`var\((--[a-z-]+)\)`).FindAllStringSubmatch(string(css), -1) {
		if !strings.Contains(known, m[1]+":") {
			t.Errorf("there is no %s", m[1])
		}
	}
}
