package templatestore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// usingSubject is where all processes are asked what they are and what they render with.
// Its name is from when only those that render answered.
const usingSubject = "homing.templates.using"

const (
	// quiet is for how long nobody answers before all have.
	quiet = 250 * time.Millisecond
	// mostAsked bounds a question.
	mostAsked = 2 * time.Second
)

// A Process is a replica of some roles: what it is, and what it renders with.
type Process struct {
	Process string   `json:"process"`
	Roles   []string `json:"roles"`
	Version string   `json:"version"` // of the templates, as facts have it; empty: it has none, or none yet
	Refused *Refusal `json:"refused"` // the version in force, if it cannot use that; else null
	// Prepares says that it loads a version when it is asked to, before that is in force;
	// Prepared is the newest that it has, or cannot load.
	Prepares bool `json:"prepares,omitempty"`
	Prepared int  `json:"prepared,omitempty"`
	// Renders says that it makes emails or pages of templates.
	Renders bool `json:"renders"`

	About
}

// About says how a process decides. What answers without it is older than that.
type About struct {
	Build     string            `json:"build,omitempty"`      // version and revision
	Config    map[string]string `json:"config,omitempty"`     // hashes of the parts of its configuration, see config.Hashes
	TimeZones string            `json:"time_zones,omitempty"` // the version of the rules by which it reads clocks
	Since     time.Time         `json:"since,omitzero"`       // when it started
	NotReady  string            `json:"not_ready,omitempty"`  // what is missing, as /readyz says it
	// Configuration is what decides what customers get, see config.Config.Said, which makes
	// it for who asks for it; of an older process it is empty.
	Configuration json.RawMessage        `json:"configuration,omitempty"`
	Said          func() ([]byte, error) `json:"-"` // of this process
}

// asked is what a question may ask for.
type asked struct {
	Prepare       int  `json:"prepare"`       // a version to load; 0: none
	Configuration bool `json:"configuration"` // what the process decides by
}

// Answer tells those who Ask what this process renders with, until ctx ends. With a
// follower it loads what is about to be in force.
func Answer(ctx context.Context, nc *nats.Conn, f *Follower, log *zap.Logger, process func() Process) {
	sub, err := nc.Subscribe(usingSubject, func(m *nats.Msg) {
		var q asked
		if json.Unmarshal(m.Data, &q) != nil {
			q = asked{}
		}
		if f != nil && q.Prepare > 0 {
			f.prepare(ctx, q.Prepare)
		}
		p := process()
		var data []byte
		var err error
		if q.Configuration && p.Said != nil {
			p.Configuration, err = p.Said()
		}
		if err == nil {
			data, err = json.Marshal(p)
		}
		if err == nil {
			err = m.Respond(data)
		}
		if err != nil {
			log.Warn("cannot answer which templates are in use", zap.Error(err))
		}
	})
	if err != nil { // the connection is closed: we are stopping
		return
	}
	<-ctx.Done()
	_ = sub.Unsubscribe() // the connection is closed next
}

// Ask asks all processes what they are and what they render with, and returns what those
// said that answered within a moment, by name.
func Ask(ctx context.Context, nc *nats.Conn) ([]Process, error) { return ask(ctx, nc, nil) }

// AskConfigurations is Ask, and asks for the configurations as well.
func AskConfigurations(ctx context.Context, nc *nats.Conn) ([]Process, error) {
	return ask(ctx, nc, []byte(`{"configuration":true}`))
}

func ask(ctx context.Context, nc *nats.Conn, question []byte) ([]Process, error) {
	ctx, cancel := context.WithTimeout(ctx, mostAsked)
	defer cancel()
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("asking which templates are in use: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := nc.PublishRequest(usingSubject, inbox, question); err != nil {
		return nil, fmt.Errorf("asking which templates are in use: %w", err)
	}
	out := []Process{}
	for ctx.Err() == nil {
		m, err := sub.NextMsg(quiet)
		if err != nil || len(m.Data) == 0 { // that was all, or nobody listens
			break
		}
		var p Process
		if err := json.Unmarshal(m.Data, &p); err != nil {
			return nil, fmt.Errorf("asking which templates are in use: %w", err)
		}
		p.Renders = p.Renders || p.Build == "" // as all do that are older
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Process) int { return strings.Compare(a.Process, b.Process) })
	return out, nil
}
