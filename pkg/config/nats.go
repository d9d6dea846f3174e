package config

import (
	"regexp"
	"slices"
	"strings"

	"homing/pkg/problem"
)

// NATS says where the streams live and how large they may grow.
type NATS struct {
	// URL is one server or a comma-separated list of servers of one cluster.
	URL     URL    `yaml:"url"`
	URLFile string `yaml:"url_file"`
	// CredentialsFile is a .creds file (JWT and seed); empty for none.
	CredentialsFile string `yaml:"credentials_file"`
	// NKeyFile is a file with the seed of a user's nkey; empty for none.
	NKeyFile string  `yaml:"nkey_file"`
	TLS      NATSTLS `yaml:"tls"`
	// Domain is the JetStream domain with the streams; empty: that of the server.
	Domain string `yaml:"domain"`
	// InboxPrefix is what the subjects of answers to Homing begin with.
	InboxPrefix string `yaml:"inbox_prefix"`
	Replicas    int    `yaml:"replicas"`
	// Partitions is over how many sets of streams the customers are split: a power of two.
	Partitions int     `yaml:"partitions"`
	Streams    Streams `yaml:"streams"`
	// InMemory has the streams end with the server, and cost less: for tests of long times.
	InMemory bool `yaml:"-"`
}

// NATSTLS is how the connection to NATS is secured.
type NATSTLS struct {
	TLS `yaml:",inline"`
	// First is TLS before the server says anything; it means TLS, too.
	First bool `yaml:"first"`
}

var (
	domainName  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}$`)
	inboxPrefix = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

	// subjects begin the subjects that have a meaning for Homing.
	subjects = []string{"storefront", "timeline", "schedule", "due", "rejected", "warned", "offers"}
)

// mostPartitions is bus.MostPartitions.
const mostPartitions = 64

// Validate reports an address and settings that cannot work.
func (n NATS) Validate() error {
	var l problem.List
	checkURL(&l, n.URL, natsURLs)
	if n.Replicas != 1 && n.Replicas != 3 {
		l.Add("replicas", "%d is not possible; write 1, or 3 on a cluster of three servers or more", n.Replicas)
	}
	if n.Partitions < 1 || n.Partitions > mostPartitions || n.Partitions&(n.Partitions-1) != 0 {
		l.Add("partitions", "%d is not possible; write 1, or a power of two up to %d: the 256 buckets of customers are shared equally", n.Partitions, mostPartitions)
	}
	readable(&l, "credentials_file", n.CredentialsFile)
	readable(&l, "nkey_file", n.NKeyFile)
	if n.NKeyFile != "" && n.CredentialsFile != "" {
		l.Add("nkey_file", "conflicts with credentials_file; set only one")
	}
	if n.Domain != "" && !domainName.MatchString(n.Domain) {
		l.Add("domain", "%q is not the name of a JetStream domain; it is the domain in the jetstream block of the server that has the streams", n.Domain)
	}
	first, _, _ := strings.Cut(n.InboxPrefix, ".")
	switch {
	case !inboxPrefix.MatchString(n.InboxPrefix):
		l.Add("inbox_prefix", "%q cannot begin a subject; write for example _HOMING_INBOX", n.InboxPrefix)
	case first == "_INBOX":
		l.Add("inbox_prefix", "%q is where clients of NATS get answers by default: one that may read _INBOX.> would read Homing's customers; write for example _HOMING_INBOX", n.InboxPrefix)
	case slices.Contains(subjects, first):
		l.Add("inbox_prefix", "%q begins subjects of Homing's streams; write for example _HOMING_INBOX", n.InboxPrefix)
	}
	return l.Err()
}

func readable(l *problem.List, key, path string) {
	if path == "" {
		return
	}
	if _, err := readValue(path); err != nil {
		l.Add(key, "%v", err)
	}
}
