package events

import (
	"encoding/json"
	"net/mail"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecode holds: no body panics; what is refused says so in one line without
// an address; what is accepted is JSON to encoding/json too, holds no character
// that breaks a line, and comes back the same from either decoder.
func FuzzDecode(f *testing.F) {
	add := func(typ Type, data []byte) { f.Add(uint8(slices.Index(Types(), typ)), data) }
	for _, typ := range Types() {
		add(typ, Example(typ))
	}
	t := &testing.T{}
	for _, c := range badCases(t) {
		add(c.Type, c.Body)
	}
	for _, c := range warnedCases(t) {
		add(c.Type, c.Body)
	}
	for _, p := range oldPayloads(t) {
		add(p.typ, readFile(t, p.file))
	}
	f.Fuzz(func(t *testing.T, typ uint8, data []byte) {
		raw := bareRaw(Types()[int(typ)%len(Types())], string(data))
		e, err := Decode(raw, testNow)
		if err != nil {
			checkRefusal(t, err, data)
			return
		}
		if !json.Valid(unwrapped(withoutMark(data))) {
			t.Fatalf("accepted, but not JSON: %q", data)
		}
		checkOneLine(t, reflect.ValueOf(e.Data))
		checkWarnings(t, e)
		checkRoundTrip(t, e)
	})
}

// address matches the heart of an email address.
var address = regexp.MustCompile(`[\pL\pN][@＠][\pL\pN]`)

func checkRefusal(t *testing.T, err error, data []byte) {
	t.Helper()
	text := err.Error()
	if strings.ContainsAny(text, "\r\n") || !utf8.ValidString(text) || len(text) > 4000 {
		t.Errorf("error %q does not fit a header", text)
	}
	if address.MatchString(text) {
		t.Errorf("error %q may hold an address", text)
	}
	if bad := err.(*Error); bad.Reason == ReasonNotJSON && bad.Field == "" && json.Valid(unwrapped(withoutMark(data))) {
		t.Errorf("%s: but encoding/json reads %q", text, data)
	}
}

// checkOneLine fails for each string below v that could break a header.
func checkOneLine(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			checkOneLine(t, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkOneLine(t, v.Index(i))
		}
	case reflect.Struct:
		for f, field := range v.Fields() {
			if f.IsExported() {
				checkOneLine(t, field)
			}
		}
	case reflect.String:
		for i, r := range v.String() {
			if unwanted(v.String()[i:], r) || r == 0x2028 || r == 0x2029 {
				t.Errorf("%q holds %U", v.String(), r)
			}
		}
	}
}

// FuzzReader holds the reader of JSON to encoding/json: they agree on what a
// document is, and on what a string says.
func FuzzReader(f *testing.F) {
	for _, s := range []string{`{"a":"b"}`, `["\u00e9\ud83c\udf75\ud83c","\/\b\f\n\r\t\"\\"]`, `[1,-0,0.5,1e9,1.5E-3,01,-,1.,.5]`, ` [ ] `, `[nul]`, `"\ud800\u0041"`, `[[[]]]`, `{"a":1,}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // refused before a reader sees it
		}
		r := reader{data: []byte(s)}
		r.skip()
		if err := r.end(); (err == nil) != json.Valid([]byte(s)) && r.err.Reason == ReasonNotJSON {
			t.Fatalf("%q: %v", s, err)
		}
		var want string
		if json.Unmarshal([]byte(s), &want) != nil || !strings.Contains(s, `"`) {
			return
		}
		r = reader{data: []byte(s)}
		r.peek()
		if diff := cmp.Diff(want, string(r.quoted())); diff != "" {
			t.Errorf("%q (-encoding/json +reader)\n%s", s, diff)
		}
	})
}

func FuzzNormalizeAddress(f *testing.F) {
	for _, s := range []string{"ann@example.com", "Ann.Lee+x@EXAMPLE.co.uk", "", "@", "a@b", "a@b.c", "ann@[1.2.3.4]", "\"a b\"@c.de", "a@b.c\r\nBcc: d@e.fg", "ä@b.cd", "a@ü.de", "a..b@c.de", "<a@b.cd>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := NormalizeAddress(s)
		if err != nil {
			checkRefusal(t, err, nil)
			return
		}
		if again, err := NormalizeAddress(got); err != nil || again != got {
			t.Errorf("%q became %q, then %q, %v", s, got, again, err)
		}
		parsed, err := mail.ParseAddress(got)
		if err != nil || parsed.Address != got || parsed.Name != "" {
			t.Errorf("%q: net/mail reads %v, %v", got, parsed, err)
		}
		if len(got) > maxAddress || strings.ContainsAny(got, " \r\n<>\"") || strings.Count(got, "@") != 1 {
			t.Errorf("%q is no bare address", got)
		}
	})
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"12.95", "0", "-1", "1,50", "1e9", "999999999999999", "0.000", "12.950000", "", ".", "00.10"} {
		f.Add(s, "EUR")
		f.Add(s, "JPY")
		f.Add(s, "KWD")
		f.Add(s, "CLF")
	}
	f.Fuzz(func(t *testing.T, amount, currency string) {
		m, err := ParseMoney(amount, currency)
		if err != nil {
			checkRefusal(t, err, nil)
			return
		}
		if m.Minor < 0 {
			t.Errorf("%q %s became %v", amount, currency, m)
		}
		if again, err := ParseMoney(m.Decimal(), currency); err != nil || again != m {
			t.Errorf("%q became %v, then %v, %v", amount, m, again, err)
		}
	})
}

func FuzzCleanText(f *testing.F) {
	for _, s := range []string{"", "Ann", " a  b ", "a\r\nb", "\u202ex", "\xff", "👩\u200d🍳", "\u2028"} {
		f.Add(s, 3)
		f.Add(s, 100)
	}
	f.Fuzz(func(t *testing.T, s string, max int) {
		max = min(max&0xff, 200)
		got := CleanText(s, max)
		if utf8.RuneCountInString(got) > max || !utf8.ValidString(got) || strings.TrimSpace(got) != got {
			t.Errorf("CleanText(%q, %d) = %q", s, max, got)
		}
		checkOneLine(t, reflect.ValueOf(got))
		if again := CleanText(got, max); again != got {
			t.Errorf("%q became %q, then %q", s, got, again)
		}
	})
}
