package config_test

import (
	"strings"
	"testing"

	"homing/pkg/brand"
	"homing/pkg/config"
)

func TestAStoreHasABrandAndWhatItLeavesOutIsTheDefault(t *testing.T) {
	c := parse(t, `stores: {main: {`+store+`, brand: {colors: {accent: "#7a1f3d"}, social: [{name: Instagram, url: "https://instagram.example/shop"}]}}, other: {`+store+`}}`)
	want := brand.Default()
	want.Colors.Accent, want.Social = "#7a1f3d", []brand.Social{{Name: "Instagram", URL: "https://instagram.example/shop"}}
	if got := c.Stores["main"].Brand; got.Colors != want.Colors || got.Fonts != want.Fonts || got.Social[0] != want.Social[0] {
		t.Errorf("%+v", got)
	}
	if got := c.Stores["other"].Brand.Colors; got != brand.Default().Colors {
		t.Errorf("%+v", got)
	}
}

func TestAFaultOfABrandNamesItsKey(t *testing.T) {
	for value, want := range map[string]string{
		`{colors: {accent: green}}`:                  `stores.main.brand.colors.accent: "green" is not a colour`,
		`{colors: {ink: "#aaa"}}`:                    "stores.main.brand.colors.ink: #aaaaaa on colors.card #ffffff has a contrast of 2.3:1",
		`{logo: {url: "http://shop.example/a.png"}}`: "stores.main.brand.logo.url: ",
		`{fonts: {text: "Comic Sans"}}`:              "stores.main.brand.fonts.text: ",
	} {
		c, err := config.Parse("homing.yaml", []byte(`stores: {main: {`+store+`, brand: `+value+`}}`), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestALinkOfOffersLeadsWhereEmailsMay(t *testing.T) {
	for value, want := range map[string]string{
		`https://shop.example/d/{code}?redirect={path}`: "",
		`https://www.shop.example/d/{code}`:             "",
		`https://shop.example/d`:                        "has no {code}",
		`https://shop.example/{code}/{name}`:            "something in braces other than {code} and {path}",
		`/d/{code}`:                                     "is not an absolute address",
		`https://evil.example/{code}`:                   "stores.main.offers.link: leads to evil.example",
		`https://{code}.shop.example/`:                  "leads to code.shop.example",
	} {
		c, err := config.Parse("homing.yaml", []byte(`stores: {main: {`+store+`, link_hosts: [shop.example], offers: {link: "`+value+`"}}}`), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", value, err)
		}
	}
}
