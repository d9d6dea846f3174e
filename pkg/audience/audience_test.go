package audience

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddressesAndNamesAreWrittenAsEachPlatformWantsThem(t *testing.T) {
	for _, tc := range []struct {
		name     string
		f        func(string) string
		in, want string
	}{
		{"google, Gmail without dots and plus", googleEmail, " Cloudy.SanFrancisco+shopping@Gmail.com ", "cloudysanfrancisco@gmail.com"},
		{"google, Googlemail as well", googleEmail, "a.b@googlemail.com", "ab@googlemail.com"},
		{"google, elsewhere they stay", googleEmail, "user.name+NYC@Example.com", "user.name+nyc@example.com"},
		{"google, a domain that only ends alike", googleEmail, "a.b@notgmail.com", "a.b@notgmail.com"},
		{"google, spaces within", googleEmail, "a b@example.com", "ab@example.com"},
		{"meta, dots stay at Gmail", metaEmail, " A.B+c@Gmail.com", "a.b+c@gmail.com"},
		{"meta, a name", metaName, " Mary-Ann O’Neil ", "maryannoneil"},
		{"meta, letters that are no ASCII", metaName, "Valéry", "valéry"},
		{"meta, a name in hangul", metaName, "정", "정"},
		{"meta, a country", metaCountry, "DE", "de"},
		{"meta, no country", metaCountry, "Germany", ""},
	} {
		if got := tc.f(tc.in); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestFilesHaveTheColumnsOfThePlatform(t *testing.T) {
	write := func(f Form) string {
		var b strings.Builder
		w, err := NewWriter(&b, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []Member{{Email: "Test@Example.com", FirstName: "Mary", LastName: "", Country: "us"}} {
			if err := w.Add(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	// The digests are those of sha256sum.
	const email, mary, us = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b",
		"6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"
	if d := cmp.Diff("Email\n"+email+"\n", write(Google)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("email,fn,ln,country\n"+email+","+mary+",,"+us+"\n", write(Meta)); d != "" {
		t.Error(d)
	}
	if _, err := NewWriter(&strings.Builder{}, "tiktok"); err == nil || !strings.Contains(err.Error(), "write google") {
		t.Error(err)
	}
}
