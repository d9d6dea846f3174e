package render

import (
	"os"
	"strings"
	"testing"

	"homing/events"
	"homing/pkg/problem"
)

// Nothing is to be said against the emails that Homing comes with, whatever an offer
// in them is worth and in whichever currency.
func TestFiltersHaveNothingAgainstOurEmails(t *testing.T) {
	set, err := Load(os.DirFS("../../templates"))
	if err != nil {
		t.Fatal(err)
	}
	for _, currency := range []string{"GBP", "EUR", "USD", "CHF", "JPY"} {
		store := Store{Name: "Shop", URL: "https://shop.example", PostalAddress: "1 High Street", Locale: "en-GB", Currency: currency, LinkHosts: []string{"shop.example"}}
		for _, a := range set.Advice(store) {
			t.Errorf("%s: %s: %s", currency, a.File, a.Text)
		}
		for _, name := range set.Names() {
			for _, sample := range set.mails[name].samples {
				if sample.Data.Offer == nil {
					continue
				}
				d := sample.Data.clone()
				d.Store = store
				d.Offer.Percent, d.Offer.Amount = 0, events.Money{Minor: 500, Currency: currency}
				out, err := set.Render(name, d)
				if err != nil {
					t.Fatal(err)
				}
				ps := &problems{}
				advise(set.mails[name].all[0], sample.Name, &out, ps)
				if len(ps.list) > 0 {
					t.Errorf("%s with an amount: %s: %s", name, out.Subject, ps.list[0].told.Text)
				}
			}
		}
	}
}

func TestWhatFiltersCountAgainstAnEmailIsAdvisedAgainst(t *testing.T) {
	many := strings.Repeat(`<a href="https://shop.example/x">x</a> `, manyLinks)
	for subject, want := range map[string]string{
		"Still there":               "",
		"Is it still there? We are": "",
		"Still there?":              "question mark",
		"Все ещё там？":              "question mark",
		"$5 off":                    "currency sign",
		"5 € geschenkt":             "currency sign",
		"₹ 500 for you":             "currency sign",
		"5 EUR for you":             "",
		"MANY":                      "50 links",
	} {
		body := "<p>Hello</p>"
		if subject == "MANY" {
			body = many
		}
		ps := &problems{}
		advise(&mail{page: "w/s.html"}, "one", &Mail{Subject: subject, HTML: body}, ps)
		var got []problem.Problem
		for _, f := range ps.list {
			got = append(got, f.told)
		}
		switch {
		case want == "" && len(got) > 0, want != "" && (len(got) != 1 || !strings.Contains(got[0].Text, want) || got[0].File != "w/s.html"):
			t.Errorf("%s: %v, want %q", subject, got, want)
		}
	}
}
