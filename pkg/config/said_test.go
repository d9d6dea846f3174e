package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/config"
)

// What a process says of its configuration is read back to the same decisions, and has
// nothing that reaches a server or lets anybody in.
func TestWhatAProcessSaysDecidesTheSame(t *testing.T) {
	example, err := os.ReadFile("../../configs/homing.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const more = `
secret: "a secret of ours, made for this test"
nats: {url: "nats://user:hidden1@nats.internal:4222"}
redis: {url: "redis://user:hidden2@redis.internal:6379/0"}
smtp: {url: "smtps://user:hidden3@relay.internal:465"}
http: {public_url: "https://mail.shop.example"}
holdout: 5%
recipients_allow: ["@shop.example"]
workers: {thank-you: {status: live, after: 90m}, win-back: {status: shadow}}
stores:
  main:
    name: Tea & More
    url: https://shop.example
    from: Tea <tea@shop.example>
    postal_address: "1 Lane, Leeds"
    time_zone: Europe/London
    pacing: {quiet_hours: {from: "21:00", to: "09:30"}, throughput: {warm_up: {start: 2026-06-01, per_day: [100, 1000]}}}
    workers: {thank-you: {after: 2h}}
  jp: {name: J, url: "https://j.example", from: j@j.example, postal_address: X, locale: ja, currency: JPY}
`
	for name, text := range map[string]string{"the example": string(example), "with secrets": more} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse("homing.yaml", []byte(text), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			said, err := c.Said()
			if err != nil {
				t.Fatal(err)
			}
			for _, hidden := range []string{"hidden", ".internal", "a secret of ours"} {
				if strings.Contains(string(said), hidden) {
					t.Errorf("it says %q: %s", hidden, said)
				}
			}
			again, err := config.Parse("said", said, nil, nil)
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			for id, store := range again.Stores { // how mail leaves is not said
				store.SMTP, store.DKIM = c.Stores[id].SMTP, c.Stores[id].DKIM
				again.Stores[id] = store
			}
			is, want := again.Hashes(), c.Hashes()
			for _, unsaid := range []string{"nats", "redis", "smtp", "http", "feedback", "console", "link_keys", "tracing", "templates", "secret"} {
				delete(is, unsaid)
				delete(want, unsaid)
			}
			if d := cmp.Diff(want, is); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}
