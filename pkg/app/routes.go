package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/customer"
	"homing/pkg/mailer"
	"homing/pkg/programme"
	"homing/pkg/returnpath"
)

// route is what a store's emails leave by.
type route struct {
	dkim  *mailer.DKIM // nil: unsigned
	relay *mailer.Relay
}

// openRoutes reads the keys and makes the relays of all stores. Stores that name the
// same relay share its connections.
func openRoutes(c *config.Config, dial connect.Dialer, watch relayWatch, log *zap.Logger) (map[string]route, error) {
	out, relays := map[string]route{}, map[string]*mailer.Relay{}
	var errs []error
	for _, id := range programme.StoreNames(c) {
		r, s := route{}, c.Stores[id]
		err := r.readKey(s.DKIM)
		url := s.SMTP.URL.Reveal()
		if relays[url] == nil && err == nil {
			relays[url], err = openRelay(s.SMTP, dial, watch, log.Named("smtp"))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("stores.%s: %w", id, err))
			continue
		}
		r.relay = relays[url]
		out[id] = r
	}
	return out, errors.Join(errs...)
}

func openRelay(c config.SMTP, dial connect.Dialer, watch relayWatch, log *zap.Logger) (*mailer.Relay, error) {
	roots, err := trusted(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("smtp.ca_file: %w", err)
	}
	relay, err := mailer.New(mailer.Options{
		URL: c.URL.Reveal(), Connections: c.Connections, MaxPerConnection: c.MailsPerConnection, GreetingTimeout: c.GreetingTimeout,
		TLSConfig: roots, Dial: dial, Dialled: watch.dialled, Took: watch.took, Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("smtp.url: %w", err)
	}
	return relay, nil
}

// returnPath is how emails of a store come back; nil: to their From.
func (a *App) returnPath(store string) func(k customer.Key, touchID, to string) string {
	form := a.o.Config.Stores[store].SMTP.ReturnPath
	if form == "" {
		return nil
	}
	return func(k customer.Key, touchID, to string) string {
		return a.returns.Address(form, returnpath.Of(k, a.identity.Address(store, to), touchID))
	}
}

// reportHeader is how the provider of a store's relay names its emails in reports; nil: it
// doesn't.
func (a *App) reportHeader(store string) func(k customer.Key, touchID, to string) (name, value string) {
	provider := a.o.Config.Stores[store].SMTP.Provider
	if provider == "" {
		return nil
	}
	return func(k customer.Key, touchID, to string) (name, value string) {
		return returnpath.Header(provider, a.returns.Code(returnpath.Of(k, a.identity.Address(store, to), touchID)))
	}
}

// trusted is a TLS configuration that trusts a file's certificates as well as the
// system's; nil without a file.
func trusted(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate in the form PEM", file)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, nil
}

func (r *route) readKey(c config.DKIM) error {
	if c.KeyFile == "" {
		return nil
	}
	key, err := os.ReadFile(c.KeyFile)
	if err == nil {
		r.dkim, err = mailer.NewDKIM(c.Domain, c.Selector, key)
	}
	if err != nil {
		return fmt.Errorf("dkim.key_file: %w", err)
	}
	return nil
}
