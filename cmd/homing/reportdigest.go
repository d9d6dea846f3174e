package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/templates"
)

const digestHelp = `Shows the weekly digest as it would be sent now to the addresses of
stores.<store>.digest_to, and sends nothing. It is what the last night counted, and what
was rejected. It is made of the templates that the configuration names, or, with
templates.source: bucket, of the folder over those that come with this program.`

// digestFlags choose a store, and where the digest is written.
type digestFlags struct {
	timeout    time.Duration
	store, out string
}

func (p *program) digestCommand() *cobra.Command {
	f := &digestFlags{}
	cmd := &cobra.Command{
		Use: "digest", Short: "Show the weekly digest without sending it", Long: digestHelp, Args: cobra.NoArgs,
		Example: "  homing report digest\n  homing report digest --out digest.html",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.onNights(cmd.Context(), f.timeout, f.store, func(ctx context.Context, n *nights) error { return p.showDigest(ctx, n, f) })
		},
	}
	p.natsFlags(cmd, &f.timeout, 10*time.Second)
	cmd.Flags().StringVar(&f.store, "store", "", "which `store` (default: the only one there is, or else main)")
	cmd.Flags().StringVar(&f.out, "out", "", "write it to this `file` as a web page with its charts, rather than as text")
	return cmd
}

func (p *program) showDigest(ctx context.Context, n *nights, f *digestFlags) error {
	if err := asDev(ctx, n.js, n.config); err != nil {
		return err
	}
	stores, err := programme.Open(n.config, nil)
	if err != nil {
		return err
	}
	s := stores[n.store]
	if s == nil {
		return usagef("the configuration has no store %s; name its file with --config", n.store)
	}
	made, pictures, err := app.DigestOf(ctx, n.js, n.config, s, n.scale, n.now)
	if err != nil {
		return err
	}
	set, err := p.templatesHere(n.config)
	if err != nil {
		return err
	}
	mail, err := set.Render("digest/weekly", render.Data{Store: s.View, Digest: made})
	if err != nil {
		return err
	}
	if f.out == "" {
		_, err = fmt.Fprintf(p.out, "Subject: %s\n\n%s", mail.Subject, mail.Text)
		return err
	}
	if err := os.WriteFile(f.out, []byte(app.Inlined(mail.HTML, pictures)), 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "%s: %s\n", f.out, mail.Subject)
	return err
}

// templatesHere are those of the folder, or else those that come with this program.
func (p *program) templatesHere(c *config.Config) (*render.Set, error) {
	if !isDir(c.Templates.Dir) {
		return render.Load(templates.Files)
	}
	fsys, err := templateFiles(c.Templates)
	if err != nil {
		return nil, err
	}
	return render.Load(fsys)
}
