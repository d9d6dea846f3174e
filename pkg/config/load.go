package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"homing/pkg/problem"
)

// DefaultPath is the file that is read, if it exists, when none is named.
const DefaultPath = "configs/homing.yaml"

// The variables of the environment that win over the file. Each of them may
// instead be given with _FILE appended: the path of a file that holds the value.
const (
	EnvConfig   = "HOMING_CONFIG"
	EnvNATSURL  = "HOMING_NATS_URL"
	EnvRedisURL = "HOMING_REDIS_URL"
	EnvSMTPURL  = "HOMING_SMTP_URL"
	EnvSecret   = "HOMING_SECRET"
)

// Load reads and validates the file at path, or else the one HOMING_CONFIG
// names, or else configs/homing.yaml if there is one. env is os.LookupEnv or a
// stand-in; nil is an empty environment. workers are the names that a section
// of workers may have; nil accepts any.
//
// Without a file the result is the defaults and the environment. It has no store
// then, which is enough for a command that only talks to the servers; Validate
// says what else is missing.
func Load(path string, env func(string) (string, bool), workers []string) (*Config, error) {
	named := path != ""
	if !named {
		fromEnv, err := lookup(env, EnvConfig)
		if err != nil {
			return nil, fmt.Errorf("load config: %w", err)
		}
		if strings.ContainsAny(fromEnv, "\n\r") {
			return nil, fmt.Errorf("load config: %w", &problem.Problem{Key: EnvConfig + "_FILE", Text: "names a file that holds " +
				"the path of the config file, not the config file itself; to name that, set " + EnvConfig})
		}
		path, named = fromEnv, fromEnv != ""
	}
	if !named {
		path = DefaultPath
	}
	data, err := os.ReadFile(path)
	missing := !named && errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return nil, fmt.Errorf("load config: %w", err)
	}
	if missing {
		path = ""
	}
	c, err := Parse(path, data, env, workers)
	if err != nil {
		return nil, fmt.Errorf("load config:\n%w", err)
	}
	if err := c.validate(!missing); err != nil {
		return nil, fmt.Errorf("load config %s:\n%w", path, err)
	}
	return c, nil
}

// Parse reads a configuration from memory, over the defaults and under the
// environment; name stands for the file in messages, env and workers are as in
// Load. It does not Validate.
// All problems are found in one go and joined, each a *problem.Problem.
func Parse(name string, data []byte, env func(string) (string, bool), workers []string) (*Config, error) {
	root, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	d := &decoder{file: name, workers: slices.Sorted(slices.Values(workers))}
	c := Default()
	d.structure(root, reflect.ValueOf(&c).Elem())
	d.resolve(&c, env)
	d.readStores(&c, env)
	if err := d.err(); err != nil {
		return nil, err
	}
	return &c, nil
}

// newStore returns a store that says nothing of its own yet.
func (c *Config) newStore(id string) Store {
	return Store{
		ID: id, TimeZone: "UTC", Locale: "en",
		Sections: c.Sections, Pacing: c.Pacing, Offers: c.Offers, SMTP: c.SMTP, Workers: c.Workers,
	}
}

func (d *decoder) readStores(c *Config, env func(string) (string, bool)) {
	// The environment wins over every store, too: a relay set for a test
	// installation must not be bypassed.
	fromEnv, _ := lookup(env, EnvSMTPURL)
	for _, e := range d.entries(d.stores) {
		s := c.newStore(e.key)
		d.structure(e.value, reflect.ValueOf(&s).Elem())
		if fromEnv != "" {
			s.SMTP.URL, s.SMTP.URLFile = c.SMTP.URL, ""
		}
		d.urlFile(e.value.path+".smtp.url_file", &s.SMTP.URLFile, &s.SMTP.URL)
		if c.Stores == nil {
			c.Stores = make(map[string]Store)
		}
		c.Stores[e.key] = s
	}
}

// resolve finds the addresses and secrets: in the environment first, then in the
// files that the configuration names, then in the configuration itself.
func (d *decoder) resolve(c *Config, env func(string) (string, bool)) {
	for _, u := range []struct {
		variable, key string
		file          *string
		url           *URL
		schemes       []string
	}{
		{EnvNATSURL, "nats.url_file", &c.NATS.URLFile, &c.NATS.URL, natsURLs},
		{EnvRedisURL, "redis.url_file", &c.Redis.URLFile, &c.Redis.URL, redisURLs},
		{EnvSMTPURL, "smtp.url_file", &c.SMTP.URLFile, &c.SMTP.URL, smtpURLs},
	} {
		value, err := lookup(env, u.variable)
		switch {
		case err != nil:
			d.problems = append(d.problems, err)
		case value == "":
			d.urlFile(u.key, u.file, u.url)
		default:
			*u.url, *u.file = URL(value), ""
			if text := urlFault(*u.url, u.schemes); text != "" {
				d.problems = append(d.problems, &problem.Problem{Key: u.variable, Text: text})
			}
		}
	}
	d.secrets(c, env)
}

// urlFile reads the address from the file named for it, and forgets the file: a
// store inherits the address.
func (d *decoder) urlFile(key string, path *string, into *URL) {
	if value, ok := d.valueOf(key, *path); ok {
		*into = URL(value)
	}
	*path = ""
}

func (d *decoder) secrets(c *Config, env func(string) (string, bool)) {
	value, err := lookup(env, EnvSecret)
	switch {
	case err != nil:
		d.problems = append(d.problems, err)
	case value != "":
		c.Secret = Secret(value)
	case c.Secret != "" && c.SecretFile != "":
		d.problems = append(d.problems, &problem.Problem{
			File: d.file, Key: "secret_file", Text: "conflicts with secret; set only one"})
	default:
		if value, ok := d.valueOf("secret_file", c.SecretFile); ok {
			c.Secret = Secret(value)
		}
	}
	for i := range c.LinkKeys {
		k := &c.LinkKeys[i]
		if value, ok := d.valueOf(fmt.Sprintf("link_keys[%d].secret_file", i), k.SecretFile); ok {
			k.Secret = Secret(value)
		}
	}
}

// valueOf reads the one value that a file holds, if a file is named at all.
func (d *decoder) valueOf(key, path string) (string, bool) {
	if path == "" {
		return "", false
	}
	value, err := readValue(path)
	if err != nil {
		d.problems = append(d.problems, &problem.Problem{File: d.file, Key: key, Text: err.Error()})
	}
	return value, err == nil
}

// lookup returns a variable, or the content of the file its _FILE names. An
// empty variable is an unset one: that is how container tools pass "nothing".
func lookup(env func(string) (string, bool), name string) (string, error) {
	if env == nil {
		return "", nil
	}
	value, _ := env(name)
	path, _ := env(name + "_FILE")
	switch {
	case path == "":
		return value, nil
	case value != "":
		return "", &problem.Problem{Key: name, Text: "conflicts with " + name + "_FILE; set only one"}
	}
	value, err := readValue(path)
	if err != nil {
		return "", &problem.Problem{Key: name + "_FILE", Text: err.Error()}
	}
	return value, nil
}

// maxValue bounds what is read for one value.
const maxValue = 64 << 10

func readValue(path string) (string, error) {
	data, err := readLimited(path)
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(string(data))
	if value == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return value, nil
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxValue {
		return nil, fmt.Errorf("%s is larger than 64 KiB", path)
	}
	return data, nil
}
