package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"homing/pkg/gate"
	"homing/pkg/problem"
)

// Console is the web app of the role console: where it is, and who may use it.
type Console struct {
	Listen string `yaml:"listen"`
	// URL is the address people reach it by. Empty: there is no console.
	URL string `yaml:"url"`
	// MailURL is the address, on another host, under which emails are shown.
	MailURL string        `yaml:"mail_url"`
	People  ConsolePeople `yaml:"people"`
	OIDC    ConsoleOIDC   `yaml:"oidc"`
	Proxy   ConsoleProxy  `yaml:"proxy"`
	// TestsTo are who may be sent tests, apart from RecipientsAllow.
	TestsTo gate.Recipients `yaml:"tests_to"`
}

// What somebody may do in the console.
const (
	RoleViewer = "viewer"
	RoleEditor = "editor"
)

// ConsolePerson is somebody who may use the console.
type ConsolePerson struct {
	// Name is who they are in the history of the templates: no address.
	Name      string `yaml:"name"`
	Role      string `yaml:"role"`
	TokenFile string `yaml:"token_file"`
	// ProxyUser is how the proxy calls them.
	ProxyUser string `yaml:"proxy_user"`
	// Token is the content of TokenFile.
	Token Secret `yaml:"-"`
}

// ConsolePeople are all who may use the console by name.
type ConsolePeople []ConsolePerson

// ConsoleProxy is a proxy in front of the console that knows who asks.
type ConsoleProxy struct {
	// Header has the user. Empty: no proxy is trusted.
	Header string `yaml:"header"`
	// Addresses are of the proxies, alone or as networks.
	Addresses []string `yaml:"addresses"`
	// Others is what those may do who are not among the people: none or viewer.
	Others string `yaml:"others"`
}

// ConsoleOIDC is an OpenID Connect provider with which people sign in.
type ConsoleOIDC struct {
	// Issuer is the provider's address, as it says it itself. Empty: there is none.
	Issuer           string   `yaml:"issuer"`
	ClientID         string   `yaml:"client_id"`
	ClientSecretFile string   `yaml:"client_secret_file"`
	Scopes           []string `yaml:"scopes"`
	NameClaim        string   `yaml:"name_claim"`
	RolesClaim       string   `yaml:"roles_claim"`
	// Editors and Viewers are the roles that may edit, or look.
	Editors []string `yaml:"editors"`
	Viewers []string `yaml:"viewers"`
	// ClientSecret is the content of ClientSecretFile.
	ClientSecret Secret `yaml:"-"`
}

// Validate reports a provider with which nobody could sign in.
func (o ConsoleOIDC) Validate() error {
	var l problem.List
	if o.Issuer == "" {
		return nil
	}
	u, err := url.Parse(o.Issuer)
	switch {
	case err != nil || !isWebURL(o.Issuer) || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		l.Add("issuer", "%q is not the address of a provider; write what its documentation calls the issuer, for example https://login.shop.example", o.Issuer)
	case u.Scheme != "https" && !isLoopback(u.Hostname()):
		l.Add("issuer", "%q is not https, and anybody on the way could say who people are; http is for localhost only", o.Issuer)
	}
	require(&l, "client_id", o.ClientID, "write the id under which the provider knows the console; its redirect address is <console.url>/sign-in/back")
	require(&l, "roles_claim", o.RolesClaim, "name the claim that has people's roles, for example groups")
	require(&l, "name_claim", o.NameClaim, "name the claim that has people's names, for example name")
	if len(o.Editors) == 0 && len(o.Viewers) == 0 {
		l.Add("editors", "is empty, and so is viewers, so whoever signs in may do nothing; name the roles of roles_claim, or write [\"*\"] for everybody whom the provider lets sign in")
	}
	for key, roles := range map[string][]string{"editors": o.Editors, "viewers": o.Viewers, "scopes": o.Scopes} {
		if i := slices.IndexFunc(roles, func(r string) bool { return strings.TrimSpace(r) == "" }); i >= 0 {
			l.Add(fmt.Sprintf("%s[%d]", key, i), "is empty; remove it")
		}
	}
	return l.Err()
}

// OthersNone refuses whom the configuration does not name.
const OthersNone = "none"

// Validate reports addresses that cannot be listened on, or not reached safely.
func (c Console) Validate() error {
	var l problem.List
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || !isPort(port, 0) {
		l.Add("listen", "%q is not an address to listen on; write for example 127.0.0.1:8027", c.Listen)
	}
	for _, a := range []struct{ key, value, example string }{
		{"url", c.URL, "https://console.shop.example"}, {"mail_url", c.MailURL, "https://console-emails.shop.example"},
	} {
		if a.value == "" {
			continue
		}
		u, err := url.Parse(a.value)
		switch {
		case err != nil || !isWebURL(a.value) || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
			l.Add(a.key, "%q is not the address of a host; write for example %s", a.value, a.example)
		case u.Scheme != "https" && !isLoopback(u.Hostname()):
			l.Add(a.key, "%q is not https, and others on the way could sign in with what they read; http is for localhost only", a.value)
		}
	}
	switch {
	case c.URL == "" || l.Err() != nil:
		return l.Err()
	case c.MailURL == "":
		l.Add("mail_url", "is empty; emails are shown on a host of their own, so that nothing in one can touch the console: "+
			"give it a second name, such as https://console-emails.shop.example, and lead it to the same port")
	case host(c.MailURL) == host(c.URL):
		l.Add("mail_url", "has the host of console.url; emails are shown on another host, so that nothing in one can touch the console")
	}
	if len(c.People) == 0 && c.OIDC.Issuer == "" && (c.Proxy.Header == "" || c.Proxy.Others == OthersNone) {
		l.Add("people", "is empty, so nobody may use the console; an entry has a name, a role and a token_file. Or name a provider under console.oidc")
	}
	for i, p := range c.People {
		if p.ProxyUser != "" && c.Proxy.Header == "" {
			l.Add(fmt.Sprintf("people[%d].proxy_user", i), "is never seen: proxy.header is empty")
		}
	}
	return l.Err()
}

// host is that of an address that was found to be one.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// Validate reports people who are not told apart, or could not sign in.
func (people ConsolePeople) Validate() error {
	var l problem.List
	for i, p := range people {
		at := fmt.Sprintf("[%d]", i)
		same := func(of func(ConsolePerson) string) bool {
			return of(p) != "" && slices.ContainsFunc(people[:i], func(o ConsolePerson) bool { return of(o) == of(p) })
		}
		switch {
		case strings.TrimSpace(p.Name) == "" || len(p.Name) > 100:
			l.Add(at+".name", "is empty or longer than 100 bytes; the history of the templates says by it who published")
		case strings.ContainsAny(p.Name, "@\n\r\t"):
			l.Add(at+".name", "is not a name: it is kept for ever in the history of the templates, so no address, please")
		case same(func(o ConsolePerson) string { return o.Name }):
			l.Add(at+".name", "%q is there twice", p.Name)
		}
		if p.Role != RoleViewer && p.Role != RoleEditor {
			l.Add(at+".role", "%q is not one of %s, %s", p.Role, RoleViewer, RoleEditor)
		}
		switch {
		case p.TokenFile == "" && p.ProxyUser == "":
			l.Add(at+".token_file", "is empty; name the file with the token that they sign in with, or say with proxy_user how the proxy calls them")
		case same(func(o ConsolePerson) string { return o.Token.Reveal() }):
			l.Add(at+".token_file", "has the token of somebody else; make one for each with: openssl rand -base64 32")
		case same(func(o ConsolePerson) string { return o.ProxyUser }):
			l.Add(at+".proxy_user", "is there twice")
		}
		if err := problem.Under(at+".token_file", p.Token.Validate()); err != nil {
			l = append(l, err)
		}
	}
	return l.Err()
}

// Validate reports a proxy that anybody could pretend to be.
func (p ConsoleProxy) Validate() error {
	var l problem.List
	if strings.ContainsAny(p.Header, " :\r\n\t") {
		l.Add("header", "%q is not the name of a header; write for example X-Forwarded-User", p.Header)
	}
	if p.Header != "" && len(p.Addresses) == 0 {
		l.Add("addresses", "is empty; name the proxies that may say who asks, as in 127.0.0.1 or 10.0.0.0/8: anybody else could write the header")
	}
	if _, err := p.Networks(); err != nil {
		l.Add("addresses", "%v", err)
	}
	if p.Others != OthersNone && p.Others != RoleViewer {
		l.Add("others", "%q is not one of %s, %s", p.Others, OthersNone, RoleViewer)
	}
	return l.Err()
}

// Networks returns the addresses of the proxies.
func (p ConsoleProxy) Networks() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range p.Addresses {
		if a, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network; write for example 10.0.0.7 or 10.0.0.0/8", text)
		}
		out = append(out, n.Masked())
	}
	return out, nil
}
