package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/templates"
)

// Programs read what doors say, people what pages say; also while NATS and Redis have yet
// to be found.
func TestAGatewayThatStartsAsksToTryAgain(t *testing.T) {
	c := parse(t, `
http: {public_url: "https://mail.shop.example/mail", gateway: "127.0.0.1:0", listen: "127.0.0.1:0"}
nats: {url: "nats://127.0.0.1:1"}
redis: {url: "redis://127.0.0.1:1"}
workers: {`+others+`}`)
	a, err := app.New(app.Options{Config: c, Roles: []string{app.RoleGateway}, Log: zap.NewNop(), Templates: templates.Files})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(t.Context()) })
	for path, inJSON := range map[string]bool{
		"/mail/v1/events": true, "/mail/in/shopify/main": true, "/mail/in/medusa/main": true,
		"/mail/reports/mailgun": false, "/mail/u/x": false,
	} {
		res, err := http.Post("http://"+a.GatewayAddr()+path, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		var says struct{ Error string }
		err = json.NewDecoder(res.Body).Decode(&says)
		_ = res.Body.Close()
		if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
		if is := err == nil && says.Error != "" && res.Header.Get("Content-Type") == "application/json"; is != inJSON {
			t.Errorf("%s: %v %q %v", path, err, says.Error, res.Header)
		}
	}
}
