package cldr_test

import (
	"compress/gzip"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"homing/pkg/cldr"
)

// TestIntl compares with what Node's Intl wrote, which has CLDR's data and Unicode's
// own code: numbers, amounts of many currencies, dates and plurals.
func TestIntl(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(intl(t)), "\n")
	head := strings.Split(lines[0], "\t")
	w := &wants{t: t, currencies: strings.Fields(head[3]), amounts: strings.Fields(head[4]), days: strings.Fields(head[7])}
	w.numbers, w.counts = ints(t, head[5]), ints(t, head[6])
	if major := strings.Split(cldr.Version(), ".")[0]; !strings.HasPrefix(head[1], major+".") {
		t.Errorf("CLDR %s is compared with %s; run make intl with a newer Node", cldr.Version(), head[1])
	}
	for _, line := range lines[1:] {
		w.line(strings.Split(line, "\t"))
	}
	if len(lines) < 60 {
		t.Errorf("%d locales", len(lines))
	}
}

// intl reads the file that make intl writes.
func intl(t *testing.T) string {
	t.Helper()
	f, err := os.Open("testdata/intl.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func ints(t *testing.T, s string) []int {
	t.Helper()
	var out []int
	for f := range strings.FieldsSeq(s) {
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

// wants is what one line is about.
type wants struct {
	t                         *testing.T
	currencies, amounts, days []string
	numbers, counts           []int
}

func (w *wants) line(want []string) {
	tag, l := want[0], cldr.Of(want[0])
	next := func() []string {
		want = want[1:]
		return strings.Split(want[0], "|")
	}
	same := func(what, got, want string) {
		if got != want {
			w.t.Errorf("%s %s: %+q (%s), want %+q (%s)", tag, what, got, got, want, want)
		}
	}
	money := func(code, symbol, amount string) string {
		return string(l.AppendMoney(nil, l.Currency(code, symbol), minor(w.t, amount), 3, cldr.Digits(code)))
	}
	for _, code := range w.currencies {
		two := next()
		same(code, money(code, l.Symbol(code), "1234.5"), two[0])
		same(code+" narrow", money(code, l.Narrow(code), "1234.5"), two[1])
	}
	for _, code := range []string{"EUR", "USD", "JPY", "KWD", "HUF", "CHF"} {
		for i, s := range next() {
			same(code+" "+w.amounts[i], money(code, l.Symbol(code), w.amounts[i]), s)
		}
	}
	for i, s := range next() {
		same(strconv.Itoa(w.numbers[i]), string(l.AppendNumber(nil, int64(w.numbers[i]), 0)), s)
	}
	percent := next()
	same("10 %", string(l.AppendPercent(nil, 10, 0)), percent[0])
	same("1250 %", string(l.AppendPercent(nil, 1250, 0)), percent[1])
	for i, s := range next() {
		same("plural of "+strconv.Itoa(w.counts[i]), l.Plural(w.counts[i]), s)
	}
	long, day := next(), next()
	for i, s := range w.days {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			w.t.Fatal(err)
		}
		same(s, string(l.AppendDate(nil, d)), long[i])
		same(s+" without a year", string(l.AppendDay(nil, d)), day[i])
	}
}

// minor reads "1234.5" as thousandths.
func minor(t *testing.T, amount string) int64 {
	t.Helper()
	whole, decimals, _ := strings.Cut(amount, ".")
	n, err := strconv.ParseInt(whole+(decimals + "000")[:3], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTagsWithoutDataOfTheirOwn fall back to what is nearest.
func TestTagsWithoutDataOfTheirOwn(t *testing.T) {
	for tag, same := range map[string]string{
		"de-BE": "de", "es-HN": "es-419", "es-XX": "es", "en-Latn-GB": "en-GB", "en-FJ": "en-001", "zh-TW": "zh-Hant",
		"zh-MO": "zh-Hant-HK", "sr-Cyrl-RS": "sr", "nb-SJ": "nb", "nn-NO": "nn", "pt-US": "pt", "en-AU-x": "en-AU",
	} {
		a, b := cldr.Of(tag), cldr.Of(same)
		day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		if got, want := a.AppendDay(a.AppendNumber(nil, 123456, 2), day), b.AppendDay(b.AppendNumber(nil, 123456, 2), day); string(got) != string(want) {
			t.Errorf("%s writes %s, and %s %s", tag, got, same, want)
		}
	}
	for _, tag := range []string{"", "-", "xx", "tlh-US", "und", "ZZZZZZZZ-x-y"} {
		l := cldr.Of(tag)
		got := string(l.AppendDate(l.AppendNumber(nil, -123456789, 2), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
		if got != "-1,234,567.892026-03-01" || l.Symbol("EUR") != "€" || l.Plural(1) != "one" {
			t.Errorf("%q: %s", tag, got)
		}
	}
}

func TestTheLargestAmounts(t *testing.T) {
	l := cldr.Of("en")
	for _, tc := range []struct {
		minor         int64
		digits, shown int
		want          string
	}{
		{math.MaxInt64, 2, 2, "€92,233,720,368,547,758.07"}, {math.MinInt64, 2, 2, "-€92,233,720,368,547,758.08"},
		{math.MaxInt64, 0, 0, "€9,223,372,036,854,775,807"}, {math.MinInt64, 4, 0, "-€922,337,203,685,478"},
		{5, 2, 2, "€0.05"}, {50, 2, 0, "€1"}, {49, 2, 0, "€0"}, {-50, 2, 0, "-€1"}, {1, 0, 2, "€1"},
	} {
		if got := string(l.AppendMoney(nil, l.Currency("EUR", "€"), tc.minor, tc.digits, tc.shown)); got != tc.want {
			t.Errorf("%d: %s, want %s", tc.minor, got, tc.want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("de-AT", int64(-5), "EUR")
	f.Fuzz(func(t *testing.T, tag string, n int64, code string) {
		l := cldr.Of(tag)
		l.AppendMoney(l.AppendPercent(nil, n, 0), l.Currency(code, l.Narrow(code)), n, cldr.Digits(code), 2)
		l.AppendDay(l.AppendDate(nil, time.Unix(n%1e10, 0)), time.Unix(n%1e10, 0))
		l.Plural(int(n))
	})
}
