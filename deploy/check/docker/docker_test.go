// Package docker checks the Dockerfile: that BuildKit reads it, and that it keeps the
// rules that a linter would hold it to.
package docker

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// root is the root of the repository, which is the context of the build.
const root = "../../.."

// lint parses a Dockerfile and returns what is wrong with it.
func lint(t *testing.T, text string) []string {
	t.Helper()
	var bad []string
	ast, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return []string{err.Error()}
	}
	for _, w := range ast.Warnings {
		bad = append(bad, w.Short)
	}
	warn := func(rule, _, _, detail string, _ []parser.Range) { bad = append(bad, rule+": "+detail) }
	stages, _, err := instructions.Parse(ast.AST, linter.New(&linter.Config{Warn: warn}))
	if err != nil {
		return append(bad, err.Error())
	}
	return append(bad, rules(stages)...)
}

// rules holds the stages to what BuildKit itself does not mind.
func rules(stages []instructions.Stage) []string {
	var bad, names []string
	for _, s := range stages {
		if !slices.Contains(names, s.BaseName) && !pinned(s.BaseName) {
			bad = append(bad, s.BaseName+" is neither pinned by a digest nor by a whole version")
		}
		names = append(names, cmp.Or(s.Name, strconv.Itoa(len(names))))
		for _, c := range s.Commands {
			switch c := c.(type) {
			case *instructions.AddCommand:
				bad = append(bad, "ADD fetches and unpacks as it thinks fit; use COPY")
			case *instructions.CopyCommand:
				if c.From != "" && !slices.Contains(names[:len(names)-1], c.From) {
					bad = append(bad, "COPY --from="+c.From+": there is no such stage before")
				}
			}
		}
	}
	return append(bad, last(stages[len(stages)-1])...)
}

// pinned reports whether a name of an image will not mean another one tomorrow.
func pinned(image string) bool {
	return regexp.MustCompile(`@sha256:[0-9a-f]{64}$|:v?\d+\.\d+\.\d+(-[a-z]+)?$`).MatchString(image)
}

// last holds the stage that becomes the image to its rules.
func last(s instructions.Stage) []string {
	var bad []string
	user, entry, health := "", false, false
	labels := map[string]bool{}
	for _, c := range s.Commands {
		switch c := c.(type) {
		case *instructions.RunCommand:
			bad = append(bad, "RUN needs a shell, and the image has none")
		case *instructions.UserCommand:
			user = c.User
		case *instructions.EntrypointCommand:
			entry = !c.PrependShell
		case *instructions.HealthCheckCommand:
			health = c.Health.Test[0] == "CMD"
		case *instructions.LabelCommand:
			for _, l := range c.Labels {
				labels[l.Key] = true
			}
		}
	}
	if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) {
		bad = append(bad, "the last USER is no number other than 0, with a group")
	}
	if !entry || !health {
		bad = append(bad, "ENTRYPOINT and HEALTHCHECK have to be lists of words: there is no shell")
	}
	for _, l := range []string{"title", "description", "licenses", "version", "revision"} {
		if !labels["org.opencontainers.image."+l] {
			bad = append(bad, "label org.opencontainers.image."+l+" is missing")
		}
	}
	return bad
}

func TestTheDockerfileKeepsTheRules(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "deploy", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range lint(t, string(text)) {
		t.Error(b)
	}
}

func TestEachRuleFindsItsFault(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "deploy", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"an image by its name only": {"golang:1.26.8-bookworm", "golang", "neither pinned"},
		"an image that moves":       {"golang:1.26.8-bookworm", "golang:latest", "neither pinned"},
		"a minor version":           {"golang:1.26.8-bookworm", "golang:1.26-bookworm", "neither pinned"},
		"root":                      {"USER 65532:65532", "USER 0:0", "the last USER"},
		"a user by name":            {"USER 65532:65532", "USER nonroot", "the last USER"},
		"a shell's health check":    {`CMD ["/usr/local/bin/homing", "health", "--live"]`, "CMD homing health", "no shell"},
		"a shell's entry point":     {`ENTRYPOINT ["/usr/local/bin/homing"]`, "ENTRYPOINT homing", "no shell"},
		"a command without a shell": {"WORKDIR /homing", "RUN mkdir /homing", "RUN needs a shell"},
		"another stage":             {"--from=build", "--from=builder", "no such stage"},
		"a missing label":           {"image.licenses", "image.license", "image.licenses is missing"},
		"a word in two cases":       {"AS build", "as build", "FromAsCasing"},
		"something unknown":         {"STOPSIGNAL", "STOPSIGNALS", "unknown instruction"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := strings.Replace(string(text), c.old, c.new, 1)
			if broken == string(text) {
				t.Fatalf("the Dockerfile has no %q", c.old)
			}
			if got := strings.Join(lint(t, broken), "\n"); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheImageIsMadeOfWhatIsThere(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "deploy", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	ignore, err := os.ReadFile(filepath.Join(root, "deploy", "Dockerfile.dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	ast, err := parser.Parse(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	stages, _, err := instructions.Parse(ast.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stages {
		for _, c := range s.Commands {
			c, is := c.(*instructions.CopyCommand)
			if !is || c.From != "" {
				continue
			}
			for _, path := range c.SourcePaths {
				if _, err := os.Stat(filepath.Join(root, path)); err != nil {
					t.Error(err)
				}
				if !strings.Contains(string(ignore), "\n!"+path+"\n") {
					t.Errorf("%s is ignored by deploy/Dockerfile.dockerignore", path)
				}
			}
		}
	}
}
