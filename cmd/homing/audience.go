package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/audience"
	"homing/pkg/installation"
)

const audienceHelp = `Writes the customers of a segment as a list for an advertising platform: google is
Customer Match, meta is a customer list of Facebook and Instagram. Addresses, and for
meta names and countries, are normalised by the rules of the platform and hashed
(SHA-256), so it recognises whom it knows already.

Only customers are in it who said yes to marketing email themselves and have not taken
that back, whatever consent.policy is. A yes to email may not be one to advertising where
you are: ask for that as well. The file has personal data all the same, and only you may
read it (mode 0600). Upload a new one from time to time, in place of the old: whoever has
unsubscribed or was erased since is still in the old one.`

// audienceFlags choose a store, a form and a file.
type audienceFlags struct {
	timeout          time.Duration
	store, form, out string
}

func (p *program) audienceCommand() *cobra.Command {
	f := &audienceFlags{}
	cmd := &cobra.Command{
		Use: "audience <segment> --form <google|meta> --out <file.csv>", Short: "Write a segment as a hashed list for advertising platforms", Long: audienceHelp, Args: cobra.ExactArgs(1),
		Example: "  homing audience champion --form google --out champions.csv\n  homing audience lost --form meta --out lost.csv",
		RunE: p.onInstallation(&f.timeout, func(ctx context.Context, l *opened, args []string) error {
			return p.writeAudience(ctx, l, args[0], f)
		}),
	}
	cmd.Flags().StringVar(&f.form, "form", "", "of the `platform`: google or meta")
	cmd.Flags().StringVar(&f.out, "out", "", "the `file` to write, which must be new")
	p.lookFlags(cmd, &f.timeout, &f.store)
	return cmd
}

func (p *program) writeAudience(ctx context.Context, l *opened, of string, f *audienceFlags) (err error) {
	form := audience.Form(f.form)
	if err := form.Check(); err != nil {
		return usagef("--form: %w", err)
	}
	if f.out == "" {
		return usagef("--out: name the file to write")
	}
	store, err := storeOf(l.config, f.store)
	if err != nil {
		return err
	}
	file, err := createPrivate(f.out)
	if err != nil {
		return err
	}
	to := bufio.NewWriterSize(file, 256<<10)
	w, err := audience.NewWriter(to, form)
	if err != nil {
		return err
	}
	bar := meter{p: p, last: time.Now()}
	n, err := l.EachMember(ctx, store, of, w.Add, func(n int) {
		const doing = "reading the customers"
		bar.show(doing, int64(n), 0, func() string { return fmt.Sprintf("%s: %s", doing, number(n)) })
	})
	bar.finish()
	if err = errors.Join(err, w.Flush(), to.Flush(), file.Sync(), file.Close()); err != nil {
		err = errors.Join(err, os.Remove(f.out)) // half a list is another audience
	}
	if err != nil {
		return unsegmented(err)
	}
	if p.asJSON() {
		return writeJSON(p.out, struct {
			Store string        `json:"store"`
			Of    string        `json:"of"`
			Form  audience.Form `json:"form"`
			installation.Members
		}{store, of, form, n})
	}
	return tellAudience(p.out, store, of, f.out, n)
}

// tellAudience says who is in the file, and who is not.
func tellAudience(w io.Writer, store, of, file string, n installation.Members) error {
	fmt.Fprintf(w, "%s has %s of the %s who are %s in store %s.\n", file, number(n.Audience), number(n.Segment), of, store)
	rows := [][]string{{"LEFT OUT", "CUSTOMERS"}}
	for _, why := range slices.Sorted(maps.Keys(n.LeftOut)) {
		rows = append(rows, []string{string(why), number(n.LeftOut[why])})
	}
	if len(rows) == 1 {
		return nil
	}
	return table(w, rows)
}
