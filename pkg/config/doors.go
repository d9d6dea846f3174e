package config

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"homing/pkg/problem"
)

// An APIKey lets a program publish events of a store over HTTP.
type APIKey struct {
	// ID is how the key is called where its secret must not be.
	ID      string `yaml:"id"`
	KeyFile string `yaml:"key_file"`
	// Key is the content of KeyFile.
	Key Secret `yaml:"-"`
}

// APIKeys are all of a store.
type APIKeys []APIKey

// Validate reports keys that are not told apart, or can be guessed.
func (keys APIKeys) Validate() error {
	var l problem.List
	seen := map[string]bool{}
	for i, k := range keys {
		at := fmt.Sprintf("[%d]", i)
		switch {
		case !keyID.MatchString(k.ID):
			l.Add(at+".id", "%q is not an id; use 1 to 32 of a-z, 0-9 and -", k.ID)
		case seen[k.ID]:
			l.Add(at+".id", "%q is used twice", k.ID)
		}
		seen[k.ID] = true
		require(&l, at+".key_file", k.KeyFile, "name the file that holds the key")
		if err := problem.Under(at+".key_file", k.Key.Validate()); err != nil {
			l = append(l, err)
		}
	}
	return l.Err()
}

// Webhooks is how a shop's system signs what it sends.
type Webhooks struct {
	// SecretFile has the secret, or several, one a line. Empty: nothing is taken.
	SecretFile string `yaml:"secret_file"`
	// Secret is its content.
	Secret Secret `yaml:"-"`
}

// Secrets returns those that are good.
func (w Webhooks) Secrets() (out []string) {
	for line := range strings.Lines(w.Secret.Reveal()) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// Validate reports a secret that can be guessed.
func (w Webhooks) Validate() error {
	var l problem.List
	for _, s := range w.Secrets() {
		if len(s) < minPassword {
			l.Add("secret_file", "has a secret of %d bytes, and it must have at least %d", len(s), minPassword)
		}
	}
	if w.SecretFile != "" && len(w.Secrets()) == 0 {
		l.Add("secret_file", "has no secret")
	}
	return l.Err()
}

// A Door is where the webhooks of one shop system come in.
type Door struct {
	System string // as the configuration and the path name it
	// From is which shop they are from, where its name is one that the system says; Key is
	// where the configuration has it. "": it never says one.
	From, Key string
	*Webhooks
}

// Doors returns those of a store, also the ones that have no secret.
func (s *Store) Doors() []Door {
	return []Door{
		{"shopify", s.Shopify.Shop, "shop", &s.Shopify.Webhooks},
		{"woocommerce", s.WooCommerce.Site, "", &s.WooCommerce.Webhooks},
		{"medusa", "", "", &s.Medusa},
	}
}

// Shopify is a shop of Shopify.
type Shopify struct {
	Webhooks `yaml:",inline"`
	// Shop is its name with Shopify. Empty: any that has the secret.
	Shop string `yaml:"shop"`
}

var shopifyName = regexp.MustCompile(`(?i)^[a-z0-9][a-z0-9-]*\.myshopify\.com$`)

// Validate reports a name that no shop has.
func (s Shopify) Validate() error {
	var l problem.List
	if err := s.Webhooks.Validate(); err != nil {
		l = append(l, err)
	}
	if s.Shop != "" && !shopifyName.MatchString(s.Shop) {
		l.Add("shop", "%q is not what Shopify calls a shop: acme.myshopify.com", s.Shop)
	}
	return l.Err()
}

// WooCommerce is a shop of WooCommerce.
type WooCommerce struct {
	Webhooks `yaml:",inline"`
	// Site is its address. Empty: any that has the secret.
	Site string `yaml:"site"`
	// TimeZone is the site's. Empty: the store's.
	TimeZone string `yaml:"time_zone"`
}

// WooCommerceZone is the time zone of dates that WooCommerce says without one.
func (s *Store) WooCommerceZone() string { return cmp.Or(s.WooCommerce.TimeZone, s.TimeZone) }

// Validate reports a zone that there is not.
func (w WooCommerce) Validate() error {
	var l problem.List
	if err := w.Webhooks.Validate(); err != nil {
		l = append(l, err)
	}
	if w.TimeZone != "" {
		checkZone(&l, w.TimeZone)
	}
	if w.Site != "" && !isWebURL(w.Site) {
		l.Add("site", "%q is not the address of a site: https://shop.example", w.Site)
	}
	return l.Err()
}

// checkKeys reports a key that two stores have: a key says which store it is of.
func (c *Config) checkKeys(l *problem.List, ids []string) {
	of := map[Secret]string{}
	for _, id := range ids {
		for i, k := range c.Stores[id].APIKeys {
			at := fmt.Sprintf("stores.%s.api_keys[%d].key_file", id, i)
			if other := of[k.Key]; other != "" && k.Key != "" {
				l.Add(at, "has the key of %s; a key says which store it is of, so make one for each with: openssl rand -hex 32", other)
				continue
			}
			of[k.Key] = fmt.Sprintf("stores.%s.api_keys[%d]", id, i)
		}
	}
}

// checkDoors reports stores whose webhooks are not told apart: what is signed for one would
// be taken for another. One app of Shopify, which has one secret, may be in several shops.
func (c *Config) checkDoors(l *problem.List, ids []string) {
	type known struct{ system, secret string }
	of := map[known]Door{} // of the first store that has it
	at := map[known]string{}
	for _, id := range ids {
		s := c.Stores[id]
		for _, d := range s.Doors() {
			for _, secret := range d.Secrets() {
				k := known{d.System, secret}
				first, other := of[k], at[k]
				if other == "" {
					of[k], at[k] = d, id
					continue
				}
				key := "stores." + id + "." + d.System
				switch {
				case other == id, d.Key != "" && d.From != "" && first.From != "" && !strings.EqualFold(d.From, first.From):
				case d.Key != "":
					l.Add(key+"."+d.Key, "stores %s and %s have the same secret; name the shop of each, as Shopify does: acme.myshopify.com", other, id)
				default:
					l.Add(key+".secret_file", "has the secret of store %s; make one for each with: openssl rand -hex 24", other)
				}
			}
		}
	}
}
