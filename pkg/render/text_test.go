package render

import (
	"bytes"
	htmltemplate "html/template"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"homing/events"
)

func in(t testing.TB, tag string) *locale {
	t.Helper()
	l, ok := parseTag(tag)
	if !ok {
		t.Fatalf("%s is no locale", tag)
	}
	return newLocale(l, l, "")
}

func TestMoney(t *testing.T) {
	for _, tc := range []struct {
		locale, want string
		minor        int64
		currency     string
	}{
		{"en-GB", "£12.95", 1295, "GBP"},
		{"en-GB", "£0.05", 5, "GBP"},
		{"en-GB", "£0.00", 0, "GBP"},
		{"en-GB", "-£3.00", -300, "GBP"},
		{"en-GB", "£1,234,567.89", 123456789, "GBP"},
		{"en-GB", "", 1295, ""},
		{"en", "¥1,980", 1980, "JPY"},
		{"en", "BHD\u00a01.250", 1250, "BHD"},
		{"en", "CHF\u00a012.95", 1295, "CHF"},
		{"en", "XTS\u00a01.00", 100, "XTS"},
		{"en", "Cg.\u00a01.00", 100, "XCG"},
		{"en-IN", "₹12,34,567.00", 123456700, "INR"},
		{"en", "€92,233,720,368,547,758.07", math.MaxInt64, "EUR"},
		{"en", "-€92,233,720,368,547,758.08", math.MinInt64, "EUR"},
		{"de", "12,95\u00a0€", 1295, "EUR"},
		{"de", "1.234,00\u00a0€", 123400, "EUR"},
		{"de-AT", "€\u00a01.234,50", 123450, "EUR"},
		{"de-CH", "CHF\u00a01'234.00", 123400, "CHF"},
		{"fr", "1\u202f234,50\u00a0€", 123450, "EUR"},
		{"fr-CH", "1\u202f234.50\u00a0CHF", 123450, "CHF"},
		{"es", "1234,50\u00a0€", 123450, "EUR"},
		{"nl", "€\u00a012,95", 1295, "EUR"},
		{"nl", "€\u00a0-12,95", -1295, "EUR"},
		{"pt-BR", "R$\u00a012,95", 1295, "BRL"},
		{"pl", "12,95\u00a0zł", 1295, "PLN"},
		{"sv", "−12,95\u00a0kr", -1295, "SEK"},
		{"no", "12,95\u00a0kr", 1295, "NOK"},
		{"hu", "12\u00a0950\u00a0Ft", 1295000, "HUF"}, // ISO 4217 has two digits, people none
		{"hu", "13\u00a0Ft", 1250, "HUF"},
		{"hu", "12\u00a0Ft", 1249, "HUF"},
		{"ja", "￥1,980", 1980, "JPY"},
		{"ar-EG", "\u200f١٢٫٩٥\u00a0€", 1295, "EUR"},
		{"ar", "\u200f12.95\u00a0€", 1295, "EUR"},
	} {
		if got := in(t, tc.locale).money(events.Money{Minor: tc.minor, Currency: tc.currency}); got != tc.want {
			t.Errorf("%s %d %s: %+q, want %+q", tc.locale, tc.minor, tc.currency, got, tc.want)
		}
	}
}

// A shop's own dollars are $; any others must not be taken for them.
func TestOnlyTheStoresOwnCurrencyHasItsNarrowSign(t *testing.T) {
	for _, tc := range []struct{ locale, home, currency, want string }{
		{"en-CA", "CAD", "CAD", "$12.95"}, {"en-CA", "CAD", "USD", "US$12.95"}, {"en-CA", "USD", "USD", "$12.95"},
		{"en-US", "USD", "CAD", "CA$12.95"}, {"en", "SEK", "SEK", "kr\u00a012.95"}, {"en", "USD", "SEK", "SEK\u00a012.95"},
		{"ro", "RON", "RON", "12,95\u00a0lei"}, {"de", "EUR", "AUD", "12,95\u00a0AU$"},
	} {
		tag, _ := parseTag(tc.locale)
		got := newLocale(tag, tag, tc.home).money(events.Money{Minor: 1295, Currency: tc.currency})
		if got != tc.want {
			t.Errorf("%s of %s in %s: %+q, want %+q", tc.currency, tc.home, tc.locale, got, tc.want)
		}
	}
}

// An email in another language than the store's writes dates as that language does
// where the store is.
func TestDatesOfAnotherLanguageAreThoseOfTheStoresRegion(t *testing.T) {
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct{ template, store, customer, want string }{
		{"en", "de-DE", "", "1 March 2026"}, {"en", "en-US", "", "March 1, 2026"}, {"en", "", "", "March 1, 2026"},
		{"en", "en-GB", "", "1 March 2026"}, {"en-US", "de-DE", "", "March 1, 2026"}, {"en", "de", "", "March 1, 2026"},
		{"", "de-AT", "", "1. März 2026"}, {"de", "de", "de-AT", "1. März 2026"}, {"", "sr-ME", "", "1. mart 2026."},
	} {
		m := &mail{}
		m.lang, _ = parseTag(tc.template)
		numbers, text := m.tags(localeKey{store: tc.store, customer: tc.customer})
		if got := newLocale(numbers, text, "").date(day); got != tc.want {
			t.Errorf("%q for a store in %q: %q, want %q", tc.template, tc.store, got, tc.want)
		}
	}
}

func TestTimesNeverOverflows(t *testing.T) {
	eur := func(n int64) events.Money { return events.Money{Minor: n, Currency: "EUR"} }
	for _, tc := range []struct {
		m    events.Money
		n    int
		want events.Money
	}{
		{eur(250), 3, eur(750)},
		{eur(0), 3, eur(0)},
		{eur(math.MaxInt64), 1, eur(math.MaxInt64)},
		{eur(math.MaxInt64), 2, events.Money{}},
		{eur(1 << 40), 1 << 40, events.Money{}},
		{eur(-1), 2, events.Money{}},
		{eur(1), -2, events.Money{}},
	} {
		if got := times(tc.m, tc.n); got != tc.want {
			t.Errorf("%v × %d = %v, want %v", tc.m, tc.n, got, tc.want)
		}
	}
}

func TestDates(t *testing.T) {
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for tag, want := range map[string]string{
		"en": "March 1, 2026", "en-US": "March 1, 2026", "en-GB": "1 March 2026", "de-AT": "1. März 2026", "es": "1 de marzo de 2026",
		"fr-CA": "1 mars 2026", "pl": "1 marca 2026", "ja": "2026年3月1日", "sw": "1 Machi 2026", "th": "1 มีนาคม 2569",
		"tlh": "2026-03-01", // of a language that nothing is known of
	} {
		if got := in(t, tag).date(day); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
	if got := in(t, "en").date(time.Time{}); got != "" {
		t.Errorf("the zero time: %q", got)
	}
}

func TestDaysAndPercentages(t *testing.T) {
	tuesday := time.Date(2026, 3, 3, 23, 59, 59, 0, time.UTC)
	for tag, want := range map[string]string{
		"en": "Tuesday, March 3 10%", "en-US": "Tuesday, March 3 10%", "en-GB": "Tuesday 3 March 10%", "de": "Dienstag, 3. März 10\u00a0%",
		"fr": "mardi 3 mars 10\u00a0%", "da": "tirsdag 3. marts 10\u00a0%", "ja": "3月3日火曜日 10%", "ko": "3월 3일 화요일 10%",
		"tr": "3 Mart Salı %10", "sw": "Jumanne, 3 Machi 10%", "ar": "الثلاثاء، 3 مارس 10\u200e%\u200e",
	} {
		l := in(t, tag)
		if got := l.day(tuesday) + " " + l.worth(10, events.Money{}); got != want {
			t.Errorf("%s: %+q, want %+q", tag, got, want)
		}
	}
	if got := in(t, "en").day(time.Time{}); got != "" {
		t.Errorf("the zero time: %q", got)
	}
}

func TestRoundMoney(t *testing.T) {
	for want, m := range map[string]events.Money{
		"£5": {Minor: 500, Currency: "GBP"}, "£5.50": {Minor: 550, Currency: "GBP"}, "£0.05": {Minor: 5, Currency: "GBP"}, "£1,000": {Minor: 100000, Currency: "GBP"},
		"¥1,500": {Minor: 1500, Currency: "JPY"}, "BHD\u00a05": {Minor: 5000, Currency: "BHD"}, "": {Minor: 500}, "£92,233,720,368,547,758.07": {Minor: math.MaxInt64, Currency: "GBP"},
	} {
		if got := in(t, "en").roundMoney(m); got != want {
			t.Errorf("%v: %q, want %q", m, got, want)
		}
	}
}

func TestOrdinalsAndPlurals(t *testing.T) {
	en := in(t, "en")
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 100: "100th", 111: "111th", 1002: "1,002nd"} {
		if got := en.ordinal(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := in(t, "de").ordinal(10) + " " + in(t, "fr").ordinal(1) + " " + in(t, "sv").ordinal(21); got != "10. 1re 21:a" {
		t.Error(got)
	}
	items := []string{"item", "items"}
	if en.plural(1, items) != "item" || en.plural(0, items) != "items" || in(t, "fr").plural(0, items) != "item" {
		t.Error("plural")
	}
	for _, n := range []int{-76, -1, math.MinInt, math.MaxInt} {
		if got := en.plural(n, items); (got == "item") != (n == -1) {
			t.Errorf("%d %s", n, got)
		}
	}
}

func TestALanguageHasTheFormsItNeeds(t *testing.T) {
	polish := []string{"one", "plik", "few", "pliki", "many", "plików"}
	czech := []string{"one", "soubor", "few", "soubory", "other", "souborů"}
	arabic := []string{"zero", "0", "one", "1", "two", "2", "few", "3", "many", "11", "other", "100"}
	for _, c := range []struct {
		tag   string
		forms []string
		want  map[int]string
	}{
		{"pl", polish, map[int]string{0: "plików", 1: "plik", 2: "pliki", 4: "pliki", 5: "plików", 12: "plików", 22: "pliki", 101: "plików"}},
		{"ru", []string{"one", "файл", "few", "файла", "many", "файлов"}, map[int]string{1: "файл", 3: "файла", 11: "файлов", 21: "файл", 25: "файлов"}},
		{"cs", czech, map[int]string{1: "soubor", 3: "soubory", 5: "souborů", 22: "souborů"}},
		{"ar", arabic, map[int]string{0: "0", 1: "1", 2: "2", 7: "3", 50: "11", 200: "100"}},
		{"en", polish, map[int]string{1: "plik", 2: "plików"}}, // the last is for what has no form
		{"ja", czech, map[int]string{1: "souborů", 2: "souborů"}},
		{"pl", []string{"plik", "pliki"}, map[int]string{1: "plik", 2: "pliki", 5: "pliki"}},
		{"pl", nil, map[int]string{1: ""}},
	} {
		for n, want := range c.want {
			if got := in(t, c.tag).plural(n, c.forms); got != want {
				t.Errorf("%s: %d %s, want %s", c.tag, n, got, want)
			}
		}
	}
}

func TestDirection(t *testing.T) {
	for tag, want := range map[string]string{"en": "ltr", "ar": "rtl", "he-IL": "rtl", "fa": "rtl", "ur": "rtl", "ja": "ltr", "az-Arab": "rtl"} {
		if got := direction(language.MustParse(tag)); got != want {
			t.Errorf("%s: %s", tag, got)
		}
	}
}

func TestLine(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"Ann", "Ann"}, {"", ""}, {"  Ann \t\r\n Archer ", "Ann Archer"}, {"a\x00b", "a b"}, {"a\u202eb", "ab"},
		{"\xffAnn", "Ann"}, {"José", "José"}, {"می\u200cخواهم", "می\u200cخواهم"}, {"12345678901", "123456789…"},
		{"one two three", "one two…"}, {"ééééééééééé", "ééééééééé…"}, {"12345678e\u0301xxx", "12345678…"},
	} {
		if got := line(tc.in, 10); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.in, got, tc.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s, n := rapid.String().Draw(t, "s"), rapid.IntRange(1, 200).Draw(t, "n")
		got := line(s, n)
		if utf8.RuneCountInString(got) > n || !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00") || line(got, n) != got {
			t.Fatalf("line(%q, %d) = %q", s, n, got)
		}
	})
}

func TestNamesThatAreNone(t *testing.T) {
	for name, want := range map[string]string{
		"Ann": "Ann", "J.R.R.": "J.R.R.", "Jean-Luc": "Jean-Luc", "O'Neil": "O'Neil", "Dr. Who": "Dr. Who", "王小明": "王小明",
		"Win at evil.example": "", "https://evil.example": "", "www.evil.example": "", "a@b": "", "<b>Ann</b>": "", "{{.Store}}": "",
		"Henry 1509": "Henry 1509", "Call 020 79": "", "Dr. Ｗho": "Dr. Ｗho", "evil。example": "", "evil．example": "", "ｅvil.example": "", "½ & Sons": "½ & Sons",
	} {
		if got := PersonName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	long := strings.Repeat("word ", 20)
	url := "https://shop.example/" + strings.Repeat("x", 80)
	for _, tc := range []struct{ in, want string }{
		{"\n\na\n\n\n\nb  \n\n", "a\n\nb\n"},
		{long, strings.TrimSpace(strings.Repeat("word ", 15)) + "\n" + strings.TrimSpace(strings.Repeat("word ", 5)) + "\n"},
		{"- " + long, "- " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n  " + strings.TrimSpace(strings.Repeat("word ", 5)) + "\n"},
		{"see " + url + " now", "see\n" + url + "\nnow\n"},
		{url, url + "\n"},
		{strings.Repeat("é", 76) + " x", strings.Repeat("é", 76) + "\nx\n"},
		{"", ""},
	} {
		if got := string(appendWrapped(nil, []byte(tc.in))); got != tc.want {
			t.Errorf("%q:\n%q, want\n%q", tc.in, got, tc.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.RuneFrom([]rune("ab é-*\n")), 0, 600, -1).Draw(t, "s")
		got := string(appendWrapped(nil, []byte(s)))
		if a, b := strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(s), " "); a != b {
			t.Fatalf("%q became %q", s, got)
		}
		if again := string(appendWrapped(nil, []byte(got))); strings.Contains(got, "\n\n\n") || strings.Join(strings.Fields(again), " ") != strings.Join(strings.Fields(got), " ") {
			t.Fatalf("%q then %q", got, again)
		}
	})
}

// TestEscapersAreHTMLTemplates holds the escapers against the originals, byte for byte.
func TestEscapersAreHTMLTemplates(t *testing.T) {
	for context, esc := range map[string]escaper{
		`<p>{{.}}</p>`: escapeHTML, `<title>{{.}}</title>`: escapeHTML, `<p title="{{.}}"></p>`: escapeHTML,
		`<a href="{{.}}"></a>`: escapeURL, `<a href="/x/{{.}}"></a>`: escapePath, `<a href="/x?y={{.}}"></a>`: escapeQuery,
	} {
		tmpl := htmltemplate.Must(htmltemplate.New("").Parse(context))
		before, after, _ := strings.Cut(context, "{{.}}")
		rapid.Check(t, func(t *rapid.T) {
			s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("aA0:/?#%2f&+'\"<>()é\x00 ~")))).Draw(t, "s")
			var want, got bytes.Buffer
			if err := tmpl.Execute(&want, s); err != nil {
				t.Fatal(err)
			}
			got.WriteString(before)
			esc(&got, s)
			got.WriteString(after)
			if got.String() != want.String() {
				t.Fatalf("%q in %s: %q, want %q", s, context, got.String(), want.String())
			}
		})
	}
}
