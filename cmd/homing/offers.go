package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"homing/pkg/codelist"
	"homing/pkg/config"
	"homing/pkg/offer"
	"homing/pkg/programme"
)

const offersHelp = `Lists of codes that the shop made, each code for one customer. A step of a worker
draws from one with "offer: {…, code: list, list: NAME}". When a list is empty, the
emails that need it wait, and leave by themselves once codes are loaded.`

const offersLoadHelp = `Adds the codes of a file to a list: one code a line, 1 to 40 letters, digits, - and _.
Blank lines and what follows a # are left out; - is the standard input, and the file
may be gzipped. Loading a file twice adds no code twice, and a code that was given
out is never loaded again. Nothing is loaded from a file with a mistake in it.`

// fewCodes is below how many codes a list is said to be running out.
const fewCodes = 100

func (p *program) offersCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "offers", Short: "Load lists of offer codes, and see how many are left", Long: offersHelp, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var timeout time.Duration
	var store, list string
	var few int
	load := &cobra.Command{
		Use: "load <file>", Short: "Add the codes of a file to a list", Long: offersLoadHelp, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onCodes(cmd.Context(), timeout, func(c *config.Config, k *codelist.Lists) error {
				return p.loadOffers(cmd.Context(), c, k, store, list, args[0])
			})
		},
	}
	load.Flags().StringVar(&list, "list", "", "the `name` of the list: 1 to 32 of a-z, 0-9 and -")
	load.Flags().StringVar(&store, "store", "", "the `store` (default: the only one, or else main)")
	show := &cobra.Command{
		Use: "show", Short: "Show the lists: codes left and taken, and which steps use them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.onCodes(cmd.Context(), timeout, func(c *config.Config, k *codelist.Lists) error {
				return p.showOffers(cmd.Context(), c, k, few)
			})
		},
	}
	show.Flags().IntVar(&few, "warn-below", fewCodes, "warn of a list in use with fewer than `n` codes left")
	for _, c := range []*cobra.Command{load, show} {
		p.natsFlags(c, &timeout, 10*time.Second)
		p.outputFlag(c)
		parent.AddCommand(c)
	}
	return parent
}

// onCodes runs a command with the lists at hand.
func (p *program) onCodes(ctx context.Context, timeout time.Duration, do func(*config.Config, *codelist.Lists) error) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	nc, js, err := p.reach(ctx, c, timeout)
	if err != nil {
		return err
	}
	defer nc.Close()
	err = do(c, codelist.New(js))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return errors.New("there is no stream OFFERS; `homing setup` makes it")
	}
	return err
}

func (p *program) loadOffers(ctx context.Context, c *config.Config, k *codelist.Lists, named, list, file string) error {
	if list == "" {
		return usagef("--list: name the list that the codes belong to")
	}
	store, err := storeOf(c, named)
	if err != nil {
		return err
	}
	all, err := p.readCodes(file)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return usagef("%s holds no code", file)
	}
	step, finish := p.loading(len(all))
	n, err := k.Load(ctx, store, list, all, step)
	finish()
	switch {
	case errors.Is(err, codelist.ErrName):
		return usage(fmt.Errorf("--list: %w", err))
	case err != nil:
		return fmt.Errorf("%w\n%s of %s were loaded; run the command again, no code is added twice", err, number(n.New), number(len(all)))
	case p.asJSON():
		return writeJSON(p.out, struct {
			Store string `json:"store"`
			List  string `json:"list"`
			codelist.Count
		}{store, list, n})
	}
	_, err = fmt.Fprintf(p.out, "list %s of store %s: %s added\n", list, store, plural(n.New, "code"))
	if n.Duplicate > 0 && err == nil {
		_, err = fmt.Fprintf(p.out, "left out: %s that a list of the store holds already\n", plural(n.Duplicate, "code"))
	}
	if n.Used > 0 && err == nil {
		_, err = fmt.Fprintf(p.out, "left out: %s given out before\n", plural(n.Used, "code"))
	}
	return err
}

// badCodes is how many mistakes of a file are told at most.
const badCodes = 10

// readCodes reads a file of codes, and finds all that are none.
func (p *program) readCodes(file string) ([]string, error) {
	l, err := openLines(file, p.in)
	if err != nil {
		return nil, usage(err)
	}
	defer l.close()
	if err := l.rewind(); err != nil {
		return nil, err
	}
	var out []string
	var bad []error
	for {
		line, err := l.next()
		if err != nil {
			return nil, err
		}
		if line == nil || len(bad) == badCodes {
			return out, usage(errors.Join(bad...))
		}
		text, _, _ := strings.Cut(strings.TrimPrefix(string(line), "\ufeff"), "#")
		switch code := strings.TrimSpace(text); {
		case code == "":
		case !offer.ValidCode(code):
			bad = append(bad, fmt.Errorf("%s:%d: %q is not a code: use 1 to 40 letters, digits, - and _", l.name, l.line, code))
		default:
			out = append(out, code)
		}
	}
}

// loading shows how far a file has come: a bar on a terminal, else a line now and then.
func (p *program) loading(total int) (step func(codelist.Count), finish func()) {
	if bar := p.bar(total, "codes"); bar != nil {
		// One that cannot be drawn is not a reason to stop.
		return func(n codelist.Count) { _ = bar.Set(n.All()) }, func() { _ = bar.Finish() }
	}
	last := time.Now()
	return func(n codelist.Count) {
		if time.Since(last) >= lineEvery {
			last = time.Now()
			fmt.Fprintf(p.err, "%s of %s codes\n", number(n.All()), number(total))
		}
	}, func() {}
}

// shownList is one list, and who draws from it.
type shownList struct {
	codelist.List
	Steps []string `json:"steps"` // "win-back/offer"
	Low   bool     `json:"low"`   // it is in use, and few codes are left
}

func (p *program) showOffers(ctx context.Context, c *config.Config, k *codelist.Lists, few int) error {
	steps, err := programme.OfferSteps(c)
	if err != nil { // the lists can be shown all the same
		fmt.Fprintf(p.err, "which steps use them is not known, for the configuration cannot be read; see `homing check`\n")
	}
	lists, err := k.Lists(ctx)
	if err != nil {
		return err
	}
	shown := make([]shownList, 0, len(lists))
	for _, l := range lists {
		shown = append(shown, shownList{List: l, Steps: []string{}})
	}
	for _, s := range steps {
		if s.Terms.Kind != offer.List {
			continue
		}
		i := slices.IndexFunc(shown, func(l shownList) bool { return l.Store == s.Store && l.Name == s.Terms.List })
		if i < 0 { // in use, and nothing was ever loaded
			i = len(shown)
			shown = append(shown, shownList{List: codelist.List{Store: s.Store, Name: s.Terms.List}})
		}
		shown[i].Steps = append(shown[i].Steps, s.Worker+"/"+s.Step)
		shown[i].Low = shown[i].Left < few
	}
	if p.asJSON() {
		return writeJSON(p.out, shown)
	}
	return p.writeLists(shown)
}

func (p *program) writeLists(shown []shownList) error {
	if len(shown) == 0 {
		_, err := fmt.Fprintln(p.out, "There is no list of codes, and no step draws from one.")
		return err
	}
	rows := [][]string{{"STORE", "LIST", "LEFT", "TAKEN", "USED BY"}}
	for _, l := range shown {
		rows = append(rows, []string{l.Store, l.Name, strconv.Itoa(l.Left), strconv.Itoa(l.Taken), strings.Join(l.Steps, ", ")})
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	for _, l := range shown {
		if l.Low {
			fmt.Fprintf(p.err, "warning: list %s of store %s has %s left; load more with `%s offers load FILE --list %s --store %s`\n",
				l.Name, l.Store, plural(l.Left, "code"), p.name, l.Name, l.Store)
		}
	}
	return nil
}
