package connect

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/nats-io/nats.go"
)

// Trouble says in words why there is no connection to NATS, and what to look at.
func Trouble(err error) string {
	for _, t := range troubles {
		if t.is(err) {
			return t.words
		}
	}
	text := err.Error()
	for _, t := range said {
		if strings.Contains(text, t.part) {
			return t.words
		}
	}
	return "it cannot be reached"
}

// troubles are looked at in their order: the first that fits is said.
var troubles = []struct {
	is    func(error) bool
	words string
}{
	{is[x509.UnknownAuthorityError], "its certificate is from an authority that is not trusted here; name it in nats.tls.ca_file"},
	{is[x509.HostnameError], "its certificate is for another name than the one in nats.url"},
	{is[x509.CertificateInvalidError], "its certificate has expired or may not be used for this"},
	{is[tls.RecordHeaderError], "it does not speak TLS at once; it has no handshake_first, so nats.tls.first has to be false"},
	{oneOf(nats.ErrSecureConnRequired), "it demands TLS; write tls:// in nats.url, or set nats.tls"},
	{oneOf(nats.ErrSecureConnWanted), "it has no TLS, and nats.url or nats.tls asks for it"},
	{oneOf(nats.ErrAuthExpired, nats.ErrAccountAuthExpired), "our credentials have expired; renew them (nats.credentials_file)"},
	{oneOf(nats.ErrAuthRevoked), "our credentials were revoked; replace them (nats.credentials_file)"},
	{oneOf(nats.ErrAuthorization), "it does not let us in: check user and password in nats.url, nats.credentials_file or nats.nkey_file"},
	{oneOf(nats.ErrNkeysNotSupported, nats.ErrNoUserCB), "it does not let us in: check nats.credentials_file and nats.nkey_file"},
	{oneOf(nats.ErrMaxConnectionsExceeded, nats.ErrMaxAccountConnectionsExceeded), "it has as many connections as it takes"},
	{is[*net.DNSError], "its name is not known; check nats.url"},
	{oneOf(syscall.ECONNREFUSED, nats.ErrNoServers), "nothing listens there: NATS is not running, or nats.url is wrong"},
	{oneOf(syscall.EHOSTUNREACH, syscall.ENETUNREACH), "there is no way to it in the network"},
	{readTimeout, "something answers there and does not speak NATS; where the server has TLS first (handshake_first), nats.tls.first has to be true"},
	{oneOf(os.ErrDeadlineExceeded, nats.ErrTimeout), "it does not answer"},
	{oneOf(io.EOF, syscall.ECONNRESET, nats.ErrStaleConnection), "it closed the connection, or was lost"},
}

// said are troubles that nats.go has no value for.
var said = []struct{ part, words string }{
	{"certificate required", "it asks for a certificate of ours; set nats.tls.cert_file and key_file"},
	{"bad certificate", "it does not take our certificate; check nats.tls.cert_file"},
	{"unknown certificate authority", "it does not know the authority of our certificate; check nats.tls.cert_file"},
	{"connection refused", "nothing listens there: NATS is not running, or nats.url is wrong"},
	{"i/o timeout", "it does not answer"},
}

func is[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

func oneOf(these ...error) func(error) bool {
	return func(err error) bool {
		for _, e := range these {
			if errors.Is(err, e) {
				return true
			}
		}
		return false
	}
}

// readTimeout is somebody who took the connection and said nothing.
func readTimeout(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "read" && op.Timeout()
}
