// Package config loads configs/homing.yaml, applies the defaults, the
// environment and the overrides of each store, and validates the result.
// Secrets are read from files and print as <secret>. It starts nothing, and it
// knows no worker: a worker decodes its own Section.
//
// The file is plain YAML without anchors, aliases or tags. Unknown keys are
// errors with line and column. Paths are relative to the working directory.
package config

import (
	"time"

	"homing/pkg/localtime"
)

// Config is the whole configuration of an installation, with every default,
// file and environment variable already applied.
type Config struct {
	NATS  NATS  `yaml:"nats"`
	Redis Redis `yaml:"redis"`
	SMTP  SMTP  `yaml:"smtp"`
	HTTP  HTTP  `yaml:"http"`

	// Secret is the one secret of the installation, wherever it came from. It
	// may be empty: whoever needs it refuses to start without.
	Secret     Secret    `yaml:"secret"`
	SecretFile string    `yaml:"secret_file"`
	LinkKeys   []LinkKey `yaml:"link_keys"`

	Templates Templates `yaml:"templates"`
	// RecipientsAllow holds addresses and @domains; when it is not empty,
	// nobody else is mailed.
	RecipientsAllow []string `yaml:"recipients_allow"`
	// Stores is keyed by the store's id, the second part of its subjects.
	Stores map[string]Store `yaml:"stores"`

	Consent  Consent  `yaml:"consent"`
	Pacing   Pacing   `yaml:"pacing"`
	Holdout  Percent  `yaml:"holdout"`
	Offers   Offers   `yaml:"offers"`
	Calendar Calendar `yaml:"calendar"`
	// Workers is keyed by the worker's name. A worker without a section is not
	// in the map; its zero Section decodes to the worker's own defaults.
	Workers map[string]Section `yaml:"workers"`
}

// NATS says where the streams live and how large they may grow.
type NATS struct {
	// URL is one server or a comma-separated list of servers of one cluster.
	URL     URL    `yaml:"url"`
	URLFile string `yaml:"url_file"`
	// CredentialsFile is a .creds file (JWT and seed); empty for none.
	CredentialsFile string  `yaml:"credentials_file"`
	Replicas        int     `yaml:"replicas"`
	Streams         Streams `yaml:"streams"`
}

// Streams holds the limits of the streams that have any. Zero is no limit.
type Streams struct {
	Storefront StreamLimits `yaml:"storefront"`
	Timeline   StreamLimits `yaml:"timeline"`
	Rejected   StreamLimits `yaml:"rejected"`
}

// StreamLimits bounds one stream by age and by size on disk. Zero is no limit.
type StreamLimits struct {
	MaxAge   time.Duration `yaml:"max_age"`
	MaxBytes Bytes         `yaml:"max_bytes"`
}

// Redis says where the projections live.
type Redis struct {
	URL     URL    `yaml:"url"`
	URLFile string `yaml:"url_file"`
}

// SMTP is the relay that mail leaves through.
type SMTP struct {
	URL     URL    `yaml:"url"`
	URLFile string `yaml:"url_file"`
	// Connections is how many connections one process keeps open to the relay.
	Connections int `yaml:"connections"`
}

// HTTP is the address of health and metrics, and those of the gateway.
type HTTP struct {
	Listen string `yaml:"listen"`
	// Gateway is where the role gateway listens.
	Gateway string `yaml:"gateway"`
	// PublicURL is the address recipients reach the gateway by. Empty: none, and
	// so no marketing mail.
	PublicURL string `yaml:"public_url"`
}

// LinkKey signs links. The first of a list signs, all of them verify.
type LinkKey struct {
	ID         string `yaml:"id"`
	SecretFile string `yaml:"secret_file"`
	// Secret is the content of SecretFile.
	Secret Secret `yaml:"-"`
}

// Where templates come from.
const (
	SourceDir    = "dir"
	SourceBucket = "bucket"
)

// Templates says where the mail templates are.
type Templates struct {
	Dir    string `yaml:"dir"`
	Source string `yaml:"source"`
}

// Store is one shop: who writes, in which language and zone, and what differs
// from the rest of the installation.
type Store struct {
	// ID is the key under which the store stands in the file.
	ID            string   `yaml:"-"`
	Name          string   `yaml:"name"`
	URL           string   `yaml:"url"`
	From          string   `yaml:"from"`
	ReplyTo       string   `yaml:"reply_to"`
	PostalAddress string   `yaml:"postal_address"`
	TimeZone      string   `yaml:"time_zone"`
	Locale        string   `yaml:"locale"`
	Currency      string   `yaml:"currency"`
	LinkHosts     []string `yaml:"link_hosts"`
	DKIM          DKIM     `yaml:"dkim"`

	// What follows is in force for this store: the global section with the
	// store's own laid over it.
	Pacing  Pacing             `yaml:"pacing"`
	Consent Consent            `yaml:"consent"`
	Offers  Offers             `yaml:"offers"`
	SMTP    SMTP               `yaml:"smtp"`
	Workers map[string]Section `yaml:"workers"`
}

// DKIM signs a store's mail when KeyFile is set.
type DKIM struct {
	Domain   string `yaml:"domain"`
	Selector string `yaml:"selector"`
	// KeyFile is a PEM private key.
	KeyFile string `yaml:"key_file"`
}

// What a marketing mail needs before it may be sent.
const (
	PolicySoftOptIn = "soft_opt_in"
	PolicyExplicit  = "explicit"
)

// Consent says who may be mailed at all.
type Consent struct {
	Policy string `yaml:"policy"`
}

// Offers caps the offers that one customer is made: at most Limit in any Window.
type Offers struct {
	// Limit is 0 for no cap; more than MaxOffers cannot be counted.
	Limit  int           `yaml:"limit"`
	Window time.Duration `yaml:"window"`
}

// MaxOffers is how many offers are remembered of a customer, and MaxMails how
// many mails.
const (
	MaxOffers = 20
	MaxMails  = 100
)

// Pacing says how often, when and how fast.
type Pacing struct {
	// Frequency is sorted by window; every one of them holds.
	Frequency []Window      `yaml:"frequency"`
	LookAhead time.Duration `yaml:"look_ahead"`
	// PerDay is how many mails one day of the customer's calendar takes; 0: any number.
	PerDay     int        `yaml:"per_day"`
	QuietHours QuietHours `yaml:"quiet_hours"`
	// SendDays are the days of the week on which marketing mail is sent; none: all.
	SendDays   []localtime.Weekday `yaml:"send_days"`
	Throughput Throughput          `yaml:"throughput"`
}

// Window caps the mails to one customer: at most Limit in any Window.
type Window struct {
	Limit  int           `yaml:"limit"`
	Window time.Duration `yaml:"window"`
}

// QuietHours is the part of the customer's day in which nobody is sent marketing
// mail. It may span midnight. From = To: there is none.
type QuietHours struct {
	From localtime.Clock `yaml:"from"`
	To   localtime.Clock `yaml:"to"`
	// Spread is over how long what waited leaves.
	Spread time.Duration `yaml:"spread"`
}

// Throughput is what a relay takes, over all replicas together.
type Throughput struct {
	// PerSecond is in mails per second; 0 is unlimited.
	PerSecond float64 `yaml:"per_second"`
	// Burst is how many mails may leave at once after a quiet while.
	Burst int `yaml:"burst"`
	// PerDomain holds mails per second for single recipient domains.
	PerDomain map[string]float64 `yaml:"per_domain"`
	WarmUp    WarmUp             `yaml:"warm_up"`
}

// WarmUp is how many mails a relay is given on each of its first days.
type WarmUp struct {
	Start Date `yaml:"start"`
	// PerDay is of the first day, the second, …; empty: no warm-up.
	PerDay []int `yaml:"per_day"`
}

// Calendar bounds what dates, as opposed to shops, may set off.
type Calendar struct {
	CatchUp time.Duration `yaml:"catch_up"`
	// DailyLimit is in events per store and day.
	DailyLimit int `yaml:"daily_limit"`
}

const day = 24 * time.Hour

// Default returns what holds when the file says nothing. It has no store.
func Default() Config {
	return Config{
		NATS: NATS{
			URL:      "nats://127.0.0.1:4222",
			Replicas: 1,
			Streams: Streams{
				Storefront: StreamLimits{MaxAge: 30 * day, MaxBytes: 2 << 30},
				Rejected:   StreamLimits{MaxBytes: 256 << 20},
			},
		},
		Redis:     Redis{URL: "redis://127.0.0.1:6379/0"},
		SMTP:      SMTP{URL: "smtp+insecure://127.0.0.1:1025", Connections: 8},
		HTTP:      HTTP{Listen: "127.0.0.1:8080", Gateway: "127.0.0.1:8081"},
		Templates: Templates{Dir: "templates", Source: SourceDir},
		Consent:   Consent{Policy: PolicySoftOptIn},
		Pacing: Pacing{
			Frequency: []Window{
				{Limit: 1, Window: 16 * time.Hour},
				{Limit: 3, Window: 7 * day},
				{Limit: 8, Window: 30 * day},
			},
			LookAhead:  2 * time.Hour,
			QuietHours: QuietHours{From: 21 * 60, To: 8 * 60, Spread: 30 * time.Minute},
			Throughput: Throughput{PerSecond: 14},
		},
		Offers:   Offers{Window: 90 * day},
		Calendar: Calendar{CatchUp: 7 * day, DailyLimit: 5000},
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
	s.Currency = "GBP"
	s.LinkHosts = []string{"shop.example"}
	s.DKIM = DKIM{Domain: "shop.example", Selector: "homing"}
	c.Stores = map[string]Store{s.ID: s}
	return c
}
