package config_test

import (
	"strings"
	"testing"
	"time"

	"homing/pkg/config"
)

func TestAStoreChangesKeysOfAChannel(t *testing.T) {
	c := parse(t, `
channels:
  sms: {url: "http+insecure://sms:8080/homing", secret_file: testdata/whsec, fields: [locale], timeout: 20s}
stores:
  main: {`+store+`}
  other: {`+store+`, channels: {sms: {url: "https://sms.example/other", per_second: 0}, letters: {url: "https://letters.example", secret_file: testdata/whsec}}}
`)
	if err := c.Channels.Validate(); err != nil {
		t.Fatal(err)
	}
	main, other := c.Stores["main"].Channels, c.Stores["other"].Channels
	if len(main) != 1 || main["sms"].Endpoint() != "http://sms:8080/homing" || main["sms"].PerSecond != 10 || main["sms"].Consent != "explicit" {
		t.Errorf("%+v", main)
	}
	if sms := other["sms"]; len(other) != 2 || sms.Endpoint() != "https://sms.example/other" || sms.Timeout != 20*time.Second || sms.PerSecond != 0 || sms.Fields[0] != "locale" {
		t.Errorf("%+v", other)
	}
	for _, of := range []config.Channels{main, other} {
		for name, ch := range of {
			if keys, err := ch.Keys(); err != nil || len(keys) != 1 || string(keys[0]) != "0123456789abcdef0123456789abcdef" {
				t.Errorf("%s: %v, %d keys", name, err, len(keys))
			}
		}
	}
	said, err := c.Said()
	if err != nil || strings.Contains(string(said), "sms:8080") || strings.Contains(string(said), "whsec") || !strings.Contains(string(said), `"sms"`) {
		t.Errorf("%v: %s", err, said)
	}
}
