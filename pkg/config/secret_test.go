package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"homing/pkg/config"
)

func TestSecretsAreNeverPrinted(t *testing.T) {
	const secret = "hunter2-hunter2-hunter2-hunter2-hunter2"
	c := parse(t, `
nats: {url: "nats://ann:hunter2@a:4222,nats://hunter2@b:4222"}
redis: {url: "redis+sentinel://:hunter2@a,b/main?sentinel_password=hunter2&db=3"}
smtp: {url: "smtp://ann:hunter2@relay.example:587"}
secret: `+secret+`
link_keys: [{id: k1, secret_file: `+write(t, secret)+`}]
stores: {main: {`+store+`, smtp: {url: "smtps://bob:hunter2@own.example"}}}
`)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.Secret.Reveal() != secret || c.SMTP.URL.Reveal() != "smtp://ann:hunter2@relay.example:587" {
		t.Fatal("Reveal does not reveal")
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{string(asJSON), string(asYAML)}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed = append(printed, fmt.Sprintf(format, c), fmt.Sprintf(format, *c), fmt.Sprintf(format, c.Secret),
			fmt.Sprintf(format, c.SMTP), fmt.Sprintf(format, &c.LinkKeys[0]), fmt.Sprintf(format, c.Stores))
	}
	for _, text := range printed {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("shows a secret: %s", text)
		}
	}
	if want := `"nats://ann:<secret>@a:4222,nats://<secret>@b:4222"`; !strings.Contains(string(unescape(asJSON)), want) {
		t.Errorf("JSON lacks %s: %s", want, unescape(asJSON))
	}
	if want := "secret: <secret>\n"; !strings.Contains(string(asYAML), want) {
		t.Errorf("YAML lacks %s:\n%s", want, asYAML)
	}
}

func unescape(b []byte) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
}

func TestURLsPrintWithoutTheirPassword(t *testing.T) {
	for u, want := range map[config.URL]string{
		"":                                     "",
		"nats://127.0.0.1:4222":                "nats://127.0.0.1:4222",
		"nats://ann:pw@h:4222":                 "nats://ann:<secret>@h:4222",
		"nats://token@h:4222":                  "nats://<secret>@h:4222",
		"nats://a:p,w@h1:4222, tls://b:pw@h2":  "nats://a:<secret>@h1:4222, tls://b:<secret>@h2",
		"nats://a:pw@h1,h2:4222":               "nats://a:<secret>@h1,h2:4222",
		"redis://:pw@h:6379/0":                 "redis://:<secret>@h:6379/0",
		"redis://h/0?password=pw&db=1":         "redis://h/0?password=<secret>&db=1",
		"smtp://ann@h":                         "smtp://ann@h",
		"smtp://ann:p@w:x@h:587":               "smtp://ann:<secret>@h:587",
		"smtp://ann:p/w?#x@h:587":              "smtp://ann:<secret>@h:587",
		"ann:pw@h":                             "<secret>",
		"redis+cluster://:p,w@h1:7000,h2:7001": "redis+cluster://:<secret>@h1:7000,h2:7001",
	} {
		if got := u.String(); got != want {
			t.Errorf("%s prints as %s, want %s", u.Reveal(), got, want)
		}
	}
}

func TestAddressesOfServers(t *testing.T) {
	for _, text := range []string{
		`nats: {url: "nats://a:4222,b:4222"}`, `nats: {url: "nats://u:p@a, tls://b"}`, `nats: {url: "wss://a/path"}`,
		`redis: {url: "rediss://u:p@h:6379/2"}`, `redis: {url: "redis+sentinel://h1,h2:26379/main"}`,
		`redis: {url: "redis+cluster://:p,w@h1:7000,h2:7001"}`, `redis: {url: "redis://[::1]:6379"}`,
		`smtp: {url: "smtps://u%40h:p%2Fw@h"}`, `smtp: {url: "smtp+insecure://mail_catcher:25"}`,
	} {
		if err := parse(t, text+"\nstores: {main: {"+store+"}}").Validate(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
