package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/announcement"
	"homing/pkg/config"
	"homing/pkg/programme"
	"homing/workers"
)

const announceHelp = `Sends one email to many customers: a newsletter, a sale. What it says is a template in
the folder announcements/; to whom it goes and when is in a file; consent, caps, quiet
hours and holdouts count as for every email. docs/announcements.md has an example.`

const announceSendHelp = `Reads an announcement from a file, says to how many customers it goes as things are,
asks, and sends it off. - is the standard input. Whom it really goes to is decided
when it is put on the schedule: two hours before the first recipient's time, or at
once if that is sooner.

  id: spring-sale-2027
  store: main
  template: announcements/newsletter
  at: 2027-03-01 09:00           # on each recipient's own clocks; left out: now
  segments: [loyal, champion]    # left out: all customers

An id is used once: nobody gets an announcement twice.`

const announcePauseHelp = `Has what falls due of an announcement wait, on all replicas, within a second. What is
too late when it goes on ends as expired.`

const announceCancelHelp = `Calls off what has not left yet, for good. Each touch ends as called_off when it falls
due.`

const announceStatusHelp = `Says how far an announcement is: whom it is for, what was sent, is held, and was dropped
and why. That reads every customer of the store. Where there are more than 50,000, only
what is pending is counted, by NATS, and the rest follows from it, until the last email
has its outcome; --exact counts all the same.`

// announceFlags are those of all of its commands.
type announceFlags struct {
	timeout time.Duration
	store   string
	yes     bool
	exact   bool
}

func (p *program) announceCommand() *cobra.Command {
	f := &announceFlags{}
	parent := &cobra.Command{
		Use: "announce", Short: "Send an announcement to many customers, pause it, see how far it is", Long: announceHelp, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	send := &cobra.Command{Use: "send <file>", Short: "Send an announcement off, after showing to how many", Long: announceSendHelp, Args: cobra.ExactArgs(1),
		Example: "  homing announce send spring.yaml",
		RunE: p.onInstallation(&f.timeout, func(ctx context.Context, l *opened, args []string) error {
			return p.sendOff(ctx, l, args[0], f.yes)
		})}
	send.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	p.natsFlags(send, &f.timeout, 10*time.Second)
	status := p.announcementCommand(f, "status", "Say how far an announcement is", announceStatusHelp, func(ctx context.Context, l *opened, store, id string) error {
		a, err := l.Announcements().Get(ctx, store, id)
		if err != nil {
			return err
		}
		return p.showAnnouncement(ctx, l, a, f.exact)
	})
	status.Flags().BoolVar(&f.exact, "exact", false, "count what became of each email, however many customers the store has")
	list := &cobra.Command{Use: "list", Short: "List the announcements, the latest first", Args: cobra.NoArgs,
		RunE: p.onInstallation(&f.timeout, func(ctx context.Context, l *opened, _ []string) error {
			return p.listAnnouncements(ctx, l, f.store)
		})}
	p.natsFlags(list, &f.timeout, 10*time.Second)
	list.Flags().StringVar(&f.store, "store", "", "only this `store` (default: all)")
	parent.AddCommand(send, status, list,
		p.turnCommand(f, "pause", "Have what falls due of an announcement wait", announcePauseHelp, "waits", "waited already",
			func(ctx context.Context, e announcement.Entries, store, id string, now time.Time) (*announcement.Announcement, bool, error) {
				return e.Pause(ctx, store, id, now)
			}),
		p.turnCommand(f, "resume", "Let an announcement go on that was paused", "Ends what \"homing announce pause\" began. What waited leaves within a quarter of an hour.", "goes on", "was not paused",
			func(ctx context.Context, e announcement.Entries, store, id string, _ time.Time) (*announcement.Announcement, bool, error) {
				return e.Resume(ctx, store, id)
			}),
		p.turnCommand(f, "cancel", "Call off what has not left of an announcement", announceCancelHelp, "is called off", "was called off already",
			func(ctx context.Context, e announcement.Entries, store, id string, now time.Time) (*announcement.Announcement, bool, error) {
				return e.Cancel(ctx, store, id, now)
			}))
	for _, c := range parent.Commands() {
		p.outputFlag(c)
	}
	return parent
}

// announcementCommand is a command about one announcement that was sent off.
func (p *program) announcementCommand(f *announceFlags, name, short, long string, do func(ctx context.Context, l *opened, store, id string) error) *cobra.Command {
	cmd := &cobra.Command{Use: name + " <id>", Short: short, Long: long, Args: cobra.ExactArgs(1),
		RunE: p.onInstallation(&f.timeout, func(ctx context.Context, l *opened, args []string) error {
			store, err := storeOf(l.config, f.store)
			if err != nil {
				return err
			}
			err = do(ctx, l, store, args[0])
			if errors.Is(err, announcement.ErrUnknown) {
				return usagef("the store %s has no announcement %q; `homing announce list` shows those there are", store, args[0])
			}
			return err
		})}
	p.natsFlags(cmd, &f.timeout, 10*time.Second)
	cmd.Flags().StringVar(&f.store, "store", "", "the `store` (default: the only one, or else main)")
	return cmd
}

// turnCommand is a command that pauses an announcement, or the like.
func (p *program) turnCommand(f *announceFlags, name, short, long, done, before string,
	do func(ctx context.Context, e announcement.Entries, store, id string, now time.Time) (*announcement.Announcement, bool, error)) *cobra.Command {
	return p.announcementCommand(f, name, short, long, func(ctx context.Context, l *opened, store, id string) error {
		a, changed, err := do(ctx, l.Announcements(), store, id, l.now)
		if errors.Is(err, announcement.ErrOver) {
			return fmt.Errorf("%s is over: it is %s", id, a.State())
		}
		if err != nil {
			return err
		}
		if p.asJSON() {
			return writeJSON(p.out, struct {
				*announced
				Changed bool `json:"changed"`
			}{announcedOf(a), changed})
		}
		said := done
		if !changed {
			said = before
		}
		_, err = fmt.Fprintf(p.out, "%s %s\n", id, said)
		return err
	})
}

// readAnnouncement reads the definition of an announcement, and finds what is wrong with it.
func (p *program) readAnnouncement(file string) (d announcement.Definition, err error) {
	var data []byte
	if file == "-" {
		data, err = io.ReadAll(p.in)
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return d, err
	}
	if err := config.ReadInto(file, data, &d); err != nil {
		return d, err
	}
	return d, d.Validate()
}

// sendOff sends an announcement off.
func (p *program) sendOff(ctx context.Context, l *opened, file string, yes bool) error {
	d, err := p.readAnnouncement(file)
	if err != nil {
		return usage(err)
	}
	if err := p.announceable(l, &d); err != nil {
		return usage(err)
	}
	if _, err := l.Announcements().Get(ctx, d.Store, d.ID); err == nil {
		return usage(fmt.Errorf("id: %w", announcement.ErrUsed))
	} else if !errors.Is(err, announcement.ErrUnknown) {
		return err
	}
	counts, err := p.countAudience(ctx, l, d)
	if err != nil {
		return err
	}
	if err := p.showAudience(l, &d, counts); err != nil {
		return err
	}
	if !yes && !p.confirmed("Type yes to send it off: ") {
		return errors.New("nothing was sent off; --yes does it without asking")
	}
	a, err := l.Announcements().Create(ctx, d, l.now)
	if errors.Is(err, announcement.ErrUsed) {
		return usage(fmt.Errorf("id: %w", err))
	}
	if err != nil {
		return err
	}
	if p.asJSON() {
		out := announcedOf(a)
		out.Counts = counts // as things are; those of the planning follow
		return writeJSON(p.out, out)
	}
	_, err = fmt.Fprintf(p.out, "%s is sent off; `%s announce status %s --store %s` says how far it is.\n", d.ID, p.name, d.ID, d.Store)
	return err
}

// announceable refuses what this installation could not send.
func (p *program) announceable(l *opened, d *announcement.Definition) error {
	s := l.Store(d.Store)
	if s == nil {
		return fmt.Errorf("store: no store %s is configured; there are %s", d.Store, strings.Join(programme.StoreNames(l.config), ", "))
	}
	if err := s.CheckSegments(d.Segments, d.NotSegments); err != nil {
		return err
	}
	w := s.Worker(announcement.Worker)
	if w.Settings.Status == workers.Off {
		return fmt.Errorf("store: workers.%s.status is off in the store %s; switch it on first", announcement.Worker, d.Store)
	}
	if !l.config.Templates.Bucket() { // those that are published may be others than those of a folder here
		if set, _ := checkTemplates(l.config.Templates); set != nil {
			if err := w.CheckTemplate(set, d.Template); err != nil {
				return fmt.Errorf("template: %w", err)
			}
		}
	}
	expires := w.Any.Expires
	if d.Expires > 0 {
		expires = d.Expires
	}
	if last := d.Latest(l.now).Add(expires); l.now.After(last) {
		return fmt.Errorf("at: %s has passed everywhere; choose another time, or leave it out to send now", d.At)
	}
	return nil
}

// countAudience counts whom it would go to, and shows how far that is when it takes long.
func (p *program) countAudience(ctx context.Context, l *opened, d announcement.Definition) (announcement.Counts, error) {
	now := time.Now()
	g := meter{p: p, since: now, last: now.Add(lineEvery - 100*time.Millisecond)} // nothing before two seconds
	if !isTerminal(p.err) {
		g.last = now
	}
	defer g.finish()
	return l.Audience(ctx, d, func(n int) {
		g.show("counting customers", int64(n), 0, func() string { return number(n) + " customers looked at" })
	})
}

// showAudience says on the error output to how many it goes.
func (p *program) showAudience(l *opened, d *announcement.Definition, c announcement.Counts) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s goes to %s of %s of store %s, as things are.\n", d.Template, number(c.Planned), plural(c.Customers, "customer"), d.Store)
	if c.Audience < c.Customers {
		fmt.Fprintf(&b, "It is for %s of them.\n", number(c.Audience))
	}
	for _, r := range sortedReasons(c.Left) {
		fmt.Fprintf(&b, "  left out: %s, %s\n", number(c.Left[r]), r)
	}
	if d.Holdout > 0 {
		fmt.Fprintf(&b, "Of those it goes to, about %s are held out.\n", d.Holdout)
	}
	first, last := d.Earliest(l.now), d.Latest(l.now)
	switch {
	case d.At.IsZero():
		b.WriteString("It leaves now.\n")
	case d.Zone != "":
		fmt.Fprintf(&b, "It leaves at %s (%s).\n", first.Format(atMinute), d.Zone)
	default:
		fmt.Fprintf(&b, "It leaves at %s on each recipient's clocks: from %s to %s.\n", d.At, first.UTC().Format(atMinute), last.UTC().Format(atMinute))
	}
	_, err := fmt.Fprint(p.err, b.String())
	return err
}

func sortedReasons[R ~string](of map[R]int) []R {
	var out []R
	for r := range of {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b R) int {
		if of[a] != of[b] {
			return of[b] - of[a]
		}
		return strings.Compare(string(a), string(b))
	})
	return out
}
