package app

import (
	"errors"
	"fmt"
	"os"

	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/mailer"
	"homing/pkg/programme"
)

// route is what a store's emails leave by.
type route struct {
	dkim  *mailer.DKIM // nil: unsigned
	relay *mailer.Relay
}

// openRoutes reads the keys and makes the relays of all stores. Stores that name the
// same relay share its connections.
func openRoutes(c *config.Config, dial connect.Dialer, log *zap.Logger) (map[string]route, error) {
	out, relays := map[string]route{}, map[string]*mailer.Relay{}
	var errs []error
	for _, id := range programme.StoreNames(c) {
		r, s := route{}, c.Stores[id]
		err := r.readKey(s.DKIM)
		url := s.SMTP.URL.Reveal()
		if relays[url] == nil && err == nil {
			if relays[url], err = mailer.New(mailer.Options{URL: url, Connections: s.SMTP.Connections, Dial: dial, Log: log.Named("smtp")}); err != nil {
				err = fmt.Errorf("smtp.url: %w", err)
			}
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
