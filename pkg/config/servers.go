package config

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/problem"
	"homing/pkg/returnpath"
)

var (
	natsURLs  = []string{"nats", "tls", "ws", "wss"}
	redisURLs = []string{"redis", "rediss", "redis+sentinel", "redis+cluster"}
	smtpURLs  = []string{"smtp", "smtps", "smtp+insecure"}

	plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?$`)
	hostLabel = regexp.MustCompile(`^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?$`)
)

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

// Validate reports limits that would lose what is still being worked on.
func (s StreamLimits) Validate() error {
	var l problem.List
	if s.MaxAge < 0 || s.MaxAge > 0 && s.MaxAge < time.Hour {
		l.Add("max_age", "%s is less than an hour; 0s means no limit", localtime.FormatDuration(s.MaxAge))
	}
	if s.MaxBytes < 0 || s.MaxBytes > 0 && s.MaxBytes < 1<<20 {
		l.Add("max_bytes", "%v is less than 1MiB; 0 means no limit", s.MaxBytes)
	}
	return l.Err()
}

// Redis says where the projections live.
type Redis struct {
	URL     URL    `yaml:"url"`
	URLFile string `yaml:"url_file"`
	TLS     TLS    `yaml:"tls"`
}

// Validate reports an address that cannot work.
func (r Redis) Validate() error {
	var l problem.List
	checkURL(&l, r.URL, redisURLs)
	return l.Err()
}

// SMTP is the relay that email leaves through.
type SMTP struct {
	URL     URL    `yaml:"url"`
	URLFile string `yaml:"url_file"`
	// Connections is how many connections one process keeps open to the relay.
	Connections int `yaml:"connections"`
	// MailsPerConnection is after how many emails a connection is replaced. 0: 100, or
	// 10 where the greeting names Exim.
	MailsPerConnection int `yaml:"mails_per_connection"`
	// GreetingTimeout is how long the relay may take for its first word.
	GreetingTimeout time.Duration `yaml:"greeting_timeout"`
	// CAFile has certificates that are trusted as well as the system's.
	CAFile string `yaml:"ca_file"`
	// ReturnPath is the form of the envelope senders, an address with a * (see
	// pkg/returnpath). Empty: bounces go to the store's from.
	ReturnPath string `yaml:"return_path"`
	// Provider is whose relay it is, if it reports what became of an email by a webhook
	// (see returnpath.Providers). Empty: somebody's who doesn't.
	Provider string `yaml:"provider"`
}

// Validate reports addresses that cannot work, and too many connections.
func (s SMTP) Validate() error {
	var l problem.List
	checkURL(&l, s.URL, smtpURLs)
	if s.Connections < 1 || s.Connections > 1000 {
		l.Add("connections", "%d is not between 1 and 1000", s.Connections)
	}
	if s.MailsPerConnection < 0 {
		l.Add("mails_per_connection", "%d is less than 0; 0 means 100, or 10 with Exim", s.MailsPerConnection)
	}
	if s.GreetingTimeout < time.Second || s.GreetingTimeout > 5*time.Minute {
		l.Add("greeting_timeout", "%s is not between 1s and 5m", localtime.FormatDuration(s.GreetingTimeout))
	}
	if s.CAFile != "" {
		if pem, err := readLimited(s.CAFile); err != nil {
			l.Add("ca_file", "%v", err)
		} else if !x509.NewCertPool().AppendCertsFromPEM(pem) {
			l.Add("ca_file", "%s has no certificate in PEM form", s.CAFile)
		}
	}
	if s.Provider != "" && !slices.Contains(returnpath.Providers, s.Provider) {
		l.Add("provider", "%q is not one of %s; leave it empty for any other relay", s.Provider, strings.Join(returnpath.Providers, ", "))
	}
	if s.ReturnPath != "" {
		_, domain, _ := strings.Cut(s.ReturnPath, "@")
		if fault := returnpath.Fault(s.ReturnPath); fault != "" {
			l.Add("return_path", "%q %s", s.ReturnPath, fault)
		} else if !isHost(domain) {
			l.Add("return_path", "%q has no domain, or not a valid one", s.ReturnPath)
		}
	}
	return l.Err()
}

// HTTP is the address of health and metrics, and those of the gateway.
type HTTP struct {
	Listen string `yaml:"listen"`
	// Gateway is where the role gateway listens.
	Gateway string `yaml:"gateway"`
	// PublicURL is the address recipients reach the gateway by. Empty: none, and
	// so no marketing email.
	PublicURL string `yaml:"public_url"`
	// TrustedProxies are the addresses and networks in front of the gateway.
	TrustedProxies []string `yaml:"trusted_proxies"`
}

// Proxies are the networks of the proxies in front of the gateway.
func (h HTTP) Proxies() (out []netip.Prefix) {
	for _, text := range h.TrustedProxies {
		if p, err := network(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// network reads an address, or a network like 10.0.0.0/8.
func network(text string) (netip.Prefix, error) {
	if at, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(at.Unmap(), at.Unmap().BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// Validate reports addresses that cannot be listened on, or not reached safely.
func (h HTTP) Validate() error {
	var l problem.List
	for _, a := range []struct{ key, value, example string }{
		{"listen", h.Listen, "127.0.0.1:8080"}, {"gateway", h.Gateway, "127.0.0.1:8081"},
	} {
		if _, port, err := net.SplitHostPort(a.value); err != nil || !isPort(port, 0) {
			l.Add(a.key, "%q is not an address to listen on; write for example %s", a.value, a.example)
		}
	}
	if h.Gateway == h.Listen && !strings.HasSuffix(h.Listen, ":0") {
		l.Add("gateway", "%q is the address of http.listen, too; health and metrics are not for the public", h.Gateway)
	}
	for i, text := range h.TrustedProxies {
		if _, err := network(text); err != nil {
			l.Add(fmt.Sprintf("trusted_proxies[%d]", i), "%q is neither an address nor a network; write for example 127.0.0.1 or 10.0.0.0/8", text)
		}
	}
	if h.PublicURL == "" {
		return l.Err()
	}
	u, err := url.Parse(h.PublicURL)
	switch {
	case err != nil || !isWebURL(h.PublicURL):
		l.Add("public_url", "%q is not an absolute address; write for example https://mail.shop.example", h.PublicURL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || !plainPath.MatchString(u.EscapedPath()):
		l.Add("public_url", "links begin with it, so it may have a plain path, but no user, query or fragment; "+
			"write for example https://mail.shop.example")
	case u.Scheme != "https" && !isLoopback(u.Hostname()):
		l.Add("public_url", "%q is not https, and mailbox providers ignore any other unsubscribe link; http is for localhost only", h.PublicURL)
	}
	return l.Err()
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func checkURL(l *problem.List, u URL, schemes []string) {
	if text := urlFault(u, schemes); text != "" {
		l.Add("url", "%s", text)
	}
}

// urlFault says what is wrong with the address of a server; empty if nothing is. It
// never shows a password, nor what might be one.
func urlFault(u URL, schemes []string) string {
	if u == "" {
		return "is empty; write for example " + schemes[0] + "://host"
	}
	shown := strconv.Quote(u.String())
	for _, one := range u.split() {
		scheme, rest, found := strings.Cut(strings.TrimSpace(one), "://")
		if !found || !slices.Contains(schemes, scheme) {
			return shown + " does not begin with one of " + strings.Join(schemes, "://, ") + "://"
		}
		authority, _, _ := strings.Cut(rest, "/")
		authority, _, _ = strings.Cut(authority, "?")
		if !strings.Contains(authority, "@") && strings.Contains(rest, "@") {
			return shown + " cannot be read; a password with /, ?, # or @ in it must be percent-encoded"
		}
		hosts := strings.Split(authority[strings.LastIndex(authority, "@")+1:], ",")
		if len(hosts) > 1 && slices.Contains(smtpURLs, scheme) {
			return shown + " names more than one host; put one name with several addresses in DNS"
		}
		for _, host := range hosts {
			if h, port, err := net.SplitHostPort(host); err == nil {
				if !isPort(port, 1) {
					return shown + " has a port that is not between 1 and 65535"
				}
				host = h
			}
			if host = strings.Trim(host, "[]"); !isHost(host) && net.ParseIP(host) == nil {
				return shown + " has no host, or not a valid one"
			}
		}
	}
	return ""
}

func isPort(s string, least int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= least && n <= 65535
}

func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != ""
}

func isHost(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	return true
}
