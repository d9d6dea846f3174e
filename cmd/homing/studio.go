package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap/zapcore"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/programme"
	"homing/pkg/studio"
	"homing/templates"
)

const studioHelp = `Opens a web app on this machine in which emails are edited and seen as recipients will
see them: on a desktop and a phone, in the dark, without images, as plain text and in an
inbox's list; with every sample, in every language and store.

It works on the folder of the templates. With templates.source: files, what is saved
there is sent once "homing run" has read it, at its next start; with bucket, once it is
published: under Publish, which shows what it changes, or with "homing templates push".
Where there is no folder yet, the emails that came with Homing are shown, and the first
time that one is saved, all are copied into the folder.

If the installation of the configuration answers, or a running "homing dev", it also shows
what real customers would get: by an id, an address or an order.

"Send me this" sends a test through the relay of the configuration, to addresses on
recipients_allow, or to any with --send-to-anybody.`

// defaultStudioPort is next to that of the inbox.
const defaultStudioPort = 8026

type studioFlags struct {
	port      int
	templates string
	anybody   bool
}

func (p *program) studioCommand() *cobra.Command {
	f := &studioFlags{}
	cmd := &cobra.Command{
		Use: "studio", Short: "Edit the emails, and see them as recipients will", Long: studioHelp, Args: cobra.NoArgs,
		Example: "  homing studio\n  homing studio --templates ../shop/templates",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.studio(cmd.Context(), f, cmd.Flags().Changed("port"))
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.port, "port", defaultStudioPort, "`port` of the page; 0 is any free one (default: 8026 or the next free one)")
	flags.Lookup("port").DefValue = "0" // the usage says it better
	flags.StringVar(&f.templates, "templates", "", "`folder` of the email templates (default: templates.dir)")
	flags.BoolVar(&f.anybody, "send-to-anybody", false, "tests may go to addresses that recipients_allow does not have")
	p.outputFlag(cmd)
	return cmd
}

// studio serves until ctx ends.
func (p *program) studio(ctx context.Context, f *studioFlags, portGiven bool) (err error) {
	c, err := config.Load(p.config, p.env, programme.WorkerNames())
	if err != nil {
		return usage(err)
	}
	if len(c.Stores) == 0 { // there was no file
		c.Stores = config.Example().Stores
	}
	if f.templates != "" {
		if !isDir(f.templates) {
			return usagef("--templates: there is no folder %s", f.templates)
		}
		c.Templates.Dir = f.templates
	}
	o, err := studioOptions(c)
	if err != nil {
		return usage(err)
	}
	log := p.logger(zapcore.WarnLevel)
	trials, err := app.OpenTrials(c, f.anybody, log)
	if err != nil {
		return usage(err)
	}
	defer func() { err = errors.Join(err, trials.Close()) }()
	o.Sender, o.Log = trials, log
	end, missing := p.connected(ctx, c, log, &o)
	defer end()
	o.Addr, o.NextFree = net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port)), !portGiven
	s, err := studio.Start(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopStudio(s)) }()
	if p.asJSON() {
		err = writeJSON(p.out, map[string]any{"studio": s.URL(), "templates": o.Dir, "connected": missing == nil})
	} else {
		with := "with what real customers would get, too"
		if missing != nil {
			with = "with their samples; real customers need an installation: " + missing.Error()
		}
		_, err = fmt.Fprintf(p.out, "The studio is at %s\n\nIt shows the emails in %s, %s. Ctrl-C stops it.\n", s.URL(), o.Dir, with)
	}
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// studioOptions are what a studio of a configuration works on.
func studioOptions(c *config.Config) (studio.Options, error) {
	stores, err := programme.Open(c, nil)
	if err != nil {
		return studio.Options{}, err
	}
	dir, err := filepath.Abs(c.Templates.Dir)
	if err != nil {
		return studio.Options{}, err
	}
	o := studio.Options{Dir: dir}
	if c.Templates.Dir == config.Default().Templates.Dir {
		o.Carried = templates.Files
	}
	for _, id := range programme.StoreNames(c) {
		o.Stores = append(o.Stores, studio.Store{ID: id, View: stores[id].View})
	}
	return o, nil
}

func stopStudio(s *studio.Studio) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return s.Stop(ctx)
}
