// Package config loads configs/homing.yaml, applies the defaults, the
// environment and the overrides of each store, and validates the result.
// Secrets are read from files and print as <secret>. It starts nothing, and it
// knows no worker: a worker decodes its own Section. The settings of the rules
// are pkg/gate's, as they are.
//
// The file is plain YAML without anchors, aliases or tags. Unknown keys are
// errors with line and column. Paths are relative to the working directory.
package config

import (
	"reflect"
	"time"
	_ "time/tzdata" // package events asks the time package for names of zones, also where no zone files are installed

	"homing/pkg/gate"
	"homing/pkg/problem"
	"homing/pkg/segment"
)

// Config is the whole configuration of an installation, with every default,
// file and environment variable already applied.
type Config struct {
	NATS  NATS  `yaml:"nats"`
	Redis Redis `yaml:"redis"`
	SMTP  SMTP  `yaml:"smtp"`
	HTTP  HTTP  `yaml:"http"`
	// Tracing is where traces go.
	Tracing Tracing `yaml:"tracing"`
	// Feedback is where what comes back to return paths is taken.
	Feedback Feedback `yaml:"feedback"`

	// Secret is the one secret of the installation, wherever it came from. It may
	// be empty: what needs it refuses to start without.
	Secret     Secret   `yaml:"secret"`
	SecretFile string   `yaml:"secret_file"`
	LinkKeys   LinkKeys `yaml:"link_keys"`

	Templates Templates `yaml:"templates"`
	Console   Console   `yaml:"console"`
	// RetainMails is how long copies of what emails showed are kept; 0: none are.
	RetainMails time.Duration `yaml:"retain_mails"`
	// Stores is keyed by the store's id, the second part of its subjects.
	Stores map[string]Store `yaml:"stores"`

	gate.Installation `yaml:",inline"`
	gate.Sections     `yaml:",inline"`
	Pacing            Pacing   `yaml:"pacing"`
	Offers            Offers   `yaml:"offers"`
	Answers           Answers  `yaml:"answers"`
	Quotes            Quotes   `yaml:"quotes"`
	Clicks            Clicks   `yaml:"clicks"`
	Numbers           Numbers  `yaml:"numbers"`
	Calendar          Calendar `yaml:"calendar"`
	// Segments are by name.
	Segments segment.Expressions `yaml:"segments"`
	// Audiences are the segments about which events tell who comes and who leaves.
	Audiences Audiences `yaml:"audiences"`
	// Channels are by name.
	Channels Channels `yaml:"channels"`
	// Workers is keyed by the worker's name. A worker without a section is not
	// in the map; its zero Section decodes to the worker's own defaults.
	Workers map[string]Section `yaml:"workers"`

	files []File
}

// Where templates come from.
const (
	SourceFiles  = "files"
	SourceBucket = "bucket"

	sourceDir = "dir" // what files was called
)

// Templates says where the email templates are.
type Templates struct {
	Dir    string `yaml:"dir"`
	Source string `yaml:"source"`
}

// Validate reports a missing folder and an unknown source.
func (t Templates) Validate() error {
	var l problem.List
	require(&l, "dir", t.Dir, "name the folder with the email templates")
	if t.Source != SourceFiles && t.Source != SourceBucket && t.Source != sourceDir {
		l.Add("source", "%q is not one of %s, %s", t.Source, SourceFiles, SourceBucket)
	}
	return l.Err()
}

// Bucket reports whether the templates are those that were published with `homing
// templates push`.
func (t Templates) Bucket() bool { return t.Source == SourceBucket }

// Warnings lists what the file has that ought to be written in another way, one line
// each, beginning with the key. None of them is a reason not to start.
func (c *Config) Warnings() []string {
	if c.Templates.Source == sourceDir {
		return []string{"templates.source: dir is called files now; it means the same"}
	}
	return nil
}

const day = 24 * time.Hour

// Default returns the configuration that an empty file gives. It has no store.
func Default() Config {
	c := Config{
		NATS: NATS{
			URL:         "nats://127.0.0.1:4222",
			InboxPrefix: "_HOMING_INBOX",
			Replicas:    1,
			Partitions:  1,
			Streams: Streams{
				Storefront: StreamLimits{MaxAge: 30 * day, MaxBytes: 2 << 30},
				Rejected:   StreamLimits{MaxBytes: 256 << 20},
			},
		},
		Redis:     Redis{URL: "redis://127.0.0.1:6379/0"},
		SMTP:      SMTP{URL: "smtp+insecure://127.0.0.1:1025", Connections: 8, GreetingTimeout: 30 * time.Second},
		HTTP:      HTTP{Listen: "127.0.0.1:8080", Gateway: "127.0.0.1:8081"},
		Tracing:   Tracing{Share: 1},
		Templates: Templates{Dir: "templates", Source: SourceFiles}, RetainMails: 90 * day,
		Console:  Console{Listen: "127.0.0.1:8027", Proxy: ConsoleProxy{Others: OthersNone}, OIDC: ConsoleOIDC{Scopes: []string{"profile"}, NameClaim: "name", RolesClaim: "roles"}},
		Pacing:   Pacing{Throughput: Throughput{PerSecond: 14}},
		Offers:   Offers{Window: 90 * day},
		Answers:  Answers{Low: Low{CSAT: 2, NPS: 6}},
		Quotes:   Quotes{Stars: 4},
		Numbers:  Numbers{Attribution{AfterSending: 7 * day, AfterClick: 30 * day, HalfLife: 7 * day}, Lift{Window: 30 * day}},
		Calendar: Calendar{CatchUp: 7 * day, DailyLimit: 5000},
	}
	setDefaults(reflect.ValueOf(&c).Elem())
	return c
}

// setDefaults asks the settings that say themselves what their defaults are.
func setDefaults(v reflect.Value) {
	if d, ok := v.Addr().Interface().(interface{ SetDefault() }); ok {
		d.SetDefault()
	}
	if v.Kind() == reflect.Struct {
		for _, f := range fieldsOf(v) {
			setDefaults(f.value)
		}
	}
}

// Example returns Default with the one store of configs/homing.yaml, `main`,
// and its gateway: a valid configuration for trying things out.
func Example() Config {
	c := Default()
	c.HTTP.PublicURL = "https://mail.shop.example"
	s := c.newStore("main")
	s.Name = "Example Shop"
	s.URL = "https://shop.example"
	s.From = "Example Shop <hello@shop.example>"
	s.PostalAddress = "1 High Street, Exampleton"
	s.TimeZone = "Europe/London"
	s.Locale = "en-GB"
	s.Currency = "GBP"
	s.LinkHosts = []string{"shop.example"}
	s.DKIM = DKIM{Domain: "shop.example", Selector: "homing"}
	c.Stores = map[string]Store{s.ID: s}
	return c
}
