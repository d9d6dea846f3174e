package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"homing/pkg/config"
	"homing/pkg/render"
)

func TestCheckWarnsOfAnExampleAndOfAnotherLanguage(t *testing.T) {
	set, err := render.Load(os.DirFS("../../templates"))
	if err != nil {
		t.Fatal(err)
	}
	own := config.Store{URL: "https://shop.test/example", From: "Tea <tea@shop.test>", PostalAddress: "2 Example Street", Locale: "en-GB"}
	for _, c := range []struct {
		name string
		edit func(*config.Store)
		want string
	}{
		{"a shop of one's own", func(*config.Store) {}, ""},
		{"the example's address", func(s *config.Store) { s.URL, s.PostalAddress = "https://shop.example/", "1 High Street, Exampleton" }, "of the example shop: url, postal_address"},
		{"its sender", func(s *config.Store) { s.From = "Tea <tea@shop.example>" }, "of the example shop: from"},
		{"another language", func(s *config.Store) { s.Locale = "it_CH" }, fmt.Sprintf("the store's language is it, and %d emails are written in en", len(set.Names()))},
	} {
		s := own
		c.edit(&s)
		with := &config.Config{Stores: map[string]config.Store{"main": s}}
		var got []string
		for _, f := range append(checkExample(with), checkLanguages(with, set)...) {
			got = append(got, f.Level+" "+f.Key+": "+f.Text)
		}
		if all := strings.Join(got, "\n"); c.want == "" && all != "" || !strings.Contains(all, c.want) || len(got) > 1 {
			t.Errorf("%s:\n%s", c.name, all)
		}
	}
}
