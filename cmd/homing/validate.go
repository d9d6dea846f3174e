package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/events"
	"homing/pkg/rejected"
)

const validateHelp = `Reads events from files and says all that is wrong with each: what Homing would reject
it for, and what it would warn about. It connects to nothing and needs no
configuration. A file has one event, several, a list of them, or one a line, and may
be gzipped; - is the standard input.

An event is a CloudEvent in JSON, or, with --type, the data alone. What only a running
Homing knows is not looked at: which stores there are, and where their emails link to.
With an event that would be rejected the exit code is 1; with --strict also with a
warning.`

// validateFlags are the flags of homing validate.
type validateFlags struct {
	store, typ string
	strict     bool
	limit      int
}

func (p *program) validateCommand() *cobra.Command {
	f := &validateFlags{}
	cmd := &cobra.Command{
		Use: "validate <file> ...", Short: "Say what is wrong with events in a file, offline", Long: validateHelp,
		Example: "  homing validate events.jsonl.gz\n  homing validate --type order.placed order.json\n  node shop.js | homing validate -",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if f.typ != "" && !events.Type(f.typ).Known() {
				return usagef("--type: there is no type %q; there are: %s", f.typ, joinTypes())
			}
			return p.validate(f, args)
		},
	}
	cmd.Flags().StringVar(&f.store, "store", "main", "the `store` they are for")
	cmd.Flags().StringVar(&f.typ, "type", "", "the `type` of events that do not say it")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "a warning is a failure, too")
	p.outputFlag(cmd)
	return cmd
}

// verdict is what intake would say of one event.
type verdict struct {
	File string `json:"file"`
	Line int    `json:"line"`
	rejected.Verdict
}

// judged is what was found in all files.
type judged struct {
	Events   int       `json:"events"`
	Rejected int       `json:"rejected"`
	Warned   int       `json:"warned"`
	Found    []verdict `json:"found"` // those that have something

	said time.Time
}

var errInvalid = errors.New("some events would be rejected")

func (p *program) validate(f *validateFlags, paths []string) error {
	all := judged{Found: []verdict{}, said: time.Now()}
	for _, path := range paths {
		docs, err := openDocuments(path, p.in)
		if err != nil {
			return usage(err)
		}
		err = p.validateAll(f, docs, &all)
		docs.close()
		if err != nil {
			return err
		}
	}
	if err := p.writeJudged(&all); err != nil {
		return err
	}
	switch {
	case all.Rejected > 0:
		return errInvalid
	case f.strict && all.Warned > 0:
		return errors.New("some events have warnings (--strict)")
	}
	return nil
}

func (p *program) validateAll(f *validateFlags, docs *documents, all *judged) error {
	for n := 0; f.limit == 0 || n < f.limit; n++ {
		doc, line, err := docs.next()
		if doc == nil && err == nil {
			return nil
		}
		v := verdict{File: docs.name, Line: line}
		if syntax, ok := errors.AsType[*documentError](err); ok {
			v.Reject(&events.Error{Reason: events.ReasonNotJSON, Detail: syntax.Error()})
		} else if err != nil {
			return err
		} else {
			v.judge(doc, f.store, events.Type(f.typ))
		}
		p.tell(all, v)
		if err != nil {
			return nil // nothing can be read after it
		}
	}
	return nil
}

// judge decodes a document as intake would.
func (v *verdict) judge(doc []byte, store string, t events.Type) {
	if t == "" {
		var err error
		if t, err = typeOf(doc); err != nil {
			v.Reject(err)
			return
		}
	}
	v.Verdict = rejected.Judge(events.Raw{Subject: events.Subject(store, t), Data: doc})
	v.Type = t // also one that there is not
}

// decodeFor decodes an event as intake will that is published to a store.
func decodeFor(store string, t events.Type, body []byte) (events.Event, error) {
	return rejected.Decode(events.Raw{Subject: events.Subject(store, t), Data: body})
}

// tell counts an event, and says at once what is wrong with it.
func (p *program) tell(all *judged, v verdict) {
	all.Events++
	if v.Rejected != "" {
		all.Rejected++
	} else if len(v.Warnings) > 0 {
		all.Warned++
	}
	if time.Since(all.said) > 2*time.Second && isTerminal(p.err) {
		all.said = time.Now()
		fmt.Fprintf(p.err, "%s so far\n", plural(all.Events, "event"))
	}
	switch {
	case v.Rejected == "" && len(v.Warnings) == 0:
	case p.asJSON():
		all.Found = append(all.Found, v)
	default:
		for _, line := range v.lines() {
			fmt.Fprintf(p.out, "%s:%d: %s\n", v.File, v.Line, printable(line))
		}
	}
}

// lines says what is wrong with the event, a fault a line.
func (v *verdict) lines() (out []string) {
	for _, f := range v.Faults {
		out = append(out, f.Reason+": "+f.String())
	}
	if v.More > 0 {
		out = append(out, fmt.Sprintf("and %s more", plural(v.More, "fault")))
	}
	for _, w := range v.Warnings {
		out = append(out, "warning: "+w.String())
	}
	return out
}

func (p *program) writeJudged(all *judged) error {
	if p.asJSON() {
		return writeJSON(p.out, all)
	}
	what := []string{plural(all.Events, "event")}
	if all.Rejected > 0 {
		what = append(what, number(all.Rejected)+" would be rejected")
	}
	if all.Warned > 0 {
		what = append(what, number(all.Warned)+" with warnings")
	}
	if len(what) == 1 {
		what = append(what, "nothing is wrong with "+map[bool]string{true: "it", false: "them"}[all.Events == 1])
	}
	if all.Events == 0 {
		what = []string{"there are no events"}
	}
	_, err := fmt.Fprintln(p.out, strings.Join(what, ", "))
	return err
}
