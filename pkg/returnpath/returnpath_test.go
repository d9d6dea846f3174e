package returnpath

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"homing/pkg/customer"
)

const secret = "0123456789abcdef0123456789abcdef"

var longStore = strings.Repeat("s", 63)

func signer(t testing.TB, secret string) *Signer {
	t.Helper()
	s, err := New(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func identity(t testing.TB) *customer.Identity {
	t.Helper()
	id, err := customer.NewIdentity(secret)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAReturnPathSaysWhichEmailCameBack(t *testing.T) {
	s, id := signer(t, secret), identity(t)
	taken := regexp.MustCompile(`^[a-z0-9.+=-]{1,64}@[a-z.]+$`)
	for _, store := range []string{"main", "a", longStore} {
		for _, form := range []string{"bounces+*@shop.example", "*@bounces.shop.example", "b.=*-x@shop.example", "*+bounces@shop.example"} {
			e := Of(id.Key(store, "17"), id.Address(store, "ann@customer.example"), "thank-you.thanks.abc.o-1")
			address := s.Address(form, e)
			if !taken.MatchString(address) || Fault(form) != "" {
				t.Fatalf("%q, %q", address, Fault(form))
			}
			for _, came := range []string{address, strings.ToUpper(address), "prvs=0123abcdef=" + address, strings.ToUpper(address[:20]) + address[20:]} {
				got, err := s.Read(came, []string{"other", "main", "a", longStore})
				if err != nil || got != e {
					t.Errorf("%s: %+v, %v; want %+v", came, got, err, e)
				}
				if !got.Is(customer.ClaimKey("thank-you.thanks.abc.o-1")) || got.Is(customer.ClaimKey("thank-you.thanks.abc.o-2")) {
					t.Errorf("%s: not the touch", came)
				}
			}
		}
	}
}

func TestEveryEmailHasAReturnPathOfItsOwn(t *testing.T) {
	s, id := signer(t, secret), identity(t)
	seen := map[string]bool{}
	for _, store := range []string{"main", "other"} {
		for _, who := range []string{"1", "2"} {
			for _, to := range []string{"ann@customer.example", "ann@work.example"} {
				for _, touch := range []string{"a.b.c.1", "a.b.c.2"} {
					seen[s.Address("*@shop.example", Of(id.Key(store, who), id.Address(store, to), touch))] = true
				}
			}
		}
	}
	if len(seen) != 16 || seen[""] {
		t.Errorf("%d addresses of 16 emails: %v", len(seen), seen)
	}
	if got := s.Address("*@shop.example", Of(customer.Key{Store: "main"}, "", "a.b.c.1")); got != "" {
		t.Errorf("an email to nobody comes back to %s", got)
	}
}

// One that was made today must be read by every later version.
func TestAReturnPathIsReadForEver(t *testing.T) {
	const old = "bounces+zd6h4hfgkptnpmynrb2ftzy2gljpsjmkyv4oq4u46stabhaphcko27y@shop.example"
	s, id := signer(t, secret), identity(t)
	want := Of(id.Key("main", "17"), id.Address("main", "ann@customer.example"), "thank-you.thanks.abc.o-1")
	if got := s.Address("bounces+*@shop.example", want); got != old {
		t.Errorf("made as %s", got)
	}
	if got, err := s.Read(old, []string{"main"}); err != nil || got != want {
		t.Errorf("read as %+v, %v", got, err)
	}
}

func TestAReturnPathCannotBeMadeUp(t *testing.T) {
	s, id := signer(t, secret), identity(t)
	e := Of(id.Key("main", "17"), id.Address("main", "ann@customer.example"), "a.b.c.1")
	address := s.Address("b+*@shop.example", e)
	stores := []string{"main", "other"}
	for i := 2; i < 2+codeLen; i++ {
		for _, c := range "a7" {
			changed := address[:i] + string(c) + address[i+1:]
			if got, err := s.Read(changed, stores); changed != address && err == nil {
				t.Errorf("%s is read as %+v", changed, got)
			}
		}
	}
	for name, c := range map[string]struct {
		address string
		s       *Signer
		stores  []string
		want    error
	}{
		"of another secret":      {address, signer(t, strings.Repeat("x", 32)), stores, ErrForged},
		"of another store":       {address, s, []string{"other", "mai", "main2"}, ErrForged},
		"no store":               {address, s, nil, ErrForged},
		"a customer's":           {"ann@customer.example", s, stores, ErrMalformed},
		"empty":                  {"", s, stores, ErrMalformed},
		"cut short":              {address[:codeLen] + "@shop.example", s, stores, ErrMalformed},
		"longer":                 {"a" + address[2:], s, stores, ErrMalformed},
		"no domain":              {strings.TrimSuffix(address, "@shop.example"), s, stores, ErrMalformed},
		"something else as long": {strings.Repeat("a", codeLen) + "@shop.example", s, stores, ErrForged},
		"far too long":           {strings.Repeat("a+", 10_000) + address, s, stores, ErrMalformed},
	} {
		if _, err := c.s.Read(c.address, c.stores); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestFormsThatCannotWorkAreNamed(t *testing.T) {
	for form, want := range map[string]string{
		"bounces+*@shop.example": "", "*@shop.example": "", "123456.-*@shop.example": "", "*=x@shop.example": "",
		"bounces@shop.example": "one *", "*": "one *", "@shop.example": "one *", "bounces@*.shop.example": "one *", "*-*@shop.example": "one *", "*@": "one *",
		"*@a@b": "one *", "Bounces+*@shop.example": "lower case", "*@Shop.example": "lower case", "12345678+*@shop.example": "", "123456789+*@shop.example": "at most 9",
		"b*@shop.example": "next to the *", "*9@shop.example": "next to the *", "b_+*@shop.example": "characters", ".+*@shop.example": "characters", ".*@shop.example": "characters",
		"b..*@shop.example": "characters", "bü+*@shop.example": "characters", "<b+*@shop.example": "characters", "b *@shop.example": "characters",
	} {
		got := Fault(form)
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", form, got, want)
		}
	}
}

func TestWhatIsSaidIsRead(t *testing.T) {
	s, id := signer(t, secret), identity(t)
	rapid.Check(t, func(rt *rapid.T) {
		store := rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,62}`).Draw(rt, "store")
		form := rapid.StringMatching(`([a-z0-9]{1,4}[-+=.])?\*([-+=][a-z0-9]{1,3})?@[a-z]{1,20}\.example`).Draw(rt, "form")
		e := Of(id.Key(store, rapid.String().Draw(rt, "id")), id.Address(store, rapid.String().Draw(rt, "address")), rapid.String().Draw(rt, "touch"))
		if Fault(form) != "" {
			rt.Fatalf("%s: %s", form, Fault(form))
		}
		if got, err := s.Read(s.Address(form, e), []string{"main", store}); err != nil || got != e {
			rt.Fatalf("%+v, %v", got, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	s := signer(f, secret)
	f.Add("bounces+zd6h4hfgkptnpmynrb2ftzy2gljpsjmkyv4oq4u46stabhaphcko27y@shop.example")
	f.Add("@")
	f.Add("\xff+" + strings.Repeat("a", codeLen) + "@x")
	f.Fuzz(func(t *testing.T, address string) {
		e, err := s.Read(address, []string{"main"})
		if err == nil && !strings.Contains(strings.ToLower(address), s.Address("*", e)) {
			t.Fatalf("%q is read as %+v", address, e)
		}
	})
}

func BenchmarkAddress(b *testing.B) {
	s, id := signer(b, secret), identity(b)
	e := Of(id.Key("main", "17"), id.Address("main", "ann@customer.example"), "a.b.c.1")
	for b.Loop() {
		s.Address("b+*@shop.example", e)
	}
}
