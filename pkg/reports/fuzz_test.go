package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homing/pkg/feedback"
)

// What a provider says is read whatever it is, and nothing follows from what isn't there.
func FuzzSays(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"eventType":"Bounce","bounce":{"bounceType":5,"bouncedRecipients":[null,{}]},"mail":{"tags":{"homing":[5]}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		o := objectOf(b)
		all := []feedback.Report{}
		for _, s := range sesSays(string(b)).said {
			all = append(all, s.Report)
		}
		for _, says := range []func(object) (feedback.Report, bool){sendGridSays, mailgunSays, postmarkSays} {
			r, _ := says(o)
			all = append(all, r)
		}
		for _, r := range all {
			if o == nil && (r.Kind != feedback.Unknown || r.Means() != feedback.Unsaid) {
				t.Errorf("%q says %+v", b, r)
			}
			for _, x := range r.Recipients {
				if len(x.Words) > 200 || strings.ContainsAny(x.Words, "@\r\n\x00") {
					t.Errorf("words %q", x.Words)
				}
			}
		}
	})
}

// Nothing but an address of SNS in the topic's region is ever fetched.
func FuzzOfSNS(f *testing.F) {
	const topic = "arn:aws:sns:eu-west-1:123456789012:emails"
	f.Add("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem")
	f.Add("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription")
	f.Add("https://a@sns.eu-west-1.amazonaws.com:443/x")
	f.Fuzz(func(t *testing.T, address string) {
		for _, path := range []string{"cert", "subscribe"} {
			p := certificatePath
			if path == "subscribe" {
				p = subscribePath
			}
			if ofSNS(address, topic, p) == nil && !strings.HasPrefix(strings.ToLower(address), "https://sns.eu-west-1.amazonaws.com/") {
				t.Errorf("%q is let through", address)
			}
		}
	})
}
