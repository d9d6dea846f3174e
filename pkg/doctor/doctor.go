// Package doctor judges an installation of Homing by what was read of it: each file has
// one subject, its facts, and what follows from them in plain words. It reads nothing
// itself, and asks no server: pkg/doctor/examine does.
package doctor

import (
	"cmp"
	"slices"
	"time"
)

// A Level says how bad a finding is.
type Level string

// The levels, from good to bad.
const (
	OK      Level = "ok"
	Note    Level = "note"    // to be known; nothing needs to be done
	Warning Level = "warning" // works, and will not or might not
	Trouble Level = "trouble" // emails do not leave, do not arrive, or might leave twice
)

// Rank orders levels from good to bad.
func (l Level) Rank() int { return slices.Index([]Level{OK, Note, Warning, Trouble}, l) }

// A Finding is one thing that was found out.
type Finding struct {
	Check string `json:"check"`           // one of Checks
	Level Level  `json:"level"`           // ok, note, warning or trouble
	About string `json:"about,omitempty"` // what it concerns, such as "stream TIMELINE" or "store main"
	Text  string `json:"text"`            // what is so
	Why   string `json:"why,omitempty"`   // why it matters
	Do    string `json:"do,omitempty"`    // what to do, with the command or the key
}

// The checks, in the order in which they are told.
const (
	Versions  = "versions"
	Secret    = "installation"
	Streams   = "streams"
	Storage   = "storage"
	Lag       = "lag"
	Replicas  = "replicas"
	Redis     = "redis"
	Clocks    = "clocks"
	RelayOf   = "relay"
	Channels  = "channels"
	DNS       = "dns"
	PublicURL = "public-url"
	Files     = "files"
)

// Checks are all checks, in the order in which they are told.
var Checks = []string{Versions, Secret, Streams, Storage, Lag, Replicas, Redis, Clocks, RelayOf, Channels, DNS, PublicURL, Files}

// A Report is all that was found.
type Report struct {
	At       time.Time `json:"at"`
	Level    Level     `json:"level"` // of the worst finding
	Findings []Finding `json:"findings"`
}

// NewReport orders findings by their checks, and within one those that are worst first.
func NewReport(at time.Time, findings []Finding) Report {
	r := Report{At: at.UTC().Truncate(time.Second), Level: OK, Findings: slices.Clone(findings)}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(Checks, a.Check), slices.Index(Checks, b.Check)), cmp.Compare(b.Level.Rank(), a.Level.Rank()))
	})
	for _, f := range r.Findings {
		if f.Level.Rank() > r.Level.Rank() {
			r.Level = f.Level
		}
	}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	return r
}

// Of says of findings which check they are of.
func Of(check string, findings ...Finding) []Finding {
	for i := range findings {
		findings[i].Check = check
	}
	return findings
}

// NotLooked is the finding of a check that could not be done because of something else
// that is away, which has a finding of its own.
func NotLooked(check, because string) Finding {
	return Finding{Check: check, Level: Note, Text: "not looked at: " + because}
}

// Unknown is the finding of a check that failed: neither a yes nor a no.
func Unknown(check, about, why string) Finding {
	return Finding{Check: check, Level: Warning, About: about, Text: "could not be looked at: " + why, Why: "whether it is right is not known", Do: "run homing doctor again, with a longer --timeout if a server is slow"}
}
