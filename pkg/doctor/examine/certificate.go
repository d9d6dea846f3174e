package examine

import (
	"crypto/x509"
	"errors"
	"time"
)

// certificateTrouble says what is wrong with a server's certificate, and what to do; empty: it
// is something else. authority is what to do about one of an authority that is not trusted,
// and name about one that is for another name.
func certificateTrouble(err error, authority, name string) (text, do string) {
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return "its certificate is of an authority that is not trusted here", authority
	}
	if host, is := errors.AsType[x509.HostnameError](err); is {
		return "its certificate is not for " + host.Host, name
	}
	if bad, is := errors.AsType[x509.CertificateInvalidError](err); is && bad.Reason == x509.Expired && bad.Cert != nil {
		return "its certificate ended on " + bad.Cert.NotAfter.UTC().Format(time.DateOnly), "renew it"
	}
	return "", ""
}
