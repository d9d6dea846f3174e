package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"homing/pkg/email"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/render"
	"homing/pkg/templatestore"
	"homing/templates"
)

// openTemplates reads the templates, unless they come from the bucket, and checks the
// configuration of the workers.
func (a *App) openTemplates() error {
	if a.o.Templates == nil && a.o.Config.Templates.Bucket() {
		return programme.Check(a.o.Config, a.stores, nil)
	}
	fsys := a.o.Templates
	if fsys == nil {
		dir := a.o.Config.Templates.Dir
		if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
			return fmt.Errorf("templates.dir: there is no folder %s", dir)
		}
		fsys = os.DirFS(dir)
	}
	files, err := templatestore.ReadFiles(fsys)
	if err == nil {
		fsys, err = files.FS() // what was read, even if somebody changes it
	}
	if err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	set, err := a.loadTemplates(fsys)
	if err != nil {
		return err
	}
	a.read = &templatestore.InUse{Set: set, Name: files.Named("files")}
	return nil
}

// loadTemplates makes templates usable for this installation.
func (a *App) loadTemplates(fsys fs.FS) (*render.Set, error) {
	load := a.o.Load
	if load == nil {
		load = templatestore.Load
	}
	set, err := load(fsys)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	return set, programme.Check(a.o.Config, a.stores, set)
}

// rendersWith returns the templates that are in force in this process; nil: none yet.
func (a *App) rendersWith() *templatestore.InUse {
	if a.follower != nil {
		return a.follower.InUse()
	}
	return a.read
}

// templates are the email channel's: an email is made from one version.
func (a *App) templates() (email.Renderer, string) {
	if now := a.rendersWith(); now != nil {
		return now.Set, now.Name
	}
	return noTemplates{}, ""
}

// pages are the templates that the gateway's words are from; nil: none yet.
func (a *App) pages() *render.Set {
	if now := a.rendersWith(); now != nil {
		return now.Set
	}
	return nil
}

// noTemplates is what there is before there are any. It is asked for nothing, since
// this process is stopped until then.
type noTemplates struct{}

func (noTemplates) Render(string, render.Data) (render.Mail, error) {
	return render.Mail{}, fmt.Errorf("%w: there are none yet", render.ErrTemplate)
}

// usesTemplates reports whether this process makes emails, or pages, of templates.
func (a *App) usesTemplates() bool {
	return len(a.workers()) > 0 || slices.Contains(a.o.Roles, RoleGateway)
}

// newFollower follows the bucket, in a process that renders from it.
func (a *App) newFollower() error {
	if a.read != nil || !a.usesTemplates() {
		return nil
	}
	base, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		return fmt.Errorf("templates of the program: %w", err)
	}
	a.follower = templatestore.Follow(templatestore.FollowOptions{
		Store: templatestore.New(a.js), Base: base, Load: a.loadTemplates, Log: a.log.Named("templates"),
	})
	return nil
}

// runTemplates sees to it that this process has templates, and that they are those in
// force. While it has none it is stopped: all but sending goes on. A process that sends
// nothing goes on with all: pages have words of their own until then.
func (a *App) runTemplates(ctx context.Context) {
	if !a.usesTemplates() {
		return
	}
	a.metrics.gaugeOf("homing_templates_version", "The published version of the templates that is in use; 0: files, or none.", nil, func() float64 {
		if now := a.rendersWith(); now != nil {
			return float64(now.Version)
		}
		return 0
	})
	a.metrics.gaugeOf("homing_templates_refused", "1 while this process cannot use the version of the templates that is in force.", nil, func() float64 {
		return oneIf(a.follower != nil && a.follower.Refused() != nil)
	})
	if a.follower != nil {
		late := time.AfterFunc(slow, func() { a.log.Info("reading the templates takes long; waiting for NATS") })
		opened := a.openVersion(ctx)
		late.Stop()
		a.running.Go(func() {
			for ; !opened; opened = a.openVersion(ctx) {
				select {
				case <-ctx.Done():
					return
				case <-time.After(slow):
				}
			}
			a.follower.Run(ctx)
		})
	}
}

// openVersion has the follower open, and stops this process as long as it cannot.
func (a *App) openVersion(ctx context.Context) bool {
	err := a.follower.Open(ctx)
	switch {
	case err == nil:
		a.controls.Over(reason.NoTemplates)
	case ctx.Err() == nil && len(a.workers()) > 0:
		a.controls.Stop(reason.NoTemplates, err.Error())
	}
	return err == nil
}
