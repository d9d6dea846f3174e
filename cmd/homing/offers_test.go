package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/devstack"
)

func TestOffersAreLoadedAndShown(t *testing.T) {
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Stop()
	file := filepath.Join(t.TempDir(), "codes.txt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	offers := func(args ...string) ran {
		return homing(t, append(append([]string{"offers"}, args...), "--nats", srv.URL())...)
	}

	write("# spring\nSPRING-1\n\n  SPRING-2  # the second\nspring-1\n")
	offers("load", file, "--list=spring").want(t, exitFailure).contains(t, "homing setup")
	homing(t, "setup", "--nats", srv.URL()).want(t, exitOK)
	offers("show").want(t, exitOK).contains(t, "no list of codes")
	offers("load", file, "--list=spring").want(t, exitOK).contains(t, "list spring of store main: 2 codes added", "1 code that a list of the store holds already")

	var n struct {
		Store, List          string
		New, Duplicate, Used int
	}
	r := homingWith(t, nil, "SPRING-2\nSPRING-3\n", "offers", "load", "-", "--list=spring", "--output=json", "--nats", srv.URL()).want(t, exitOK)
	if err := json.Unmarshal([]byte(r.out), &n); err != nil {
		t.Fatal(err)
	}
	if n.Store != "main" || n.List != "spring" || n.New != 1 || n.Duplicate != 1 || n.Used != 0 {
		t.Errorf("loaded %+v", n)
	}

	write("GOOD-1\nnot a code\nGOOD-2\nümlaut\n")
	offers("load", file, "--list=spring").want(t, exitUsage).contains(t, file+`:2: "not a code"`, file+`:4: "ümlaut"`)
	write("# nothing\n")
	offers("load", file, "--list=spring").want(t, exitUsage).contains(t, "holds no code")
	write("GOOD-1\n")
	offers("load", file, "--list=Spring 1").want(t, exitUsage).contains(t, "--list", "1 to 32")
	offers("load", file).want(t, exitUsage).contains(t, "list")
	offers("load", file+".gone", "--list=spring").want(t, exitUsage)

	offers("show").want(t, exitOK).contains(t, "STORE  LIST    LEFT  TAKEN  USED BY", "main   spring  3     0")
	var lists []shownList
	if err := json.Unmarshal([]byte(offers("show", "-o", "json").want(t, exitOK).out), &lists); err != nil {
		t.Fatal(err)
	}
	if len(lists) != 1 || lists[0].Left != 3 || lists[0].Low {
		t.Errorf("listed %+v", lists)
	}
}

func TestAListInUseThatRunsOutIsSaid(t *testing.T) {
	var out, errs = new(writes), new(writes)
	p := &program{name: "homing", out: out, err: errs}
	err := p.writeLists([]shownList{
		{Steps: []string{"win-back/offer", "birthday/greeting"}, Low: true},
		{Steps: []string{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(1, errs.lines); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
}

// writes counts lines.
type writes struct{ lines int }

func (w *writes) Write(b []byte) (int, error) {
	for _, c := range b {
		if c == '\n' {
			w.lines++
		}
	}
	return len(b), nil
}
