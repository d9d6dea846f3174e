package config_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"homing/pkg/config"
)

// differ lists the parts of two configurations that differ.
func differ(t *testing.T, a, b string) string {
	t.Helper()
	var hashes []map[string]string
	for _, text := range []string{a, b} {
		c, err := config.Parse("homing.yaml", []byte(text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, c.Hashes())
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(hashes[0])) {
		if hashes[0][key] != hashes[1][key] {
			out = append(out, key)
		}
	}
	return strings.Join(out, " ")
}

func TestTheHashesOfAConfigurationTellWhatDecidesDifferently(t *testing.T) {
	const base = "stores:\n  main: {name: A, url: https://shop.example, from: a@shop.example}\n"
	for _, c := range []struct{ name, a, b, differ string }{
		{"nothing", "", "", ""},
		{"words and comments", "holdout: 5%\nworkers:\n  thank-you: {status: live, after: 10m}\n", "workers:\n  # soon\n  thank-you:\n    after: 10m\n    status: live\nholdout: 5%\n", ""},
		{"a listener", "http: {listen: \"127.0.0.1:1\"}\n", "http: {listen: \"127.0.0.1:2\"}\n", ""},
		{"how NATS is reached", "nats: {url: \"nats://a\"}\n", "nats: {url: \"nats://u:password@b\"}\n", ""},
		{"another Redis", "redis: {url: \"redis://a\"}\n", "redis: {url: \"redis://b\"}\n", "redis"},
		{"another password", "redis: {url: \"redis://u:one@a\"}\n", "redis: {url: \"redis://u:two@a\"}\n", ""},
		{"a cap, which stores take over", "pacing: {look_ahead: 1h}\n", "pacing: {look_ahead: 2h}\n", "pacing stores.main"},
		{"a worker", "workers: {thank-you: {after: 10m}}\n", "workers: {thank-you: {after: 20m}}\n", "stores.main workers"},
		{"who may get email", "recipients_allow: [\"@shop.example\"]\n", "", "recipients_allow"},
		{"another secret", "secret: \"a secret of ours, made for this test\"\n", "secret: \"a secret of theirs, made for this test\"\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := differ(t, c.a+base, c.b+base); got != c.differ {
				t.Errorf("%q differ, want %q", got, c.differ)
			}
		})
	}
	other := strings.Replace(base, "name: A", "name: B", 1)
	if got := differ(t, base, other); got != "stores.main" {
		t.Errorf("%q differ", got)
	}
	// The layers of a worker count as they are in force, not as they came about.
	block := func(global, own string) string {
		return "workers: {thank-you: {after: " + global + ", status: live}}\nstores:\n  main:\n    name: A\n    workers: {thank-you: {after: " + own + "}}\n"
	}
	if got := differ(t, block("10m", "30m"), block("20m", "30m")); got != "workers" {
		t.Errorf("%q differ", got)
	}
}

// The files that secrets are in are known, so that it can be said who may read them.
func TestTheFilesOfSecretsAreKnown(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("a secret of ours, made for this test"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret, link, url := file("secret"), file("link"), file("url")
	if err := os.WriteFile(url, []byte("redis://u:password@a"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) {
		if name == "HOMING_SECRET_FILE" {
			return secret, true
		}
		return "", false
	}
	c, err := config.Parse("homing.yaml", []byte("redis: {url_file: "+url+"}\nlink_keys: [{id: a, secret_file: "+link+"}]\n"), env, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []config.File{{Key: "HOMING_SECRET_FILE", Path: secret}, {Key: "link_keys[0].secret_file", Path: link}, {Key: "redis.url_file", Path: url}}
	if got := c.SecretFiles(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
