package config

import (
	"crypto/tls"
	"crypto/x509"

	"homing/pkg/problem"
)

// TLS is how a connection is secured: any of it means TLS, whatever the scheme of the
// address.
type TLS struct {
	// CAFile has the certificates of the authorities that are trusted instead of the
	// system's.
	CAFile   string `yaml:"ca_file"`
	CertFile string `yaml:"cert_file"` // our own, with KeyFile
	KeyFile  string `yaml:"key_file"`
}

// Validate reports files that cannot be used.
func (t TLS) Validate() error {
	var l problem.List
	if t.CAFile != "" {
		switch pem, err := readLimited(t.CAFile); {
		case err != nil:
			l.Add("ca_file", "%v", err)
		case !x509.NewCertPool().AppendCertsFromPEM(pem):
			l.Add("ca_file", "%s has no certificate in PEM", t.CAFile)
		}
	}
	switch {
	case t.CertFile == "" && t.KeyFile != "":
		l.Add("cert_file", "is empty, and key_file is not; name the certificate of that key")
	case t.CertFile != "" && t.KeyFile == "":
		l.Add("key_file", "is empty, and cert_file is not; name the key of that certificate")
	case t.CertFile != "":
		if _, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile); err != nil {
			l.Add("cert_file", "cannot be used with key_file: %v", err)
		}
	}
	return l.Err()
}

// Any reports whether anything of it is set.
func (t TLS) Any() bool { return t != TLS{} }
