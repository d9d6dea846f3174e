package examine

import (
	"context"
	"errors"
	"maps"
	"net"
	netmail "net/mail"
	"os"
	"slices"
	"strings"
	"sync"

	"blitiri.com.ar/go/spf"
	"golang.org/x/net/publicsuffix"

	"homing/pkg/config"
	"homing/pkg/doctor"
	"homing/pkg/mailer"
)

// A Resolver asks DNS. *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// At returns a resolver that asks one server, host:port; empty: those of the system.
func At(server string) Resolver {
	if server == "" {
		return net.DefaultResolver
	}
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(strings.Trim(server, "[]"), "53")
	}
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server)
	}}
}

// dns asks about all stores at the same time.
func (x *examiner) dns(ctx context.Context) []doctor.Finding {
	r := &remembering{Resolver: x.o.Resolver}
	ids := slices.Sorted(maps.Keys(x.o.Config.Stores))
	found := make([][]doctor.Finding, len(ids))
	var all sync.WaitGroup
	for i, id := range ids {
		all.Go(func() { found[i] = x.sender(ctx, r, x.o.Config.Stores[id]) })
	}
	all.Wait()
	if len(ids) == 0 {
		return []doctor.Finding{doctor.NotLooked(doctor.DNS, "no store is configured")}
	}
	return slices.Concat(found...)
}

func (x *examiner) sender(ctx context.Context, r Resolver, s config.Store) []doctor.Finding {
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return nil // refused before
	}
	out := doctor.Sender{Store: s.ID, Provider: s.SMTP.Provider, Registered: Registered}
	_, out.From, _ = strings.Cut(from.Address, "@")
	if _, out.ReturnPath, out.Own = strings.Cut(s.SMTP.ReturnPath, "@"); !out.Own {
		out.ReturnPath = out.From
	}
	out.SPF = x.spf(ctx, r, s.ID, out.ReturnPath)
	if s.DKIM.KeyFile != "" {
		out.DKIM = doctor.DKIMFacts{Domain: s.DKIM.Domain, Selector: s.DKIM.Selector, Answer: txt(ctx, r, s.DKIM.Selector+"._domainkey."+s.DKIM.Domain)}
		if pem, err := os.ReadFile(s.DKIM.KeyFile); err == nil {
			out.DKIM.Public, _ = mailer.Public(pem) // a key that cannot be read was refused before
		}
	}
	out.DMARC = dmarc(ctx, r, out.From)
	out.Mail = takesMail(ctx, r, out.ReturnPath)
	return doctor.JudgeSender(out)
}

// Registered returns the part of a domain that somebody registered: "shop.example" of
// "bounces.shop.example".
func Registered(domain string) string {
	domain = strings.TrimSuffix(strings.ToLower(domain), ".")
	if d, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return d
	}
	return domain
}

// dmarc is the record of a domain, or else that of the registered one above it.
func dmarc(ctx context.Context, r Resolver, domain string) doctor.DMARCFacts {
	f := doctor.DMARCFacts{At: domain, Answer: txt(ctx, r, "_dmarc."+domain)}
	if above := Registered(domain); len(f.Answer.Records) == 0 && f.Answer.Err == "" && above != domain {
		f = doctor.DMARCFacts{At: above, Answer: txt(ctx, r, "_dmarc."+above)}
	}
	return f
}

func takesMail(ctx context.Context, r Resolver, domain string) doctor.Answer {
	mx, err := r.LookupMX(ctx, domain)
	if len(mx) > 0 {
		var a doctor.Answer
		for _, m := range mx {
			host := strings.TrimSuffix(m.Host, ".")
			if host == "" {
				host = "."
			}
			a.Records = append(a.Records, host)
		}
		return a
	}
	if !nothing(err) {
		return doctor.Answer{Err: dnsWords(err)}
	}
	hosts, err := r.LookupIPAddr(ctx, domain) // RFC 5321, section 5.1
	switch {
	case len(hosts) > 0:
		return doctor.Answer{Records: []string{domain + " itself"}}
	case !nothing(err):
		return doctor.Answer{Err: dnsWords(err)}
	}
	return doctor.Answer{}
}

func txt(ctx context.Context, r Resolver, name string) doctor.Answer {
	records, err := r.LookupTXT(ctx, name)
	if !nothing(err) {
		return doctor.Answer{Err: dnsWords(err)}
	}
	return doctor.Answer{Records: records}
}

// dnsWords are an error's without the name of a server that was not asked.
func dnsWords(err error) string {
	d, is := errors.AsType[*net.DNSError](err)
	switch {
	case is && d.IsTimeout:
		return "DNS did not answer in time"
	case is:
		return "DNS does not answer (" + d.Err + ")"
	}
	return words(err)
}

// nothing reports whether DNS said that there is nothing of a name, or had no trouble.
func nothing(err error) bool {
	d, is := errors.AsType[*net.DNSError](err)
	return err == nil || is && d.IsNotFound
}

const (
	// someone is an address on the internet that nobody sends from: RFC 5737.
	someone = "203.0.113.77"
	// mostTried bounds how many lookups of a record are counted.
	mostTried = 40
)

// spf evaluates the record of a domain as receivers do (RFC 7208).
func (x *examiner) spf(ctx context.Context, r Resolver, store, domain string) (f doctor.SPFFacts) {
	f.Answer = txt(ctx, r, domain)
	f.Answer.Records = slices.DeleteFunc(slices.Clone(f.Answer.Records), func(t string) bool { return t != "v=spf1" && !strings.HasPrefix(t, "v=spf1 ") })
	addresses := x.addresses(ctx, r, store)
	f.Told = len(x.o.SendsFrom) > 0
	if len(f.Answer.Records) == 0 || f.Answer.Err != "" {
		for _, a := range addresses {
			f.Allowed = append(f.Allowed, doctor.Allowed{Address: a.String(), Result: "none"})
		}
		return f
	}
	ask := func(ip net.IP, limit, void uint) (spf.Result, error) {
		return spf.CheckHostWithSender(ip, domain, "postmaster@"+domain, spf.WithContext(ctx), spf.WithResolver(r), spf.OverrideLookupLimit(limit), spf.OverrideVoidLookupLimit(void))
	}
	// One that the record says nothing about is followed to its end.
	for limit := uint(0); limit <= mostTried; limit++ {
		f.Lookups = int(limit)
		result, err := ask(net.ParseIP(someone), limit, mostTried)
		switch {
		case errors.Is(err, spf.ErrLookupLimitReached):
			continue
		case result == spf.TempError:
			f.Answer.Err = dnsWords(err)
		case result == spf.PermError:
			f.Broken = words(err)
		}
		f.Anybody = result == spf.Pass
		break
	}
	for _, a := range addresses {
		result, err := ask(a, doctor.MostLookups, 2)
		if result == spf.TempError {
			f.Answer.Err = dnsWords(err)
		}
		f.Allowed = append(f.Allowed, doctor.Allowed{Address: a.String(), Result: string(result)})
	}
	return f
}

// addresses are those on the internet that a store's emails leave from, as far as they are
// known.
func (x *examiner) addresses(ctx context.Context, r Resolver, store string) (out []net.IP) {
	for _, a := range x.o.SendsFrom {
		out = append(out, a.AsSlice())
	}
	relay := x.o.Relays[store]
	if out != nil || relay == nil {
		return out
	}
	hosts := []net.IPAddr{{IP: net.ParseIP(relay.Host())}}
	if hosts[0].IP == nil {
		hosts, _ = r.LookupIPAddr(ctx, relay.Host()) // without an answer they are not known
	}
	for _, h := range hosts {
		if !h.IP.IsLoopback() && !h.IP.IsPrivate() && !h.IP.IsLinkLocalUnicast() {
			out = append(out, h.IP)
		}
	}
	return out
}

// remembering asks each question once: a record is evaluated many times.
type remembering struct {
	Resolver
	txt   answers[[]string]
	mx    answers[[]*net.MX]
	hosts answers[[]net.IPAddr]
}

// LookupTXT implements Resolver.
func (r *remembering) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return r.txt.to(ctx, name, r.Resolver.LookupTXT)
}

// LookupMX implements Resolver.
func (r *remembering) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return r.mx.to(ctx, name, r.Resolver.LookupMX)
}

// LookupIPAddr implements Resolver.
func (r *remembering) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	return r.hosts.to(ctx, host, r.Resolver.LookupIPAddr)
}

// answers are those to questions of one kind, by name.
type answers[T any] struct{ known sync.Map }

func (a *answers[T]) to(ctx context.Context, name string, ask func(context.Context, string) (T, error)) (T, error) {
	once, _ := a.known.LoadOrStore(name, sync.OnceValues(func() (T, error) { return ask(ctx, name) }))
	return once.(func() (T, error))()
}
