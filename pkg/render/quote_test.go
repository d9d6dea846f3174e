package render

import (
	"strings"
	"testing"
)

func TestWhatMayBeQuotedOfAText(t *testing.T) {
	for text, want := range map[string]string{
		"Lovely with milk.":                    "Lovely with milk.",
		"  Two\nlines,\tand \u202emore\u202c ": "Two lines, and more",
		"10/10, and/or more; 3 * 250 g.":       "10/10, and/or more; 3 * 250 g.",
		"我每天早上都喝":                              "我每天早上都喝",
		strings.Repeat("a", 300):               strings.Repeat("a", 300),
		strings.Repeat("a", 301):               "",
		strings.Repeat("a ", 5000):             "",
		"":                                     "",
		"!!! 5":                                "",
		"See https://other.example/":           "",
		"See other.example":                    "",
		"See other\uff0eexample":               "",
		"Write to ann@other.example":           "",
		"Write to ann\uff20other":              "",
		"Call 0151 / 23 45 67":                 "",
		"<b>Buy</b> now":                       "",
		"[now](now)":                           "",
	} {
		if got, ok := Quotation(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}

// What somebody wrote is shown as they wrote it, and is nothing but text.
func TestAQuoteIsText(t *testing.T) {
	set := shipped(t)
	d := set.Samples("cart-recovery/second")[0].Data
	for text, want := range map[string][2]string{
		`Mum said "& more!" & I'd agree`: {"Mum said &#34;&amp; more!&#34; &amp; I&#39;d agree", `Mum said "& more!" & I'd agree`},
		"{{.Store.URL}} it is":           {},
		"Buy at https://evil.example":    {},
	} {
		d.Quote = &Quote{Text: text, Name: "Bea", Stars: 5}
		out, err := set.Render("cart-recovery/second", d)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Join(strings.Fields(out.Text), " ")
		if shown := strings.Contains(out.HTML, "Bea"); shown != (want[0] != "") || !strings.Contains(out.HTML, want[0]) || !strings.Contains(words, want[1]) {
			t.Errorf("%q: shown %v\n%s\n%s", text, shown, out.HTML, words)
		}
	}
}

func TestAQuoteIsFramedInEveryLanguage(t *testing.T) {
	set := shipped(t)
	d := set.Samples("cart-recovery/second")[0].Data
	for lang, want := range map[string]string{
		"en": "From a customer who bought it Worth the wait “Just right.” ★★★★☆ Bea, about Regency cake stand, three tiers",
		"de": "Aus einer Bewertung nach dem Kauf Worth the wait „Just right.“ ★★★★☆ Bea, über Regency cake stand, three tiers",
		"fr": "Un avis après achat Worth the wait «\u00a0Just right.\u00a0» ★★★★☆ Bea, à propos de Regency cake stand, three tiers",
		"es": "Una opinión tras la compra Worth the wait «Just right.» ★★★★☆ Bea, sobre Regency cake stand, three tiers",
	} {
		d.Quote = nil
		d.Quoting = func(language string) *Quote {
			if language != lang {
				t.Errorf("asked in %q, not %q", language, lang)
			}
			return &Quote{Text: "Just right.", Title: "Worth the wait", Name: "Bea", Stars: 4, Product: "Regency cake stand, three tiers"}
		}
		d.Customer.Locale = lang
		out, err := set.Render("cart-recovery/second", d)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.NewReplacer("\n", " ", "  ", " ").Replace(strings.ReplaceAll(out.Text, "\n\n", "\n"))
		if !strings.Contains(words, want) {
			t.Errorf("%s: want %q in\n%s", lang, want, words)
		}
	}
}
