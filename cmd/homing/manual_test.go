package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"homing/pkg/programme"
)

func TestEveryShellCompletes(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if r := homing(t, "completion", shell).want(t, exitOK); len(r.out) < 1000 || !strings.Contains(r.out, "homing") {
			t.Errorf("%s: %s", shell, r.out)
		}
	}
	homing(t, "completion", "tcsh").want(t, exitUsage).contains(t, `"tcsh" is not one of bash, zsh, fish, powershell`)
}

func TestValuesAreCompleted(t *testing.T) {
	for args, want := range map[string][]string{
		"run ":             {"intake", "gateway", "thank-you"},
		"pause ":           append(programme.WorkerNames(), "all"),
		"replan ":          programme.WorkerNames(),
		"status --output ": {"text", "json"},
		"check -o ":        {"text", "json"},
		"--log-level ":     {"debug", "warn"},
		"--config ":        {"yaml"},
		"completion ":      {"zsh"},
	} {
		homing(t, append([]string{cobra.ShellCompNoDescRequestCmd}, strings.Split(args, " ")...)...).want(t, exitOK).contains(t, want...)
	}
}

func TestEveryCommandHasAManualPage(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1770000000")
	dir := filepath.Join(t.TempDir(), "man1")
	homing(t, "man", dir).want(t, exitOK)
	var walk func(c *cobra.Command, name string)
	walk = func(c *cobra.Command, name string) {
		if c.Hidden || c.Name() == "help" {
			return
		}
		text, err := os.ReadFile(filepath.Join(dir, name+".1"))
		if err != nil {
			t.Error(err)
		}
		if !strings.Contains(string(text), "Feb 2026") {
			t.Errorf("%s does not bear the date it was given", name)
		}
		for _, sub := range c.Commands() {
			walk(sub, name+"-"+sub.Name())
		}
	}
	walk((&program{}).root(), "homing")
	text, err := os.ReadFile(filepath.Join(dir, "homing.1"))
	if err != nil {
		t.Fatal(err)
	}
	// Lines that are indented keep their form.
	if want := "Building a storefront?   dev, validate, publish, import, rejected\n"; !strings.Contains(string(text), want) {
		t.Errorf("homing.1 has lost the form of its table:\n%.1200s", text)
	}
}
