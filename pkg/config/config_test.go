package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"homing/pkg/config"
	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/problem"
)

const shipped = "../../configs/homing.yaml"

// store is the least that a store must say.
const store = `name: N, url: "https://s.example", from: a@s.example, postal_address: P, currency: EUR`

// plain leaves out what the package does not know: the sections of workers.
var plain = cmp.Options{
	cmpopts.IgnoreUnexported(config.Config{}),
	cmpopts.IgnoreTypes(map[string]config.Section{}),
}

// environ is an environment for tests.
func environ(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v, true
			}
		}
		return "", false
	}
}

func parse(t *testing.T, text string, env ...string) *config.Config {
	t.Helper()
	c, err := config.Parse("test.yaml", []byte(text), environ(env...), []string{"thank-you", "birthday"})
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return c
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheShippedFileIsTheDefaultsAndTheExampleStore(t *testing.T) {
	got, err := config.Load(shipped, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Example()
	if diff := cmp.Diff(&want, got, plain); diff != "" {
		t.Errorf("configs/homing.yaml differs from Example (-code +file):\n%s", diff)
	}
	if w := got.Warnings(); len(w) > 0 {
		t.Errorf("configs/homing.yaml has warnings: %v", w)
	}
	if err := want.Validate(); err != nil {
		t.Errorf("Example is not valid: %v", err)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestTheShippedFileMentionsEveryKey walks the structs, so that a new field
// cannot be forgotten, and wants a comment with every key.
func TestTheShippedFileMentionsEveryKey(t *testing.T) {
	data, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for key := range keysOf(reflect.TypeFor[config.Config]()) {
		if !regexp.MustCompile(`(?m)(^|[ {-])` + key + `(:| )`).MatchString(text) {
			t.Errorf("%q is not in configs/homing.yaml", key)
		}
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !regexp.MustCompile(`^\s*[a-z_]+:`).MatchString(line) {
			continue
		}
		above := lines[max(0, i-1)]
		opens := strings.HasSuffix(strings.TrimSpace(line), ":")
		second := strings.Contains(above, "- limit:")
		if !strings.Contains(above, "#") && !opens && !second {
			t.Errorf("line %d has no comment: %s", i+1, line)
		}
	}
}

func keysOf(t reflect.Type) map[string]bool {
	keys := make(map[string]bool)
	switch t.Kind() {
	case reflect.Map, reflect.Slice:
		return keysOf(t.Elem())
	case reflect.Struct:
	default:
		return keys
	}
	for f := range t.Fields() {
		key := f.Tag.Get("yaml")
		if key == "-" || !f.IsExported() {
			continue
		}
		if key != ",inline" {
			keys[key] = true
		}
		for k := range keysOf(f.Type) {
			keys[k] = true
		}
	}
	return keys
}

func TestAnEmptyFileIsTheDefaults(t *testing.T) {
	want := config.Default()
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "{}\n", "\ufeffnats: {}\r\n", "nats:\nstores:\nworkers:\n  # thank-you: {}\n"} {
		if diff := cmp.Diff(&want, parse(t, text), plain); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestAStoreKeepsWhatItDoesNotOverride(t *testing.T) {
	c := parse(t, `
consent: {policy: explicit}
pacing:
  frequency: [{limit: 2, window: 1d}, {limit: 4, window: 7d}]
  throughput: {per_second: 5, per_domain: {gmail.com: 1, gmx.de: 2}}
smtp: {url: "smtp://relay.example", connections: 3}
stores:
  same: {`+store+`}
  other:
    `+strings.ReplaceAll(store, ", ", "\n    ")+`
    pacing: {look_ahead: 1h, frequency: [{limit: 1, window: 1d12h}], throughput: {burst: 3, per_domain: {gmx.de: 9}, warm_up: {start: 2026-06-01, per_day: [50, 100]}}}
    smtp: {connections: 1}
`)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	same, other := c.Stores["same"], c.Stores["other"]
	if diff := cmp.Diff(c.Pacing, same.Pacing); diff != "" {
		t.Errorf("same store (-global +store):\n%s", diff)
	}
	want := c.Pacing
	want.LookAhead = time.Hour
	want.Frequency = gate.Frequency{{Limit: 1, Length: 36 * time.Hour}}
	want.Throughput = config.Throughput{PerSecond: 5, Burst: 3, PerDomain: map[string]float64{"gmail.com": 1, "gmx.de": 9},
		WarmUp: config.WarmUp{Start: localtime.Date{Year: 2026, Month: 6, Day: 1}, PerDay: []int{50, 100}}}
	if diff := cmp.Diff(want, other.Pacing); diff != "" {
		t.Errorf("other store (-want +got):\n%s", diff)
	}
	if c.Pacing.Throughput.PerDomain["gmx.de"] != 2 {
		t.Error("the override reached the global map")
	}
	if other.Consent.Policy != gate.Explicit || other.SMTP.URL != "smtp://relay.example" || other.SMTP.Connections != 1 {
		t.Errorf("other store: %+v %+v", other.Consent, other.SMTP)
	}
	if other.ID != "other" || other.TimeZone != "UTC" || other.Locale != "en" {
		t.Errorf("other store: %q %q %q", other.ID, other.TimeZone, other.Locale)
	}
}

func TestAnEmptyListInTheFileEmptiesTheList(t *testing.T) {
	c := parse(t, `pacing: {frequency: []}`)
	if len(c.Pacing.Frequency) != 0 {
		t.Errorf("got %v", c.Pacing.Frequency)
	}
}

func TestTheEnvironmentWins(t *testing.T) {
	file := `
nats: {url: "nats://file"}
redis: {url: "redis://file"}
smtp: {url: "smtp://file"}
secret_file: /nowhere/secret
stores: {a: {` + store + `}, b: {` + store + `, smtp: {url_file: /nowhere/url, connections: 2}}}
`
	c := parse(t, file, "HOMING_NATS_URL=nats://env", "HOMING_REDIS_URL_FILE="+write(t, "redis://env\n"),
		"HOMING_SMTP_URL=smtps://env", "HOMING_SECRET_FILE="+write(t, " 0123456789012345678901234567890123456789\n"))
	got := []config.URL{c.NATS.URL, c.Redis.URL, c.SMTP.URL, c.Stores["a"].SMTP.URL, c.Stores["b"].SMTP.URL}
	want := []config.URL{"nats://env", "redis://env", "smtps://env", "smtps://env", "smtps://env"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	if c.Stores["b"].SMTP.Connections != 2 {
		t.Error("the environment's address took the store's connections along")
	}
	if c.Secret.Reveal() != "0123456789012345678901234567890123456789" {
		t.Errorf("secret is %q", c.Secret.Reveal())
	}
}

func TestEveryVariableHasAFileForm(t *testing.T) {
	for _, name := range []string{config.EnvNATSURL, config.EnvRedisURL, config.EnvSMTPURL, config.EnvSecret} {
		_, err := config.Parse("f", nil, environ(name+"=x", name+"_FILE=y"), nil)
		wantError(t, err, name+": conflicts with "+name+"_FILE; set only one")
		_, err = config.Parse("f", nil, environ(name+"_FILE=/nowhere/f"), nil)
		wantError(t, err, name+"_FILE: open /nowhere/f: no such file or directory")
		_, err = config.Parse("f", nil, environ(name+"_FILE="+write(t, " \n")), nil)
		wantError(t, err, " is empty")
		if _, err = config.Parse("f", nil, environ(name+"="), nil); err != nil {
			t.Errorf("%s empty: %v", name, err)
		}
	}
	_, err := config.Parse("f", nil, environ("HOMING_SMTP_URL=http://ann:hunter2@h"), nil)
	wantError(t, err, `HOMING_SMTP_URL: "http://ann:<secret>@h" does not begin with one of smtp://`)
}

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("got %v, want %s", err, part)
	}
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("shows a secret: %v", err)
	}
}

func TestAddressesMayBeReadFromFiles(t *testing.T) {
	global, own := write(t, "smtp://global:pw@relay.example\n"), write(t, "smtp://own:pw@relay.example\n")
	c := parse(t, `
smtp: {url_file: `+global+`}
stores:
  inherits: {`+store+`}
  own_file: {`+store+`, smtp: {url_file: `+own+`}}
  own_url: {`+store+`, smtp: {url: "smtp://plain.example"}}
`)
	got := []config.URL{c.SMTP.URL, c.Stores["inherits"].SMTP.URL, c.Stores["own_file"].SMTP.URL, c.Stores["own_url"].SMTP.URL}
	want := []config.URL{"smtp://global:pw@relay.example", "smtp://global:pw@relay.example",
		"smtp://own:pw@relay.example", "smtp://plain.example"}
	for i := range want {
		if got[i].Reveal() != want[i].Reveal() {
			t.Errorf("%d: got %s, want %s", i, got[i].Reveal(), want[i].Reveal())
		}
	}
}

func TestThePublicURLIsHTTPSOrThisMachine(t *testing.T) {
	for url, good := range map[string]bool{
		"https://mail.shop.example": true, "https://mail.shop.example/": true, "https://shop.example:8443/mail/links": true,
		"http://localhost:8081": true, "http://127.0.0.1:8081": true, "http://[::1]:8081": true, "http://mail.localhost": true,
		"http://mail.shop.example": false, "http://127.0.0.1.shop.example": false, "ftp://mail.shop.example": false,
		"https://mail.shop.example/a b": false, "https://mail.shop.example/%2e": false, "https://mail.shop.example/../x": false,
		"https://mail.shop.example//x": false, "https://mail.shop.example/#x": false,
	} {
		err := parse(t, "http: {public_url: \""+url+"\"}\nstores: {main: {"+store+"}}").Validate()
		if (err == nil) != good {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestLinkKeysAreReadFromTheirFiles(t *testing.T) {
	key := strings.Repeat("k", 32)
	c := parse(t, `link_keys: [{id: k2, secret_file: `+write(t, key+"\n")+`}]`)
	if len(c.LinkKeys) != 1 || c.LinkKeys[0].ID != "k2" || c.LinkKeys[0].Secret.Reveal() != key {
		t.Errorf("got %+v", c.LinkKeys)
	}
}

func TestLoadFindsTheFile(t *testing.T) {
	a := write(t, `stores: {a: {`+store+`}}`)
	b := write(t, `stores: {b: {`+store+`}}`)
	t.Chdir(t.TempDir())
	for name, c := range map[string]struct {
		path string
		env  []string
		want string
	}{
		"the argument wins":             {a, []string{"HOMING_CONFIG=" + b}, "a"},
		"then the environment":          {"", []string{"HOMING_CONFIG=" + b}, "b"},
		"or the file of it":             {"", []string{"HOMING_CONFIG_FILE=" + write(t, b+"\n")}, "b"},
		"then nothing, when none is in": {"", nil, ""},
	} {
		got, err := config.Load(c.path, environ(c.env...), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if ids := strings.Join(sortedKeys(got.Stores), " "); ids != c.want {
			t.Errorf("%s: stores %q, want %q", name, ids, c.want)
		}
	}
	if err := os.MkdirAll("configs", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config.DefaultPath, []byte(`stores: {c: {`+store+`}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load("", environ(), nil)
	if err != nil || got.Stores["c"].ID != "c" {
		t.Errorf("the file in configs is not read: %v", err)
	}
}

func TestLoadValidates(t *testing.T) {
	_, err := config.Load("", environ("HOMING_CONFIG=/nowhere/homing.yaml"), nil)
	wantError(t, err, "open /nowhere/homing.yaml: no such file or directory")
	_, err = config.Load(write(t, "stores: {}"), nil, nil)
	wantError(t, err, "stores: no store is configured; add at least one")
	_, err = config.Load("", environ("HOMING_CONFIG_FILE="+write(t, "nats: {}\nredis: {}\n")), nil)
	wantError(t, err, "HOMING_CONFIG_FILE: names a file that holds the path of the config file")
	t.Chdir(t.TempDir())
	_, err = config.Load("", environ("HOMING_SECRET=short"), nil)
	wantError(t, err, "secret: is 5 bytes long")
	c, err := config.Load("", nil, nil)
	if err != nil {
		t.Fatalf("without a file: %v", err)
	}
	wantError(t, c.Validate(), "stores: no store is configured")
}

func TestAFileThatIsNotTextIsRefused(t *testing.T) {
	_, err := config.Parse("f.yaml", []byte("nats: {url: \xff}"), nil, nil)
	wantError(t, err, "f.yaml: is not UTF-8 text")
	_, err = config.Parse("f.yaml", make([]byte, 2<<20), nil, nil)
	wantError(t, err, "f.yaml: is larger than 1 MiB")
}

func TestAllProblemsAreFoundInOneGo(t *testing.T) {
	_, err := config.Parse("f.yaml", []byte("stores:\n  main: {nme: x, urll: y}\nholdout: 3\nredis: {ur: z}\n"), nil, nil)
	want := []string{
		`f.yaml:2:10: stores.main.nme: unknown key; did you mean "name"?`,
		`f.yaml:2:18: stores.main.urll: unknown key; did you mean "url"?`,
		`f.yaml:3:10: holdout: "3" is not a percentage; write for example 10%`,
		`f.yaml:4:9: redis.ur: unknown key; did you mean "url"?`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), fmt.Sprint(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok || p.Line != 2 || p.Column != 10 || p.Key != "stores.main.nme" {
		t.Errorf("first problem is %#v", p)
	}
}

func TestWarningsNameWhatIsWrittenInAnotherWayNow(t *testing.T) {
	c := parse(t, `
holdout: 10%
templates: {source: dir}
workers: {thank-you: {after: 1h}}
stores: {main: {`+store+`, pacing: {quiet_hours: {from: "22:00"}, throughput: {per_domain: {gmx.de: 5}}}}}
`)
	want := []string{"templates.source: dir is called files now; it means the same"}
	if diff := cmp.Diff(want, c.Warnings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"thank-you"}, sortedKeys(c.Workers)); diff != "" {
		t.Errorf("workers (-want +got):\n%s", diff)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}
