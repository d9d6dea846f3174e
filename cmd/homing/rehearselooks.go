package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/rehearsal"
	"homing/pkg/render"
	"homing/pkg/templatestore"
	"homing/templates"
)

// look is how the emails of a configuration look.
type look struct {
	composers map[string]rehearsal.Composer // by store
	hash      string                        // of the templates
	note      string                        // which they are
}

// openLooks loads the templates of each side. Without those of one, there is nothing to
// compare.
func (m *rehearsing) openLooks(ctx context.Context, sides []side) error {
	if !m.f.samples {
		return nil
	}
	var all []templatestore.Files
	for i, s := range sides {
		files, note, err := s.templates(ctx, s.config)
		if errors.Is(err, errNotHere) {
			m.bar.say(err.Error())
			m.f.samples = false
			return nil
		}
		if err != nil {
			return usage(fmt.Errorf("%s: %w", aboutTemplates(i), err))
		}
		all, m.looks = append(all, files), append(m.looks, look{hash: files.Hash(), note: note})
	}
	if len(all) > 1 && m.looks[0].hash == m.looks[1].hash {
		return nil // there is nothing to compare
	}
	for i, s := range sides {
		var err error
		if m.looks[i].composers, err = composersOf(s.config, all[i]); err != nil {
			return usage(fmt.Errorf("%s: %w (--samples=false does without)", aboutTemplates(i), err))
		}
	}
	return nil
}

// aboutTemplates says whose templates an error is about.
func aboutTemplates(i int) string {
	if i > 0 {
		return "--against: templates"
	}
	return "templates"
}

// composersOf makes templates usable. What is wrong with them in ways that only their examples
// tell is for "homing check" to say: trying all out takes seconds.
func composersOf(c *config.Config, files templatestore.Files) (map[string]rehearsal.Composer, error) {
	fsys, err := files.FS()
	if err != nil {
		return nil, err
	}
	draft, err := render.LoadDraft(fsys, render.Only{Unchecked: true})
	if err == nil {
		err = draft.Err()
	}
	if err != nil {
		return nil, err
	}
	all, err := app.Composers(c, draft.Set)
	if err != nil {
		return nil, err
	}
	out := map[string]rehearsal.Composer{}
	for store, with := range all {
		out[store] = with
	}
	return out, nil
}

// templatesOf reads the templates of a configuration, as a process would have them: those
// that were published, if the installation is asked, or the folder's, or, where there is
// none, those that come with Homing.
func (m *rehearsing) templatesOf(ctx context.Context, c *config.Config) (templatestore.Files, string, error) {
	base, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		return nil, "", err
	}
	dir := c.Templates.Dir
	switch {
	case c.Templates.Bucket() && m.published != nil:
		n, err := m.published.Current(ctx)
		if err != nil {
			return nil, "", err
		}
		files, err := versionFiles(ctx, m.published, n)
		return files.Over(base), fmt.Sprintf("Emails are shown as the published templates make them, version %d.", n), err
	case !isDir(dir):
		return base, "Emails are shown as the templates that come with Homing make them: there is no folder " + dir + ".", nil
	}
	files, err := templatestore.ReadFiles(os.DirFS(dir))
	if err == nil && c.Templates.Bucket() {
		files = files.Over(base)
	}
	return files, "Emails are shown as the templates in the folder " + dir + " make them.", err
}

// templatesAt reads the templates of a revision in git: the folder is where the
// configuration of that revision says, seen from here. Where it had none, they are those
// that come with Homing.
func templatesAt(ctx context.Context, rev, file string, c config.Templates) (templatestore.Files, string, error) {
	base, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		return nil, "", err
	}
	if filepath.IsAbs(c.Dir) {
		return nil, "", fmt.Errorf("%s:%s names the folder %s, which is not of the revision; write templates.dir relative to the repository", rev, file, c.Dir)
	}
	dir := path.Clean(filepath.ToSlash(c.Dir))
	git := exec.CommandContext(ctx, "git", "archive", "--format=tar", "--end-of-options", rev, dir)
	var said bytes.Buffer
	git.Stderr = &said
	data, err := git.Output()
	if err != nil {
		if strings.Contains(said.String(), "did not match any files") {
			return base, "the templates that come with Homing", nil
		}
		return nil, "", fmt.Errorf("git archive %s %s: %s", rev, dir, strings.TrimSpace(said.String()))
	}
	files, err := untar(data, dir)
	if err == nil && c.Bucket() {
		files = files.Over(base)
	}
	return files, rev + ":" + dir, err
}

// untar returns what may be a template in a folder of an archive.
func untar(data []byte, dir string) (templatestore.Files, error) {
	all := templatestore.Files{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if name, ok := strings.CutPrefix(h.Name, dir+"/"); ok && h.Typeflag == tar.TypeReg {
			if all[name], err = io.ReadAll(r); err != nil {
				return nil, err
			}
		}
	}
	fsys, err := all.FS()
	if err != nil {
		return nil, err
	}
	return templatestore.ReadFiles(fsys)
}
