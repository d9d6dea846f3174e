package examine

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"homing/pkg/doctor"
	"homing/pkg/programme"
)

// channels are connected to at the same time, and are sent nothing: an endpoint need not
// understand any request but a signed message, which would be one.
func (x *examiner) channels(ctx context.Context) []doctor.Finding {
	type endpoint struct{ name, url string }
	of := map[endpoint][]string{}
	for _, id := range programme.StoreNames(x.o.Config) {
		for name, c := range x.o.Config.Stores[id].Channels {
			e := endpoint{name, c.Endpoint()}
			of[e] = append(of[e], id)
		}
	}
	sorted := slices.SortedFunc(maps.Keys(of), func(a, b endpoint) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.url, b.url)) })
	facts := make([]doctor.ChannelFacts, len(sorted))
	var all sync.WaitGroup
	for i, e := range sorted {
		all.Go(func() {
			facts[i] = reach(ctx, e.url, x.o.Roots)
			facts[i].Name, facts[i].Stores = e.name, of[e]
		})
	}
	all.Wait()
	return doctor.JudgeChannels(facts, time.Now())
}

// reach connects to an endpoint, as far as TLS goes. What it returns has nothing of the
// address but the host: the path may be a secret.
func reach(ctx context.Context, address string, roots *x509.CertPool) (f doctor.ChannelFacts) {
	u, err := url.Parse(address)
	if err != nil {
		return doctor.ChannelFacts{Err: "the address cannot be read", Advice: "correct its url under channels"}
	}
	port := map[string]string{"https": "443"}[u.Scheme]
	f.TLS, f.Near = u.Scheme == "https", near(u.Hostname())
	f.Host = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port, "80"))
	if by, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && by != nil {
		f.Proxy = by.Host
		return f
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", f.Host)
	if err == nil {
		defer func() { _ = conn.Close() }()
		if f.TLS {
			over := tls.Client(conn, &tls.Config{ServerName: u.Hostname(), RootCAs: roots, NextProtos: []string{"h2", "http/1.1"}})
			if err = over.HandshakeContext(ctx); err == nil {
				f.Certificate = over.ConnectionState().PeerCertificates[0].NotAfter
			}
		}
	}
	if err != nil {
		f.Err, f.Advice = channelTrouble(err)
	}
	return f
}

// channelTrouble says why there is no connection to an endpoint, and what to do.
func channelTrouble(err error) (text, do string) {
	text, do = certificateTrouble(err, "add the authority's certificate to those of the system, on each machine, or name its file in SSL_CERT_FILE", "write the name in its url for which its certificate is")
	if text != "" {
		return text, do
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is {
		return "it does not speak TLS", "write http+insecure:// in its url if it is on this machine or network; else have it speak TLS"
	}
	if name, is := errors.AsType[*net.DNSError](err); is {
		return fmt.Sprintf("the name %s cannot be found", name.Name), "correct its url, or publish the name in the DNS that this machine asks"
	}
	if timeout, is := errors.AsType[net.Error](err); is && timeout.Timeout() {
		return "no answer in time", "let firewalls and network policies pass what goes to it (extraEgress of the chart), or see whether it is up"
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "nothing listens there", "start the endpoint, or correct the port in its url"
	}
	return strings.TrimSpace(words(err)), "see whether it is up, and its log"
}
