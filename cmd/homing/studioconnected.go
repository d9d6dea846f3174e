package main

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/installation"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/studio"
	"homing/pkg/templatestore"
	"homing/pkg/timeline"
	"homing/templates"
)

// connected adds to a studio what needs the installation of the configuration, if that
// answers soon: real customers, and publishing. missing says why it does without them.
func (p *program) connected(ctx context.Context, c *config.Config, log *zap.Logger, o *studio.Options) (end func(), missing error) {
	live := *c
	l, end, err := p.open(ctx, &live, time.Second, func() error {
		if live.Secret == "" {
			return errors.New("there is no secret, by which customers are found")
		}
		return nil
	})
	if err != nil {
		return func() {}, err
	}
	known := app.NewCustomers(l.Installation, &live, log)
	o.Customers, o.Sections = known, app.ConsoleSections(known, app.Running{Config: &live, JS: l.js, Scale: l.scale, Build: ownBuild()}, &live)
	if c.Templates.Bucket() {
		missing = pushes(c, templatestore.New(l.js), o)
	}
	return end, missing
}

// pushes has a studio publish its folder.
func pushes(c *config.Config, store *templatestore.Store, o *studio.Options) error {
	author, err := authorOf("")
	if err != nil {
		author = "studio" // the system has no name for who uses it
	}
	builtIn, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		return err
	}
	dir := o.Dir
	o.Push = &studio.Push{
		Store: store, BuiltIn: builtIn, Author: author,
		Base:  func() (int, error) { return readBase(dir) },
		Noted: func(version int) error { return writeBase(dir, version) },
	}
	o.Load = func(fsys fs.FS) (*render.Set, error) { return usable(c, fsys) }
	o.Published = func(ctx context.Context) error {
		return installation.TellPublished(ctx, timeline.New(store.JetStream()), store, programme.StoreNames(c))
	}
	return nil
}
