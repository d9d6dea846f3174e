package app_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"homing/events"
	"homing/pkg/reason"
)

const root = "../.."

// pkg is what `go list` says of a package of this module.
type pkg struct {
	Dir, ImportPath, Name, Doc string
	Imports, Deps              []string
	TestImports, XTestImports  []string
}

// short is the path within the module: "pkg/bus".
func (p pkg) short() string { return strings.TrimPrefix(p.ImportPath, "homing/") }

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=Dir,ImportPath,Name,Doc,Imports,Deps,TestImports,XTestImports", "./...")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var ps []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return ps
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
}

// may says which packages of this module a package may import. What is not
// listed may import none; app, cmd and homingtest stand above all.
var may = map[string][]string{
	"pkg/customer":  {"events", "pkg/reason", "pkg/localtime"},
	"pkg/offer":     {"events", "pkg/localtime"},
	"pkg/survey":    {"events", "pkg/problem"},
	"pkg/audience":  {},
	"pkg/points":    {"events", "pkg/customer"},
	"pkg/brand":     {"pkg/problem"},
	"pkg/devstack":  {"pkg/localweb", "pkg/mailview"},
	"pkg/studio":    {"events", "pkg/bus", "pkg/limits", "pkg/localtime", "pkg/localweb", "pkg/maillint", "pkg/mailview", "pkg/problem", "pkg/render", "pkg/templatediff", "pkg/templatestore"},
	"pkg/console":   {"pkg/studio"},
	"pkg/running":   {"docs", "pkg/control", "pkg/doctor", "pkg/installation", "pkg/lately", "pkg/localtime", "pkg/numbers", "pkg/studio"},
	"pkg/rejected":  {"events", "pkg/bus", "pkg/intake", "pkg/programme"},
	"pkg/figures":   {"pkg/localtime", "pkg/numbers", "pkg/render", "pkg/studio"},
	"pkg/triage":    {"docs", "pkg/lately", "pkg/rejected", "pkg/studio"},
	"pkg/bulletin":  {"docs", "pkg/announcement", "pkg/lately", "pkg/localtime", "pkg/numbers", "pkg/reason", "pkg/studio"},
	"pkg/support":   {"events", "pkg/limits", "pkg/studio", "pkg/touch", "pkg/why"},
	"pkg/config":    {"configs", "events", "pkg/brand", "pkg/reason", "pkg/customer", "pkg/gate", "pkg/localtime", "pkg/problem", "pkg/returnpath", "pkg/segment", "pkg/stdwebhook", "pkg/suggest"},
	"pkg/digest":    {"events", "pkg/clock", "pkg/lift", "pkg/localtime", "pkg/numbers", "pkg/programme", "pkg/reason", "pkg/render", "pkg/touch", "workers/digest"},
	"pkg/foresight": {},
	"pkg/numbers":   {"events", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/touch", "pkg/segment", "pkg/attribution", "pkg/lift", "pkg/bus"},
	"pkg/segment":   {"events", "pkg/customer", "pkg/foresight", "pkg/problem", "pkg/suggest"},
	"pkg/product":   {"events", "pkg/customer", "pkg/foresight", "pkg/segment"},
	"pkg/recommend": {"events", "pkg/customer"},
	"pkg/quoted":    {"events", "pkg/customer", "pkg/render"},
	"pkg/touch":     {"events", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/offer"},
	"pkg/gate":      {"events", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/problem", "pkg/touch"},
	"workers":       {"events", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/offer", "pkg/points", "pkg/foresight", "pkg/product", "pkg/touch"},
	"pkg/why":       {"events", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/offer", "pkg/product", "pkg/touch", "workers", "pkg/gate", "pkg/programme"},
	"pkg/programme": {"events", "pkg/points", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/offer", "pkg/product", "pkg/touch", "workers", "pkg/gate", "pkg/render", "pkg/config", "pkg/problem", "pkg/segment", "pkg/suggest"},
	"pkg/connect":   {"pkg/bus", "pkg/config"},
	"pkg/installation": {"events", "pkg/points", "pkg/announcement", "pkg/audience", "pkg/channel", "pkg/offer", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/product", "pkg/touch", "workers", "pkg/gate", "pkg/config", "pkg/programme", "pkg/why", "pkg/connect", "pkg/bus", "pkg/erasure", "pkg/kept", "pkg/clock",
		"pkg/statistics", "pkg/calendar", "pkg/control", "pkg/fingerprint", "pkg/place", "pkg/projection", "pkg/schedule", "pkg/segment", "pkg/templatestore", "pkg/timeline"},
	"pkg/render":               {"events", "pkg/brand", "pkg/cldr", "pkg/problem", "pkg/suggest", "pkg/survey"},
	"pkg/mailprogram/generate": {"pkg/mailprogram"},
	"pkg/maillint":             {"pkg/brand", "pkg/mailprogram", "pkg/problem", "pkg/render"},
	"pkg/bus":                  {"events"},
	"pkg/cldr/generate":        {"events"},
	"pkg/projection":           {"events", "pkg/combine", "pkg/customer", "pkg/redischeck"},
	"pkg/link":                 {"events", "pkg/customer"},
	"pkg/visit":                {"events", "pkg/clock", "pkg/customer", "pkg/limits", "pkg/link", "pkg/touch"},
	"pkg/returnpath":           {"events", "pkg/reason", "pkg/customer", "pkg/localtime"},
	"pkg/control":              {"events", "pkg/reason", "pkg/customer", "pkg/touch", "pkg/bus"},
	"pkg/click":                {"events", "pkg/customer", "pkg/bus"},
	"pkg/gateway":              {"events", "pkg/brand", "pkg/cldr", "pkg/click", "pkg/customer", "pkg/link", "pkg/localtime", "pkg/preference", "pkg/programme", "pkg/render", "pkg/visit", "templates", "pkg/limits", "pkg/survey"},
	"pkg/preference":           {"events", "pkg/customer"},
	"pkg/asked":                {"pkg/customer", "pkg/touch"},
	"pkg/codelist":             {"events", "pkg/offer", "pkg/bus"},
	"pkg/backlog":              {"events", "pkg/bus"},
	"pkg/timeline":             {"events", "pkg/customer", "pkg/bus", "pkg/combine"},
	"pkg/place":                {"events", "pkg/bus"},
	"pkg/backup":               {"events", "pkg/bus"},
	"pkg/fingerprint":          {"events", "pkg/customer", "pkg/bus", "pkg/link", "pkg/timeline"},
	"pkg/announcement":         {"events", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/product", "pkg/touch", "workers", "pkg/gate", "pkg/programme", "pkg/segment", "pkg/bus", "pkg/clock"},
	"pkg/calendar":             {"events", "pkg/customer", "pkg/bus", "pkg/projection"},
	"pkg/templatestore":        {"events", "pkg/bus", "pkg/problem", "pkg/render", "templates"},
	"pkg/templatediff":         {"pkg/render", "pkg/templatestore"},
	"pkg/roster":               {"events", "pkg/bus", "pkg/customer"},
	"pkg/statistics":           {"events", "pkg/customer", "pkg/product", "pkg/quoted", "pkg/recommend", "pkg/segment", "pkg/bus"},
	"pkg/intake":               {"events", "pkg/click", "pkg/clock", "pkg/customer", "pkg/bus", "pkg/trace"},
	"pkg/erasure":              {"events", "pkg/customer", "pkg/bus", "pkg/kept"},
	"pkg/kept":                 {"events", "pkg/customer", "pkg/bus"},
	"pkg/schedule":             {"events", "pkg/reason", "pkg/customer", "pkg/product", "pkg/touch", "workers", "pkg/programme", "pkg/bus", "pkg/clock", "pkg/combine", "pkg/trace"},
	"pkg/delivery": {"events", "pkg/reason", "pkg/customer", "pkg/offer", "pkg/product", "pkg/touch", "workers", "pkg/gate", "pkg/programme", "pkg/bus", "pkg/clock", "pkg/schedule",
		"pkg/channel", "pkg/combine", "pkg/trace"},
	"pkg/demoshop": {"events", "pkg/config", "pkg/customer", "pkg/rehearsal"},
	"pkg/rehearsal": {"events", "pkg/reason", "pkg/customer", "pkg/offer", "pkg/foresight", "pkg/product", "pkg/touch", "workers", "pkg/gate", "pkg/config", "pkg/programme", "pkg/why", "pkg/clock", "pkg/channel",
		"pkg/asked", "pkg/calendar", "pkg/delivery", "pkg/intake", "pkg/projection", "pkg/schedule", "pkg/statistics"},
	"pkg/mailer":   {"pkg/refusal", "pkg/throughput"},
	"pkg/channel":  {"events", "pkg/customer", "pkg/offer", "pkg/product", "pkg/touch", "workers"},
	"pkg/email":    {"events", "pkg/customer", "pkg/offer", "pkg/product", "pkg/quoted", "pkg/recommend", "pkg/touch", "workers", "pkg/channel", "pkg/programme", "pkg/mailer", "pkg/render", "pkg/visit"},
	"pkg/webhook":  {"events", "pkg/customer", "pkg/offer", "pkg/product", "pkg/touch", "workers", "pkg/channel", "pkg/stdwebhook"},
	"pkg/inbound":  {"events", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/feedback", "pkg/refusal", "pkg/returnpath"},
	"pkg/reports":  {"events", "pkg/reason", "pkg/customer", "pkg/localtime", "pkg/feedback", "pkg/refusal", "pkg/returnpath", "pkg/limits"},
	"pkg/feedback": {"pkg/refusal"},

	"pkg/front":            {"events", "pkg/combine", "pkg/shop", "pkg/shop/shopify", "pkg/shop/woocommerce", "pkg/shop/medusa", "pkg/limits", "pkg/stdwebhook"},
	"pkg/shop":             {"events"},
	"pkg/shop/shoptest":    {"events", "pkg/shop"},
	"pkg/shop/shopify":     {"events", "pkg/shop"},
	"pkg/shop/medusa":      {"events", "pkg/shop"},
	"pkg/shop/woocommerce": {"events", "pkg/shop"},
	"pkg/shop/sheet":       {"events", "pkg/shop"},
	"pkg/wooapi":           {"pkg/shop", "pkg/shop/woocommerce"},

	"pkg/redischeck":     {"pkg/clock"},
	"pkg/doctor":         {"pkg/clock"},
	"pkg/doctor/examine": {"events", "pkg/bus", "pkg/clock", "pkg/config", "pkg/connect", "pkg/control", "pkg/customer", "pkg/doctor", "pkg/fingerprint", "pkg/link", "pkg/localtime", "pkg/mailer", "pkg/programme", "pkg/redischeck", "pkg/templatestore"},

	// It knows the emails that it goes before.
	"workers/advocacy": {"workers/referral"},
	"workers/survey":   {"workers/reviewrequest", "workers/service"},

	// Tests inside any of the others use it.
	"pkg/homingtest/natstest": {"pkg/devstack"},
}

func allowed(p pkg) []string {
	if strings.HasPrefix(p.short(), "workers/") {
		return slices.Concat(may["workers"], []string{"workers"}, may[p.short()])
	}
	return may[p.short()]
}

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range packages(t) {
		name := p.short()
		above := name == "pkg/app" || strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "pkg/homingtest") && may[name] == nil
		for _, i := range p.Imports {
			in, ours := strings.CutPrefix(i, "homing/")
			switch {
			case !ours:
			case name == "pkg/programme" && strings.HasPrefix(in, "workers/") && in != "workers/workertest": // the list of them
			case in == "pkg/app" && (name == "pkg/app" || !above):
				t.Errorf("%s imports pkg/app; only cmd and homingtest may", name)
			case strings.HasPrefix(in, "cmd/") || in == "workers/workertest" || strings.HasPrefix(in, "pkg/homingtest") && !strings.HasPrefix(name, "pkg/homingtest"):
				t.Errorf("%s imports %s", name, in)
			case in == "pkg/devstack" && name == "pkg/app":
				t.Errorf("%s imports %s: production has servers of its own", name, in)
			case !above && !slices.Contains(allowed(p), in):
				t.Errorf("%s imports %s; docs/design says it may import %v", name, in, allowed(p))
			}
		}
	}
}

// servers are the libraries that talk to the world outside.
var servers = []string{"github.com/nats-io/", "github.com/redis/", "github.com/wneessen/go-mail", "github.com/robfig/cron", "net/http", "net/smtp"}

func TestPureCodeReachesNoServer(t *testing.T) {
	all := packages(t)
	ours := map[string]pkg{}
	for _, p := range all {
		ours[p.ImportPath] = p
	}
	reaches := func(d string) bool {
		return slices.ContainsFunc(servers, func(s string) bool { return strings.HasPrefix(d, s) })
	}
	for _, p := range all {
		name := p.short()
		pure := slices.Contains([]string{"events", "workers", "pkg/customer", "pkg/offer", "pkg/foresight", "pkg/product", "pkg/quoted", "pkg/recommend", "pkg/touch", "pkg/gate", "pkg/channel", "pkg/combine", "pkg/programme", "pkg/why", "pkg/brand", "pkg/link", "pkg/returnpath", "pkg/refusal", "pkg/feedback", "pkg/localtime", "pkg/cldr", "pkg/clock", "pkg/suggest", "pkg/problem", "pkg/doctor", "pkg/shop", "pkg/shop/shopify", "pkg/shop/medusa", "pkg/shop/woocommerce", "pkg/shop/sheet"}, name) || strings.HasPrefix(name, "workers/")
		if !pure {
			continue
		}
		// goquery, by which styles are inlined, can fetch a page. What knows templates
		// is judged by what our own code imports.
		inlines := slices.Contains(p.Deps, "github.com/PuerkitoBio/goquery")
		for _, d := range p.Deps {
			if reaches(d) && !inlines {
				t.Errorf("%s depends on %s", name, d)
			}
			for _, i := range ours[d].Imports {
				if reaches(i) {
					t.Errorf("%s depends on %s, which imports %s", name, d, i)
				}
			}
			if name == "events" && strings.Contains(strings.SplitN(d, "/", 2)[0], ".") {
				t.Errorf("events depends on %s: a storefront that imports it gets the standard library only", d)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	vague := []string{"util", "utils", "common", "helpers", "models", "types"}
	for _, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.short())
		}
		if slices.Contains(vague, p.Name) || slices.Contains(vague, filepath.Base(p.Dir)) {
			t.Errorf("%s says nothing by its name", p.short())
		}
	}
}

// sources calls fn with every Go file of the repository.
func sources(t *testing.T, fn func(path string, test bool, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			fn(path, strings.HasSuffix(path, "_test.go"), text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreShortEnoughToRead(t *testing.T) {
	sources(t, func(path string, test bool, text []byte) {
		most := 450
		if test {
			most = 800
		}
		if n := strings.Count(string(text), "\n"); n > most {
			t.Errorf("%s has %d lines, more than %d", path, n, most)
		}
	})
}

func TestWhatIsExportedIsExplained(t *testing.T) {
	sources(t, func(path string, test bool, text []byte) {
		if test {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			for _, name := range unexplained(d) {
				t.Errorf("%s: %s has no comment", path, name)
			}
		}
	})
}

// unexplained lists what a declaration exports without a comment.
func unexplained(d ast.Decl) []string {
	var out []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ofExported(d)) && !obvious(d) {
			out = append(out, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
					out = append(out, s.Name.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					out = append(out, s.Names[0].Name)
				}
			}
		}
	}
	return out
}

// ofExported reports whether a method belongs to an exported type.
func ofExported(d *ast.FuncDecl) bool {
	x := d.Recv.List[0].Type
	if s, ok := x.(*ast.StarExpr); ok {
		x = s.X
	}
	if g, ok := x.(*ast.IndexExpr); ok {
		x = g.X
	}
	name, ok := x.(*ast.Ident)
	return ok && name.IsExported()
}

// obvious reports whether a method only fulfils an interface that everybody
// knows, or one that is explained where it is declared.
func obvious(d *ast.FuncDecl) bool {
	return d.Recv != nil && slices.Contains([]string{"Error", "Unwrap", "String", "Type", "Who", "Len", "Less", "Swap",
		"Read", "Write", "Close", "MarshalJSON", "UnmarshalJSON"}, d.Name.Name)
}

func TestEveryReasonIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "reasons.md"))
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "### `"); ok {
			documented = append(documented, strings.TrimSuffix(name, "`"))
		}
	}
	var reasons []string // of touches, of rejected events, and of warnings
	for _, r := range reason.All() {
		reasons = append(reasons, string(r))
	}
	for _, r := range append(events.Reasons(), events.WarningReasons()...) {
		reasons = append(reasons, string(r))
	}
	for _, r := range reasons {
		if !slices.Contains(documented, r) {
			t.Errorf("docs/reasons.md has no heading ### `%s`", r)
		}
	}
	for _, d := range documented {
		if !slices.Contains(reasons, d) {
			t.Errorf("docs/reasons.md explains %s, which is no reason", d)
		}
	}
}

func TestEveryFindingIsListed(t *testing.T) {
	dir := filepath.Join(root, "findings")
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(dir, "*.sh"))
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	for _, s := range scripts {
		if name := filepath.Base(s); !strings.Contains(string(text), "| ["+name+"]("+name+") | ") {
			t.Errorf("findings/README.md has no line for %s", name)
		}
	}
}
