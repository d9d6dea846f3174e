package app_test

import (
	"strings"
	"testing"

	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/link"
	"homing/pkg/programme"
	"homing/templates"
)

const secret = "a secret that only tests use, 32+ bytes"

func parse(t *testing.T, yaml string) *config.Config {
	t.Helper()
	c, err := config.Parse("test", []byte(`
stores: {main: {name: N, url: "https://s.example", from: a@s.example, postal_address: P, currency: EUR}}
`+yaml), nil, programme.WorkerNames())
	if err != nil {
		t.Fatal(err)
	}
	c.Secret = secret
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// others switches off what would want a way out as well.
var others = func() string {
	var out []string
	for _, name := range programme.WorkerNames() {
		if name != "thank-you" {
			out = append(out, name+": {status: off}")
		}
	}
	return strings.Join(out, ", ")
}()

func TestMarketingNeedsAWayOut(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"marketing, no address", `workers: {` + others + `, thank-you: {class: marketing}}`, "http.public_url: is empty, and marketing mail needs a way out (thank-you)"},
		{"paused", `workers: {` + others + `, thank-you: {class: marketing, status: paused}}`, "http.public_url"},
		{"shadow", `workers: {` + others + `, thank-you: {class: marketing, status: shadow}}`, "http.public_url"},
		{"off", `workers: {` + others + `, thank-you: {class: marketing, status: off}}`, ""},
		{"transactional", `workers: {` + others + `}`, ""},
		{"an address", "http: {public_url: \"https://mail.shop.example\"}\nworkers: {thank-you: {class: marketing}}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := parse(t, c.yaml)
			_, err := app.New(app.Options{Config: config, Log: zap.NewNop(), Templates: templates.Files})
			for _, err := range []error{err, app.Check(config, nil)} {
				switch {
				case c.want == "" && err != nil:
					t.Error(err)
				case c.want != "" && (err == nil || strings.Count(err.Error(), c.want) != 1):
					t.Errorf("%v\nwant, once: %s", err, c.want)
				}
			}
		})
	}
}

func TestTheGatewayNeedsAnAddress(t *testing.T) {
	c := parse(t, `workers: {`+others+`}`)
	_, err := app.New(app.Options{Config: c, Roles: []string{app.RoleGateway}, Log: zap.NewNop(), Templates: templates.Files})
	if err == nil || !strings.Contains(err.Error(), "http.public_url: is empty") {
		t.Error(err)
	}
}

// Every worker there is has a name that a link can carry.
func TestALinkCanBeMadeForEveryWorker(t *testing.T) {
	id, err := customer.NewIdentity(secret)
	if err != nil {
		t.Fatal(err)
	}
	s, err := link.New("https://mail.shop.example", []link.Key{{ID: link.DerivedKey, Secret: secret}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range programme.WorkerNames() {
		if s.URL(link.Link{Purpose: link.Unsubscribe, Customer: id.Key("main", "ann"), Worker: name}) == "" {
			t.Errorf("no mail of %s has a way out", name)
		}
	}
}
