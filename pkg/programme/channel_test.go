package programme_test

import (
	"strings"
	"testing"

	"homing/pkg/config"
	"homing/pkg/programme"
)

func TestAWorkerGoesByAChannelThatThereIs(t *testing.T) {
	const store = `stores: {main: {name: N, url: "https://s.example", from: a@s.example, postal_address: P, currency: EUR, consent: {double_opt_in: true}}}
`
	const sms = `channels: {sms: {url: "https://sms.example/", consent: email}}
`
	for _, c := range []struct{ yaml, fault string }{
		{sms + `workers: {thank-you: {channel: sms}}`, ""},
		{sms + `workers: {thank-you: {channel: smss}}`, `workers.thank-you (store main): channel: there is no channel "smss"; did you mean "sms"?`},
		{sms + `workers: {thank-you: {channel: letters}}`, `there is no channel "letters"; there are sms`},
		{`workers: {thank-you: {channel: sms}}`, `there is no channel "sms"; describe it under channels`},
		{sms + `workers: {double-opt-in: {channel: sms}}`, "can only do that by email"},
	} {
		parsed, err := config.Parse("f", []byte(store+c.yaml), nil, programme.WorkerNames())
		if err != nil {
			t.Fatal(err)
		}
		stores, err := programme.Open(parsed, nil)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: %v, want %s", c.yaml, err, c.fault)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if p := stores["main"].Worker("thank-you").Policy; p.Channel != "sms" || p.ChannelConsent != config.ConsentEmail {
			t.Errorf("%+v", p)
		}
		if scopes := programme.Scopes(parsed); scopes[len(scopes)-1] != "channel-sms" || len(scopes) != len(programme.Kinds)+1 {
			t.Errorf("%v", scopes)
		}
	}
}
