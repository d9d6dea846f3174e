package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/localtime"
	"homing/pkg/problem"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/templatestore"
)

const checkHelp = `Reads the configuration and the email templates as "homing run" does, and lists all
that is wrong with them, each with its file and, where it has one, its line and
column. It connects to nothing. With problems the exit code is 2.`

// finding is one line of what homing check found.
type finding struct {
	Level  string `json:"level"` // ok, warning or problem
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Key    string `json:"key,omitempty"`
	Text   string `json:"text"`
}

func (p *program) checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check", Short: "Check the configuration and the templates", Long: checkHelp, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			found := p.check()
			if err := p.writeFindings(found); err != nil {
				return err
			}
			n := 0
			for _, f := range found {
				if f.Level == "problem" {
					n++
				}
			}
			if n > 0 {
				return usagef("%s", plural(n, "problem"))
			}
			return nil
		},
	}
	p.outputFlag(cmd)
	return cmd
}

// check looks at one thing after the other, as far as each can be looked at.
func (p *program) check() []finding {
	path := p.configPath()
	c, err := config.Load(p.config, p.env, programme.WorkerNames())
	if err == nil && path == "" {
		err = c.Validate()
		path = "built-in defaults; there is no " + config.DefaultPath
	}
	if err != nil {
		dir := config.Default().Templates.Dir
		found := sources{config: p.configPath()}.findings(err)
		if isDir(dir) {
			_, more := checkTemplates(config.Templates{Dir: dir})
			found = append(found, more...)
		}
		return found
	}
	found := []finding{{Level: "ok", Text: fmt.Sprintf("configuration: %s (%s: %s)", path, plural(len(c.Stores), "store"),
		strings.Join(slices.Sorted(maps.Keys(c.Stores)), ", "))}}
	for _, w := range c.Warnings() {
		found = append(found, finding{Level: "warning", Text: w})
	}
	found = append(found, checkZones(time.Now()), checkSecret(c), checkDKIM(c))
	found = append(found, checkReturnPaths(c)...)
	found = append(found, checkDoors(c)...)
	found = append(found, checkExample(c)...)
	set, more := checkTemplates(c.Templates)
	found = append(found, more...)
	found = append(found, checkLanguages(c, set)...)
	workers := app.Check(c, set)
	found = append(found, sources{p.configPath(), c.Templates.Dir}.findings(workers)...)
	if workers == nil {
		found = append(found, finding{Level: "ok", Text: "workers: " + strings.Join(programme.WorkerNames(), ", ")})
	}
	found = append(found, checkNotes(c, set)...)
	return append(found, checkEmails(c, set)...)
}

// checkZones says by which rules clocks are read.
func checkZones(now time.Time) finding {
	if text := localtime.Zones().Warning(now); text != "" {
		return finding{Level: "warning", Text: text}
	}
	return finding{Level: "ok", Text: "time zones: " + localtime.Zones().String()}
}

// configPath is the file that is read; empty if there is none.
func (p *program) configPath() string {
	if p.config != "" {
		return p.config
	}
	if path, _ := p.env(config.EnvConfig); path != "" {
		return path
	}
	if _, err := os.Stat(config.DefaultPath); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return config.DefaultPath
}

func checkSecret(c *config.Config) finding {
	if c.Secret == "" {
		return finding{Level: "warning", Key: "secret", Text: "none is configured: `homing run` will not start; make one with " +
			"`openssl rand -base64 32`, keep it for ever, and name its file with secret_file or HOMING_SECRET_FILE"}
	}
	return finding{Level: "ok", Text: "secret: configured"}
}

// checkDKIM says which stores sign; the keys themselves were read before.
func checkDKIM(c *config.Config) finding {
	var unsigned []string
	for id, s := range c.Stores {
		if s.DKIM.KeyFile == "" {
			unsigned = append(unsigned, id)
		}
	}
	if len(unsigned) == 0 {
		return finding{Level: "ok", Text: "dkim: every store signs"}
	}
	slices.Sort(unsigned)
	return finding{Level: "warning", Key: "dkim", Text: "emails are not signed for " + strings.Join(unsigned, ", ") +
		"; receivers have little trust in unsigned email"}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// checkTemplates reads the templates; the set is nil when something is wrong, or where
// they come from the bucket and there is no folder to publish from.
func checkTemplates(t config.Templates) (*render.Set, []finding) {
	switch {
	case isDir(t.Dir):
	case t.Bucket():
		return nil, []finding{{Level: "ok", Text: "templates: those that were published; there is no folder " + t.Dir + " to check"}}
	default:
		return nil, []finding{{Level: "problem", Key: "templates.dir", Text: "there is no folder " + t.Dir}}
	}
	fsys, err := templateFiles(t)
	if err != nil {
		return nil, sources{templates: t.Dir}.findings(err)
	}
	set, err := render.Load(fsys)
	if err != nil {
		return nil, sources{templates: t.Dir}.findings(err)
	}
	return set, []finding{{Level: "ok", Text: fmt.Sprintf("templates: %s in %s", strings.Join(set.Names(), ", "), t.Dir)}}
}

// templateFiles are the templates of a folder as they would be used: over those that come
// with Homing, if the folder is published.
func templateFiles(t config.Templates) (fs.FS, error) {
	fsys := os.DirFS(t.Dir)
	if !t.Bucket() {
		return fsys, nil
	}
	files, err := templatestore.ReadFiles(fsys)
	if err != nil {
		return nil, err
	}
	return overBuiltIn(files)
}

// sources is where problems lie that do not say so themselves.
type sources struct{ config, templates string }

// findings takes an error apart into the problems that were joined in it.
func (at sources) findings(err error) []finding {
	var out []finding
	at.collect(err, "", &out)
	return out
}

// collect walks down to the single problems. about is what the errors on the
// way said; a problem that knows its place needs none of it.
func (at sources) collect(err error, about string, out *[]finding) {
	var f finding
	switch e := err.(type) {
	case nil:
		return
	case *problem.Problem:
		f = finding{File: cmp.Or(e.File, at.config), Line: e.Line, Column: e.Column, Key: e.Key, Text: e.Text}
		if at.templates != "" && e.File != "" && e.Key == "" { // no setting: a template, named from its folder
			f.File = filepath.Join(at.templates, e.File)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			at.collect(inner, about, out)
		}
		return
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			if prefix, ok := strings.CutSuffix(err.Error(), inner.Error()); ok {
				at.collect(inner, about+prefix, out)
				return
			}
		}
		f = finding{File: at.config, Text: about + err.Error()}
	default:
		f = finding{File: at.config, Text: about + err.Error()}
	}
	f.Level = "problem"
	if !slices.Contains(*out, f) { // a fault that all stores share is one fault
		*out = append(*out, f)
	}
}

func (p *program) writeFindings(found []finding) error {
	if p.asJSON() {
		return writeJSON(p.out, found)
	}
	for _, f := range found {
		line := f.Text
		if f.Key != "" {
			line = f.Key + ": " + line
		}
		if f.File != "" {
			place := f.File
			if f.Line > 0 {
				place += fmt.Sprintf(":%d", f.Line)
			}
			if f.Column > 0 {
				place += fmt.Sprintf(":%d", f.Column)
			}
			line = place + ": " + line
		}
		if f.Level != "problem" { // a problem begins with its place, for editors
			line = fmt.Sprintf("%-8s %s", f.Level, line)
		}
		if _, err := fmt.Fprintln(p.out, line); err != nil {
			return err
		}
	}
	return nil
}
