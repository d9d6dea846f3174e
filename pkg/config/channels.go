package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/problem"
	"homing/pkg/stdwebhook"
	"homing/pkg/suggest"
)

// A Channel is a way other than email for messages to go: a signed request to an endpoint of
// the shop's, which sends a text message, prints a letter, or whatever else.
type Channel struct {
	// URL is the endpoint, https:// or http+insecure://.
	URL URL `yaml:"url"`
	// SecretFile has the secret that requests are signed with, or several, one a line.
	SecretFile string `yaml:"secret_file"`
	// Secret is its content.
	Secret Secret `yaml:"-"`
	// Consent says who may be sent marketing: gate.Explicit, or ConsentEmail.
	Consent string `yaml:"consent"`
	// Fields are what of the customer the request says, in addition to the id.
	Fields []string `yaml:"fields"`
	// Timeout is how long the endpoint may take for its answer.
	Timeout time.Duration `yaml:"timeout"`
	// Connections is how many requests one process makes at a time.
	Connections int `yaml:"connections"`
	// PerSecond is how many requests all replicas make; 0: any number.
	PerSecond float64 `yaml:"per_second"`
}

// ConsentEmail lets those be sent marketing by a channel who may be sent it by email.
const ConsentEmail = "email"

// SetDefault makes requests that most endpoints can take.
func (c *Channel) SetDefault() {
	*c = Channel{Consent: gate.Explicit, Timeout: 10 * time.Second, Connections: 8, PerSecond: 10}
}

// ChannelFields are what Fields may name.
var ChannelFields = []string{"email", "first_name", "last_name", "locale", "country", "time_zone", "birthday"}

// Keys returns the keys that requests are signed with. Its error does not show them.
func (c Channel) Keys() (keys [][]byte, err error) {
	for _, s := range (Webhooks{Secret: c.Secret}).Secrets() {
		k, err := stdwebhook.Key(s)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// schemeInsecure is that of endpoints without TLS.
const schemeInsecure = "http+insecure"

// Endpoint is the address that requests are made to.
func (c Channel) Endpoint() string {
	if rest, insecure := strings.CutPrefix(c.URL.Reveal(), schemeInsecure+"://"); insecure {
		return "http://" + rest
	}
	return c.URL.Reveal()
}

// Validate reports what no request could be made with.
func (c Channel) Validate() error {
	var l problem.List
	c.checkURL(&l)
	switch keys, err := c.Keys(); {
	case c.SecretFile == "" && c.Secret == "":
		l.Add("secret_file", "is empty; name the file with the secret that requests are signed with; make one with: echo whsec_$(openssl rand -base64 32)")
	case err != nil:
		l.Add("secret_file", "%v", err)
	case len(keys) == 0 || len(keys) > 2:
		l.Add("secret_file", "has %d secrets; write one, or two, one a line, while one replaces the other", len(keys))
	}
	if c.Consent != gate.Explicit && c.Consent != ConsentEmail {
		l.Add("consent", "%q is not one of %s, %s", c.Consent, gate.Explicit, ConsentEmail)
	}
	for i, f := range c.Fields {
		at := fmt.Sprintf("fields[%d]", i)
		switch near := suggest.Nearest(f, ChannelFields); {
		case slices.Contains(c.Fields[:i], f):
			l.Add(at, "%q is listed twice", f)
		case slices.Contains(ChannelFields, f):
		case near != "":
			l.Add(at, "%q is not known; %s", f, didYouMean(near))
		default:
			l.Add(at, "%q is not one of %s", f, strings.Join(ChannelFields, ", "))
		}
	}
	if c.Timeout < time.Second || c.Timeout > time.Minute {
		l.Add("timeout", "%s is not between 1s and 1m", localtime.FormatDuration(c.Timeout))
	}
	if c.Connections < 1 || c.Connections > 1000 {
		l.Add("connections", "%d is not between 1 and 1000", c.Connections)
	}
	if c.PerSecond < 0 {
		l.Add("per_second", "%v is less than 0; 0 is unlimited", c.PerSecond)
	}
	return l.Err()
}

// checkURL never shows the address: one in the wrong form may have a password anywhere.
func (c Channel) checkURL(l *problem.List) {
	u, err := url.Parse(c.URL.Reveal())
	switch {
	case c.URL == "":
		l.Add("url", "is empty; write the address that requests are made to, such as https://sms.shop.example/homing")
	case err != nil:
		l.Add("url", "cannot be read as an address; write for example https://sms.shop.example/homing")
	case u.Scheme != "https" && u.Scheme != schemeInsecure:
		l.Add("url", "does not begin with https://, or with %s:// for an endpoint on this machine or network", schemeInsecure)
	case !isHost(u.Hostname()) && net.ParseIP(u.Hostname()) == nil:
		l.Add("url", "has no host, or not a valid one")
	case u.User != nil:
		l.Add("url", "has a user or password; requests are signed with secret_file, so leave it out")
	case u.Fragment != "":
		l.Add("url", "has a part after #, which is never sent; leave it out")
	}
}

// Channels are by name.
type Channels map[string]Channel

// channelName leaves room for events.ScopeChannel in a scope.
var channelName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,23}$`)

// Validate reports names that cannot be unsubscribed from, and what is wrong with channels.
func (c Channels) Validate() error {
	var l problem.List
	for _, name := range slices.Sorted(maps.Keys(c)) {
		switch {
		case name == "email":
			l.Add(name, "is what a worker without a channel goes by; choose another name")
		case !channelName.MatchString(name):
			l.Add(name, "%q is not the name of a channel; use 1 to 24 of a-z, 0-9 and -, a letter first", name)
		}
		if err := problem.Under(name, c[name].Validate()); err != nil {
			l = append(l, err)
		}
	}
	return l.Err()
}

// readChannels reads the secrets of channels, but of those that are as inherited.
func (d *decoder) readChannels(at node, channels, inherited Channels) {
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		c := channels[name]
		if old, same := inherited[name]; same && old.SecretFile == c.SecretFile {
			continue
		}
		file := c.SecretFile
		c.Secret = ""
		d.readFile(node{file: at.file, path: join(at.path, "channels."+name+".secret_file")}, &file, (*string)(&c.Secret))
		channels[name] = c
	}
}
