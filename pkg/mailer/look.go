package mailer

import (
	"context"
	"crypto"
	"errors"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// A Look is what a relay says until it is ready for an email.
type Look struct {
	Security string            // STARTTLS, TLS, or "" for none
	Offers   map[string]string // of the extensions that were asked about, with their parameters
	// Certificate is when the relay's own one ends; zero: it showed none.
	Certificate time.Time
}

// User reports whether somebody logs in at the relay.
func (r *Relay) User() bool { return r.target.user != "" }

// Host is the relay's name or address, without the port.
func (r *Relay) Host() string { return r.target.host }

// Look makes a connection ready for an email, logged in where the URL has a user, and says
// goodbye. No email is sent. Its error is a *Failure.
func (r *Relay) Look(ctx context.Context, extensions []string) (Look, error) {
	s, f := r.connect(ctx, nil)
	if f != nil {
		return Look{}, f
	}
	defer s.quit()
	l := Look{Offers: map[string]string{}}
	for _, name := range extensions {
		if ok, parameters := s.client.Extension(name); ok {
			l.Offers[name] = parameters
		}
	}
	state, encrypted := s.client.TLSConnectionState()
	switch {
	case s.tls != nil:
		l.Security, state = "TLS", s.tls.ConnectionState()
	case encrypted:
		l.Security = "STARTTLS"
	}
	if len(state.PeerCertificates) > 0 {
		l.Certificate = state.PeerCertificates[0].NotAfter
	}
	return l, nil
}

// Public returns the public half of a DKIM key in PEM.
func Public(pemKey []byte) (crypto.PublicKey, error) {
	key, err := gomail.PrivKeyFromPEM(pemKey)
	if err != nil {
		return nil, errors.New("mailer: the DKIM key is not an RSA or ed25519 private key in PEM")
	}
	return key.Public(), nil
}
