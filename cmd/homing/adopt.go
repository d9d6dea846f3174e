package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/installation"
	"homing/pkg/place"
)

const adoptHelp = `Says that this copy of an installation is the one that sends from now on: after a
backup was restored, or after it was moved to other servers. Until then "homing run"
sends nothing there (unadopted). End the original first: nothing keeps two that were
adopted from sending the same emails.

What the original sent after the backup was taken is unknown here. Marketing emails that
fell due before now, and of which nothing is known, are therefore not sent; they end as
uncertain, and count in the caps. Transactional ones are sent, perhaps once more, with
the same Message-ID. Say so if it is known better:
  --until TIME  the original sent nothing after that
  --complete    all that it sent is known here: it was stopped before the backup was
                taken, or Redis is the one that it had`

func (p *program) adoptCommand() *cobra.Command {
	var timeout time.Duration
	var yes, complete bool
	var until string
	cmd := &cobra.Command{
		Use: "adopt", Short: "Let a restored or moved installation send", Long: adoptHelp, Args: cobra.NoArgs,
		Example: "  homing adopt\n  homing adopt --until 2026-03-02T04:30:00Z\n  homing adopt --complete --yes",
		RunE: p.onInstallation(&timeout, func(ctx context.Context, l *opened, _ []string) error {
			return p.adopt(ctx, l, until, complete, yes)
		}),
	}
	cmd.Flags().StringVar(&until, "until", "", "when the original ended: a `time`, or how long ago, like 3h (default: now)")
	cmd.Flags().BoolVar(&complete, "complete", false, "all that the original sent is known here")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.MarkFlagsMutuallyExclusive("until", "complete")
	p.natsFlags(cmd, &timeout, 10*time.Second)
	p.outputFlag(cmd)
	return cmd
}

// adopted is the document of `homing adopt --output json`.
type adopted struct {
	Changed bool       `json:"changed"` // false: somebody lives here already
	Found   string     `json:"found,omitempty"`
	Place   string     `json:"place"`
	Was     string     `json:"was,omitempty"`
	By      string     `json:"by,omitempty"`
	Doubt   *time.Time `json:"doubt"` // until when emails may have been sent elsewhere; null: none were
}

func (p *program) adopt(ctx context.Context, l *opened, until string, complete, yes bool) error {
	h, err := l.Home(ctx)
	if err != nil {
		return err
	}
	if h.Why == "" {
		return p.atHome(h)
	}
	if h.Busy != "" {
		return errors.New(h.Busy)
	}
	doubt := l.now
	if until != "" {
		if doubt, err = parsePast("--until", until, l.now); err != nil {
			return err
		}
		if doubt.After(l.now) {
			return usagef("--until: %s is not over yet", until)
		}
	}
	if complete || until == "" && h.Own {
		doubt = time.Time{}
	}
	if err := p.showHome(ctx, l, h, doubt); err != nil {
		return err
	}
	if !yes && !p.confirmed("The original must not run any more. Type yes to go on: ") {
		return errors.New("nothing was adopted")
	}
	made, err := l.Adopt(ctx, h, whoAmI(), doubt)
	if err != nil {
		return err
	}
	if p.asJSON() {
		doc := adopted{Changed: true, Found: h.Why, Place: made.ID, Was: made.Was, By: made.By}
		if !made.Doubt.IsZero() {
			doc.Doubt = &made.Doubt
		}
		return writeJSON(p.out, doc)
	}
	_, err = fmt.Fprintf(p.out, "Adopted as %s. Processes that wait go on within seconds; others may be started.\n"+
		"Customers who unsubscribed, bounced or were erased since the backup are not known here: see docs/backup.md, \"What a backup does not know\".\n", made.ID)
	return err
}

// atHome says that there is nothing to adopt.
func (p *program) atHome(h installation.Home) error {
	doc := adopted{}
	if h.Place != nil {
		doc.Place, doc.Was = h.Place.ID, h.Place.Was
	}
	if p.asJSON() {
		return writeJSON(p.out, doc)
	}
	_, err := fmt.Fprintln(p.out, "This installation is where it lives; there is nothing to adopt.")
	return err
}

// showHome says on the error output what was found, and what follows.
func (p *program) showHome(ctx context.Context, l *opened, h installation.Home, doubt time.Time) error {
	var b strings.Builder
	when := func(t time.Time) string { return t.UTC().Format(atMinute) }
	fmt.Fprintf(&b, "It may be a copy: %s.\n", h.Why)
	if h.Beat != nil {
		line := fmt.Sprintf("last in use    %s, on %s", when(h.Beat.At), h.Beat.By)
		if hosts := place.Hosts(h.Beat.Marks); len(hosts) > 0 {
			line += ", with " + strings.Join(hosts, ", ")
		}
		if h.Beat.Rest {
			line += "; it was stopped in order, and not started again before the copy was made"
		}
		fmt.Fprintln(&b, line)
	}
	newest := "it is empty"
	if !h.Newest.IsZero() {
		newest = "newest entry of " + when(h.Newest)
	}
	fmt.Fprintf(&b, "timeline       %s\n", newest)
	scheduled, due, err := l.Waiting(ctx)
	if err != nil {
		return fmt.Errorf("%w; homing setup makes what the backup did not have", err)
	}
	fmt.Fprintf(&b, "waiting        %s scheduled, %s due\n", plural(int(scheduled), "email"), number(int(due)))
	switch {
	case doubt.IsZero() && h.Own:
		fmt.Fprintln(&b, "Redis is the one that it had, and knows all that was sent: emails that are due are sent.")
	case doubt.IsZero():
		fmt.Fprintln(&b, "You say that all it sent is known here: emails that are due are sent.")
	default:
		fmt.Fprintf(&b, "Marketing emails that fell due until %s, and of which nothing is known here, are not sent (uncertain).\n", when(doubt))
		if h.Beat != nil && h.Beat.Rest {
			fmt.Fprintln(&b, "If it was not started again after that copy was made, nothing is unknown: use --complete.")
		}
	}
	_, err = fmt.Fprint(p.err, printable(b.String()))
	return err
}

// confirmed asks a question that only yes answers.
func (p *program) confirmed(question string) bool {
	fmt.Fprint(p.err, question)
	line, _ := bufio.NewReader(p.in).ReadString('\n') // no answer is a no
	return strings.EqualFold(strings.TrimSpace(line), "yes")
}

// whoAmI names the person who runs the command, and the machine.
func whoAmI() string {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = cmp.Or(u.Username, u.Uid, name)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return strings.ReplaceAll(name, "@", " at ") + " on " + host
}
