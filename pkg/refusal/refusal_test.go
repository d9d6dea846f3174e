package refusal

import (
	"strings"
	"testing"
)

func TestEnhancedCode(t *testing.T) {
	for _, c := range []struct {
		code        int
		words, want string
	}{
		{550, "5.1.1 no such user", "5.1.1"},
		{550, "5.1.10: null MX", "5.1.10"},
		{451, "4.7.650 later", "4.7.650"},
		{550, "4.1.1 another class", ""},
		{550, "5.1 too short", ""},
		{550, "5.1.1.1 too long", ""},
		{550, "5.1.1234 too long", ""},
		{550, "5.x.1 no number", ""},
		{550, "user 5.1.1", ""},
		{550, "", ""},
	} {
		if got := EnhancedCode(c.code, c.words); got != c.want {
			t.Errorf("EnhancedCode(%d, %q) = %q, want %q", c.code, c.words, got, c.want)
		}
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"5.1.1 <ann@customer.example>: no such user":              "5.1.1 <address> no such user",
		"no mailbox 'Ann' here":                                   "no mailbox <address> here",
		"see https://x.example/?to=ann%40customer.example":        "see <address>",
		"annual report refused":                                   "annual report refused",
		"box=ANN/customer.example is no mailbox of joann":         "<address> is no mailbox of joann",
		"a\x00b\r\n\x1b[31mred\u202e":                             "a b [31mred",
		"bad \xff byte":                                           "bad ? byte",
		strings.Repeat("é", 150):                                  strings.Repeat("é", 100),
		strings.Repeat("x", 199) + "é":                            strings.Repeat("x", 199),
		"<a@b.example><c@d.example> \"first last\"@customer.name": "<address> \"first <address>",
	} {
		if got := Shorten(Redact(in, "ann")); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
}
