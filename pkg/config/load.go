package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"homing/pkg/brand"
	"homing/pkg/localtime"
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
	d := &decoder{workers: slices.Sorted(slices.Values(workers))}
	c := Default()
	d.structure(root, reflect.ValueOf(&c).Elem())
	d.resolve(name, &c, env)
	d.readStores(&c, env)
	c.files = d.files
	if err := d.err(); err != nil {
		return nil, err
	}
	return &c, nil
}

// ReadInto reads a document that is no configuration into a struct, in the same way and with
// the same errors.
func ReadInto(name string, data []byte, into any) error {
	root, err := parse(name, data)
	if err != nil {
		return err
	}
	var d decoder
	d.structure(root, reflect.ValueOf(into).Elem())
	return d.err()
}

// newStore returns a store that says nothing of its own yet.
func (c *Config) newStore(id string) Store {
	return Store{
		ID: id, TimeZone: "UTC", Locale: "en", Brand: brand.Default(), DigestAt: localtime.WeekTime{Day: localtime.Weekday(time.Monday), Clock: 8 * 60},
		Sections: c.Sections, Pacing: c.Pacing, Offers: c.Offers, Answers: c.Answers, Quotes: c.Quotes, Clicks: c.Clicks, Numbers: c.Numbers, SMTP: c.SMTP,
		Channels: maps.Clone(c.Channels), Audiences: c.Audiences, Segments: c.Segments, Workers: c.Workers,
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
		d.readFile(node{file: e.at.file, path: e.at.path + ".smtp.url_file"}, &s.SMTP.URLFile, (*string)(&s.SMTP.URL))
		d.readDoors(e.at, &s)
		d.readChannels(e.at, s.Channels, c.Channels)
		if c.Stores == nil {
			c.Stores = make(map[string]Store)
		}
		c.Stores[e.key] = s
	}
}

// readDoors reads the secrets of those who may publish over HTTP.
func (d *decoder) readDoors(at node, s *Store) {
	for i := range s.APIKeys {
		file := s.APIKeys[i].KeyFile
		d.readFile(node{file: at.file, path: fmt.Sprintf("%s.api_keys[%d].key_file", at.path, i)}, &file, (*string)(&s.APIKeys[i].Key))
	}
	for _, w := range s.Doors() {
		file := w.SecretFile
		d.readFile(node{file: at.file, path: at.path + "." + w.System + ".secret_file"}, &file, (*string)(&w.Secret))
	}
}

// resolve finds the addresses and secrets: in the environment first, then in the
// files that the configuration names, then in the configuration itself.
func (d *decoder) resolve(name string, c *Config, env func(string) (string, bool)) {
	for _, v := range []struct {
		variable, key string
		file, value   *string
		schemes       []string // none: it is no address
	}{
		{EnvNATSURL, "nats.url_file", &c.NATS.URLFile, (*string)(&c.NATS.URL), natsURLs},
		{EnvRedisURL, "redis.url_file", &c.Redis.URLFile, (*string)(&c.Redis.URL), redisURLs},
		{EnvSMTPURL, "smtp.url_file", &c.SMTP.URLFile, (*string)(&c.SMTP.URL), smtpURLs},
		{EnvSecret, "secret_file", &c.SecretFile, (*string)(&c.Secret), nil},
	} {
		value, err := lookup(env, v.variable)
		switch {
		case err != nil:
			d.problems = append(d.problems, err)
		case value != "":
			*v.value, *v.file = value, ""
			if path, _ := env(v.variable + "_FILE"); path != "" {
				d.files = append(d.files, File{v.variable + "_FILE", path})
			}
			if text := urlFault(URL(value), v.schemes); v.schemes != nil && text != "" {
				d.fail(node{path: v.variable}, "%s", text)
			}
		case v.variable == EnvSecret && c.Secret != "" && c.SecretFile != "":
			d.fail(node{file: name, path: v.key}, "conflicts with secret; set only one")
		default:
			d.readFile(node{file: name, path: v.key}, v.file, v.value)
		}
	}
	for i := range c.LinkKeys {
		file := c.LinkKeys[i].SecretFile
		d.readFile(node{file: name, path: fmt.Sprintf("link_keys[%d].secret_file", i)}, &file, (*string)(&c.LinkKeys[i].Secret))
	}
	for _, f := range []struct {
		key, file string
		value     *Secret
	}{
		{"feedback.mailgun.signing_key_file", c.Feedback.Mailgun.SigningKeyFile, &c.Feedback.Mailgun.SigningKey},
		{"feedback.postmark.password_file", c.Feedback.Postmark.PasswordFile, &c.Feedback.Postmark.Password},
	} {
		d.readFile(node{file: name, path: f.key}, &f.file, (*string)(f.value))
	}
	d.readChannels(node{file: name}, c.Channels, nil)
	secret := c.Console.OIDC.ClientSecretFile
	d.readFile(node{file: name, path: "console.oidc.client_secret_file"}, &secret, (*string)(&c.Console.OIDC.ClientSecret))
	for i := range c.Console.People {
		file := c.Console.People[i].TokenFile
		d.readFile(node{file: name, path: fmt.Sprintf("console.people[%d].token_file", i)}, &file, (*string)(&c.Console.People[i].Token))
	}
}

// readFile reads a value from the file named for it, if one is, and forgets the
// file: a store inherits the address, not where it came from.
func (d *decoder) readFile(at node, file, into *string) {
	if *file == "" {
		return
	}
	value, err := readValue(*file)
	if err != nil {
		d.fail(at, "%v", err)
		return
	}
	d.files = append(d.files, File{at.path, *file})
	*into, *file = value, ""
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
