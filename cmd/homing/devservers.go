package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/pkg/programme"
	"homing/templates"
)

const loopback = "127.0.0.1"

// portTries is how many ports after a default one are tried.
const portTries = 50

// devServers are the servers of homing dev.
type devServers struct {
	state string // folder
	nats  *devstack.NATS
	redis *devstack.Redis // nil with --redis
	inbox *devstack.Inbox
	links net.Listener   // of the gateway
	undo  []func() error // how to stop, last first
}

// startServers starts what runs in this process.
func (f *devFlags) startServers(log *zap.Logger) (*devServers, error) {
	s := &devServers{}
	if err := s.start(f, log); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *devServers) start(f *devFlags, log *zap.Logger) error {
	if err := s.openState(f); err != nil {
		return err
	}
	for flag, port := range map[string]int{"nats-port": f.natsPort, "inbox-port": f.inboxPort, "smtp-port": f.smtpPort, "studio-port": f.studioPort} {
		if _, err := f.port(flag, loopback, port); err != nil {
			return err
		}
	}
	var err error
	s.nats, err = devstack.StartNATS(devstack.NATSOptions{
		Dir: filepath.Join(s.state, "nats"), Port: f.natsPort, NextFree: !f.given("nats-port"), Log: log,
	})
	if errors.Is(err, devstack.ErrStateInUse) {
		return fmt.Errorf("another homing dev uses the folder %s; stop it, or choose --state FOLDER or --ephemeral", s.state)
	}
	if err != nil {
		return err
	}
	s.undo = append(s.undo, func() error { s.nats.Stop(); return nil })
	if f.redis == "" {
		if s.redis, err = devstack.StartRedis(); err != nil {
			return err
		}
		s.undo = append(s.undo, func() error { s.redis.Stop(); return nil })
	}
	s.inbox, err = devstack.StartInbox(devstack.InboxOptions{
		SMTPAddr: address(loopback, f.smtpPort), HTTPAddr: address(loopback, f.inboxPort), NextFree: true, Log: log,
	})
	if err != nil {
		return err
	}
	s.undo = append(s.undo, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		return s.inbox.Stop(ctx)
	})
	return nil
}

// openState makes the folder for the state. It is of no use to anybody else
// and holds the secret, so it keeps itself out of version control.
func (s *devServers) openState(f *devFlags) error {
	if f.ephemeral {
		dir, err := os.MkdirTemp("", "homing-dev-")
		if err != nil {
			return err
		}
		s.state = dir
		s.undo = append(s.undo, func() error { return os.RemoveAll(dir) })
		return nil
	}
	s.state = f.state
	if err := os.MkdirAll(s.state, 0o700); err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	return os.WriteFile(filepath.Join(s.state, ".gitignore"), []byte("*\n"), 0o600)
}

// stop stops what was started, the last first.
func (s *devServers) stop() error {
	var err error
	for len(s.undo) > 0 {
		last := len(s.undo) - 1
		err = errors.Join(err, s.undo[last]())
		s.undo = s.undo[:last]
	}
	return err
}

// port returns a port to listen on: the given one, or, when none was asked for
// by its flag, the next that is free.
func (f *devFlags) port(flag, host string, port int) (int, error) {
	l, err := f.open(flag, host, port)
	if err != nil {
		return 0, err
	}
	if port != 0 { // which stays "any free one"
		port = l.Addr().(*net.TCPAddr).Port
	}
	return port, l.Close()
}

// open listens on such a port.
func (f *devFlags) open(flag, host string, port int) (net.Listener, error) {
	tries := portTries
	if f.given(flag) {
		tries = 0
	}
	for p := port; ; p++ {
		l, err := net.Listen("tcp", address(host, p))
		if err == nil {
			return l, nil
		}
		if p-port >= tries || p >= 65535 {
			return nil, fmt.Errorf("--%s: %w", flag, err)
		}
	}
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// devConfig reads the configuration, if there is one. Where the servers of the
// real installation are does not matter, and may not: nobody is to be mailed by
// a mistake in the environment.
func (p *program) devConfig() (*config.Config, error) {
	env := func(name string) (string, bool) {
		for _, ours := range []string{config.EnvRedisURL, config.EnvSMTPURL} {
			if strings.TrimSuffix(name, "_FILE") == ours {
				return "", false
			}
		}
		return p.env(name)
	}
	c, err := config.Load(p.config, env, programme.WorkerNames())
	if err != nil {
		return nil, usage(err)
	}
	if len(c.Stores) == 0 { // there was no file
		example := config.Example()
		example.Secret, example.NATS.URL = c.Secret, c.NATS.URL
		c = &example
	}
	return c, nil
}

// apply points the configuration at the servers of this process.
func (f *devFlags) apply(c *config.Config, s *devServers) error {
	c.NATS.URL, c.NATS.CredentialsFile, c.NATS.NKeyFile, c.NATS.Replicas = config.URL(s.nats.URL()), "", "", 1
	c.NATS.TLS, c.NATS.Domain = config.NATSTLS{}, ""
	// A limit in bytes is space that NATS sets aside, which a laptop may not have.
	c.NATS.Streams.Storefront.MaxBytes, c.NATS.Streams.Timeline.MaxBytes, c.NATS.Streams.Rejected.MaxBytes = 0, 0, 0
	c.Redis.URL = config.URL(f.redis)
	if s.redis != nil {
		c.Redis.URL = config.URL(s.redis.URL())
	}
	c.SMTP.URL = config.URL(f.smtp)
	if f.smtp == "" {
		c.SMTP.URL = config.URL(s.inbox.SMTPURL())
	}
	unlimited := f.smtp == ""
	if unlimited {
		c.Pacing.Throughput = config.Throughput{}
	}
	for id, store := range c.Stores {
		store.SMTP.URL = c.SMTP.URL
		if unlimited {
			store.Pacing.Throughput = config.Throughput{}
		}
		c.Stores[id] = store
	}
	if err := f.listen(c, s); err != nil {
		return err
	}
	if c.Secret == "" {
		var err error
		if c.Secret, err = keepSecret(filepath.Join(s.state, "secret")); err != nil {
			return fmt.Errorf("making a secret: %w", err)
		}
	}
	if err := s.makeKeys(c); err != nil {
		return fmt.Errorf("making a key of the API: %w", err)
	}
	if err := c.Validate(); err != nil {
		return usage(err)
	}
	return nil
}

// makeKeys makes a key of the API for each store that has none, to try it with.
func (s *devServers) makeKeys(c *config.Config) error {
	for id, store := range c.Stores {
		if len(store.APIKeys) > 0 {
			continue
		}
		file := filepath.Join(s.state, "api-key-"+id)
		key, err := keepSecret(file)
		if err != nil {
			return err
		}
		store.APIKeys = config.APIKeys{{ID: "dev", KeyFile: file, Key: key}}
		c.Stores[id] = store
	}
	return nil
}

// apiKey is the file with a key of the API, of the store that sorts first.
func apiKey(c *config.Config) string {
	for _, id := range slices.Sorted(maps.Keys(c.Stores)) {
		return c.Stores[id].APIKeys[0].KeyFile
	}
	return ""
}

// listen chooses where health, metrics and links are served. Links lead to this
// process, whatever the configuration says: no other knows the key they are
// signed with.
func (f *devFlags) listen(c *config.Config, s *devServers) error {
	host, port, err := splitAddress("http.listen", c.HTTP.Listen)
	if err != nil {
		return err
	}
	if f.given("http-port") {
		port = f.httpPort
	}
	if err := f.listenLinks(c, s, port); err != nil {
		return err
	}
	if port, err = f.port("http-port", host, port); err != nil {
		return err
	}
	c.HTTP.Listen = address(host, port)
	return nil
}

// listenLinks listens right away, so that what emails say is where it really is.
// It leaves one port to others.
func (f *devFlags) listenLinks(c *config.Config, s *devServers, not int) error {
	host, port, err := splitAddress("http.gateway", c.HTTP.Gateway)
	if err != nil {
		return err
	}
	if f.given("gateway-port") {
		port = f.gatewayPort
	} else if port == not && port != 0 {
		port++
	}
	if s.links, err = f.open("gateway-port", host, port); err != nil {
		return err
	}
	s.undo = append(s.undo, func() error { _ = s.links.Close(); return nil }) // the app has closed it, if it came that far
	c.HTTP.Gateway = s.links.Addr().String()
	c.HTTP.PublicURL = f.publicURL
	if f.publicURL == "" {
		_, port, _ := net.SplitHostPort(c.HTTP.Gateway)
		c.HTTP.PublicURL = "http://" + net.JoinHostPort(loopback, port)
	}
	return nil
}

func splitAddress(key, s string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(s)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		return "", 0, usagef("%s: %w", key, err)
	}
	return host, port, nil
}

// keepSecret reads the secret of an earlier start, or makes one: with another,
// every customer of the kept state would be a stranger.
func keepSecret(path string) (config.Secret, error) {
	have, err := os.ReadFile(path)
	if err == nil {
		return config.Secret(strings.TrimSpace(string(have))), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	secret := base64.StdEncoding.EncodeToString(key)
	return config.Secret(secret), os.WriteFile(path, []byte(secret+"\n"), 0o600)
}

// templateFiles is where the emails come from; nil: from the bucket. The ones in the
// program are used only in the place of a folder that nobody named.
func (f *devFlags) templateFiles(c *config.Config) (fs.FS, error) {
	dir := c.Templates.Dir
	switch {
	case f.templates != "":
		dir = f.templates
	case c.Templates.Bucket():
		return nil, nil // those that are published into the NATS of this process
	}
	info, err := os.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return os.DirFS(dir), nil
	case f.templates == "" && dir == config.Default().Templates.Dir && errors.Is(err, fs.ErrNotExist):
		return templates.Files, nil
	case err == nil:
		return nil, usagef("templates: %s is not a folder", dir)
	}
	return nil, usagef("templates: %w", err)
}
