package returnpath_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"homing/pkg/customer"
	"homing/pkg/returnpath"
)

// What providers allow: SES's tags have letters, digits, - and _, Postmark's metadata 80
// bytes, the others JSON.
func TestAHeaderTellsAProviderTheCode(t *testing.T) {
	s, err := returnpath.New(strings.Repeat("s", 32))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := customer.NewIdentity(strings.Repeat("s", 32))
	if err != nil {
		t.Fatal(err)
	}
	e := returnpath.Of(ids.Key("main", "ann"), ids.Address("main", "ann@customer.example"), "t.1")
	code := s.Code(e)
	for _, provider := range append(returnpath.Providers, "", "other") {
		name, value := returnpath.Header(provider, code)
		if known := provider != "" && provider != "other"; known != (name != "") || known != (value != "") {
			t.Fatalf("%q: %q: %q", provider, name, value)
		}
		back := value
		switch provider {
		case returnpath.SES:
			if !regexp.MustCompile(`^homing=[A-Za-z0-9_-]{1,256}$`).MatchString(value) {
				t.Error(value)
			}
			back = strings.TrimPrefix(value, "homing=")
		case returnpath.SendGrid:
			var v struct {
				Args map[string]string `json:"unique_args"`
			}
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				t.Error(err)
			}
			back = v.Args["homing"]
		case returnpath.Mailgun:
			var v map[string]string
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				t.Error(err)
			}
			back = v["homing"]
		case returnpath.Postmark:
			if len(value) > 80 {
				t.Error(value)
			}
		default:
			continue
		}
		if len(name)+len(value) > 200 || strings.ContainsAny(value, " \r\n") {
			t.Errorf("%s: %s could be folded", name, value)
		}
		if got, err := s.ReadCode(back, []string{"main"}); err != nil || got != e {
			t.Errorf("%s: %+v, %v", provider, got, err)
		}
		if _, v := returnpath.Header(provider, ""); v != "" {
			t.Errorf("%s without a code: %s", provider, v)
		}
	}
	for _, bad := range []string{"", code[1:], code + "a", "a" + code[1:], code + "@" + code} {
		if _, err := s.ReadCode(bad, []string{"main"}); err == nil && bad != code+"@"+code {
			t.Errorf("%q is read", bad)
		}
	}
}
