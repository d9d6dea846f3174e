package link_test

import (
	"errors"
	"strings"
	"testing"

	"homing/pkg/customer"
	"homing/pkg/link"
)

const base = "https://mail.shop.example"

var (
	k2025 = link.Key{ID: "k2025", Secret: "the key of 2025, which only tests use"}
	k2026 = link.Key{ID: "k2026", Secret: "the key of 2026, which only tests use"}
)

func signer(t testing.TB, base string, keys ...link.Key) *link.Signer {
	t.Helper()
	s, err := link.New(base, keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ann(t testing.TB) customer.Key {
	t.Helper()
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	return id.Key("main", "ann")
}

func unsubscribe(t testing.TB) link.Link {
	return link.Link{Purpose: link.Unsubscribe, Customer: ann(t), Worker: "win-back"}
}

func answer(t testing.TB) link.Link {
	return link.Link{Purpose: link.Answer, Customer: ann(t), Worker: "win-back", Question: "why_left", Answer: "too-expensive"}
}

func view(t testing.TB) link.Link {
	return link.Link{Purpose: link.View, Customer: ann(t), Worker: "win-back", Touch: 1<<64 - 1}
}

// TestLinksThatWereMailedStayGood holds the form: these links stand in emails
// that were sent.
func TestLinksThatWereMailedStayGood(t *testing.T) {
	s := signer(t, base, k2026)
	for want, l := range map[string]link.Link{
		"https://mail.shop.example/u/k2026.main.4cem66rc5bo77niw.win-back.mappj4cfs62l4tfxu7qq6zwp74":                        unsubscribe(t),
		"https://mail.shop.example/a/k2026.main.4cem66rc5bo77niw.win-back.why_left.too-expensive.bxqtt5cpgybed3t6zykwtnsfc4": answer(t),
		"https://mail.shop.example/m/k2026.main.4cem66rc5bo77niw.win-back.3w5e11264sgsf.uygncfh27vtru63n6vg27mfrja":          view(t),
	} {
		if got := s.URL(l); got != want {
			t.Errorf("made    %s\nmailed  %s", got, want)
		}
		if got, err := s.Verify(strings.TrimPrefix(want, base)); err != nil || got != l {
			t.Errorf("%s reads as %+v, %v", want, got, err)
		}
	}
}

func TestALinkTellsNobodyWhoTheCustomerIs(t *testing.T) {
	if u := signer(t, base, k2026).URL(answer(t)); strings.Contains(u, "ann") || strings.Contains(u, "@") {
		t.Error(u)
	}
}

func TestTheFirstKeySignsAndAllVerify(t *testing.T) {
	l := unsubscribe(t)
	before, during, after := signer(t, base, k2025), signer(t, base, k2026, k2025), signer(t, base, k2026)
	older, newer := before.URL(l)[len(base):], during.URL(l)[len(base):]
	if after.URL(l)[len(base):] != newer {
		t.Error("the second key signs")
	}
	for _, c := range []struct {
		name string
		s    *link.Signer
		path string
		want error
	}{
		{"old link, both keys", during, older, nil},
		{"new link, both keys", during, newer, nil},
		{"old link, old key gone", after, older, link.ErrUnknownKey},
		{"new link, not yet rolled out", before, newer, link.ErrUnknownKey},
	} {
		if got, err := c.s.Verify(c.path); !errors.Is(err, c.want) || err == nil && got != l {
			t.Errorf("%s: %+v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func TestAKeyOfTheSameIDIsNotTheSameKey(t *testing.T) {
	other := signer(t, base, link.Key{ID: k2026.ID, Secret: k2025.Secret})
	if _, err := other.Verify(signer(t, base, k2026).URL(unsubscribe(t))[len(base):]); !errors.Is(err, link.ErrForged) {
		t.Error(err)
	}
}

func TestWhateverIsChangedInALinkBreaksIt(t *testing.T) {
	s := signer(t, base, k2026, k2025)
	u, a := s.URL(unsubscribe(t))[len(base):], s.URL(answer(t))[len(base):]
	token := ann(t).Token
	mac := u[strings.LastIndex(u, ".")+1:]
	flip := func(path string, i int) string {
		c := byte('a')
		if path[i] == c {
			c = 'b'
		}
		return path[:i] + string(c) + path[i+1:]
	}
	for _, c := range []struct {
		name, path string
		want       error
	}{
		{"the purpose", "/a" + u[2:], link.ErrMalformed},
		{"the purpose, with its fields", strings.Replace(a, "/a/", "/u/", 1), link.ErrMalformed},
		{"another purpose with the fields of this", "/a/k2026.main." + token + ".win-back.why_left.other." + mac, link.ErrForged},
		{"an unknown purpose", "/x" + u[2:], link.ErrMalformed},
		{"the key", strings.Replace(u, "k2026", "k2025", 1), link.ErrForged},
		{"an unknown key", strings.Replace(u, "k2026", "k2024", 1), link.ErrUnknownKey},
		{"the store", strings.Replace(u, ".main.", ".other.", 1), link.ErrForged},
		{"the customer", strings.Replace(u, token, "abcdefghijklmnop", 1), link.ErrForged},
		{"a customer's token that is too short", strings.Replace(u, token, token[1:], 1), link.ErrMalformed},
		{"a customer's token that is none", strings.Replace(u, token, "1111111111111111", 1), link.ErrMalformed},
		{"the worker", strings.Replace(u, "win-back", "birthday", 1), link.ErrForged},
		{"the answer", strings.Replace(a, "too-expensive", "other", 1), link.ErrForged},
		{"the question", strings.Replace(a, "why_left", "why_here", 1), link.ErrForged},
		{"a dot that is moved", strings.Replace(a, "too-expensive", "too.expensive", 1), link.ErrMalformed},
		{"the signature's first letter", flip(u, len(u)-len(mac)), link.ErrForged},
		{"the signature's last letter", flip(u, len(u)-1), link.ErrForged},
		{"a signature cut short", u[:len(u)-1], link.ErrForged},
		{"a signature that is longer", u + "a", link.ErrForged},
		{"no signature", strings.TrimSuffix(u, mac), link.ErrForged},
		{"no signature and no dot", strings.TrimSuffix(u, "."+mac), link.ErrMalformed},
		{"the signature of another link", strings.TrimSuffix(a, a[strings.LastIndex(a, ".")+1:]) + mac, link.ErrForged},
		{"a slash at the end", u + "/", link.ErrForged},
		{"a line break", u + "\n", link.ErrForged},
		{"more before it", "/more" + u, link.ErrMalformed},
		{"nothing", "", link.ErrMalformed},
		{"a slash", "/", link.ErrMalformed},
		{"the purpose alone", "/u/", link.ErrMalformed},
		{"dots", "/u/....", link.ErrMalformed},
		{"far too much", u + strings.Repeat("a", 1000), link.ErrMalformed},
	} {
		if got, err := s.Verify(c.path); !errors.Is(err, c.want) || got != (link.Link{}) {
			t.Errorf("%s: %+v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func TestUpperCaseIsForgiven(t *testing.T) {
	s := signer(t, base, k2026)
	if got, err := s.Verify(strings.ToUpper(s.URL(answer(t))[len(base):])); err != nil || got != answer(t) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTheGatewayMayLiveUnderAPath(t *testing.T) {
	for _, b := range []string{"https://shop.example/Mail", "https://shop.example/Mail/"} {
		s := signer(t, b, k2026)
		u := s.URL(unsubscribe(t))
		path := strings.TrimPrefix(u, "https://shop.example")
		if !strings.HasPrefix(path, "/Mail/u/") || s.Path() != "/Mail" {
			t.Errorf("%s: %s, path %s", b, u, s.Path())
		}
		if got, err := s.Verify(path); err != nil || got != unsubscribe(t) {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := s.Verify(strings.TrimPrefix(path, "/Mail")); !errors.Is(err, link.ErrMalformed) {
			t.Error("the path is not needed")
		}
	}
}

func TestWhatCouldNotBeVerifiedIsNotSigned(t *testing.T) {
	s := signer(t, base, k2026)
	for name, change := range map[string]func(l *link.Link){
		"no purpose":                  func(l *link.Link) { l.Purpose = "" },
		"no customer":                 func(l *link.Link) { l.Customer = customer.Key{Store: "main"} },
		"a bucket that is another's":  func(l *link.Link) { l.Customer.Bucket++ },
		"a line break in the token":   func(l *link.Link) { l.Customer.Token = l.Customer.Token[:8] + "\n" + l.Customer.Token[8:] },
		"no store":                    func(l *link.Link) { l.Customer.Store = "" },
		"a store with a dot":          func(l *link.Link) { l.Customer.Store = "a.b" },
		"no worker":                   func(l *link.Link) { l.Worker = "" },
		"a worker with a slash":       func(l *link.Link) { l.Worker = "a/b" },
		"a worker in upper case":      func(l *link.Link) { l.Worker = "Win-Back" },
		"no question":                 func(l *link.Link) { l.Question = "" },
		"an answer in many words":     func(l *link.Link) { l.Answer = "too expensive" },
		"an answer that is too long":  func(l *link.Link) { l.Answer = strings.Repeat("a", 65) },
		"an answer to no question":    func(l *link.Link) { l.Purpose = link.Unsubscribe },
		"an answer that breaks lines": func(l *link.Link) { l.Answer = "a\r\nb" },
	} {
		l := answer(t)
		change(&l)
		if u := s.URL(l); u != "" {
			t.Errorf("%s: %s", name, u)
		}
	}
}

func TestASignerNeedsAnAddressAndKeys(t *testing.T) {
	for name, c := range map[string]struct {
		base string
		keys []link.Key
	}{
		"no address":       {"", []link.Key{k2026}},
		"no host":          {"/mail", []link.Key{k2026}},
		"a query":          {base + "?a=b", []link.Key{k2026}},
		"no key":           {base, nil},
		"a key twice":      {base, []link.Key{k2026, k2026}},
		"a key without id": {base, []link.Key{{Secret: k2026.Secret}}},
		"a key with a dot": {base, []link.Key{{ID: "k.1", Secret: k2026.Secret}}},
		"an empty key":     {base, []link.Key{{ID: "k1"}}},
	} {
		if _, err := link.New(c.base, c.keys); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	s := signer(f, base, k2026, k2025)
	f.Add(s.URL(unsubscribe(f))[len(base):])
	f.Add(s.URL(answer(f))[len(base):])
	f.Add("/u/k2025.main.abcdefghijklmnop.win-back.")
	for _, l := range others(f) {
		f.Add(s.URL(l)[len(base):])
	}
	f.Fuzz(func(t *testing.T, path string) {
		l, err := s.Verify(path)
		if err != nil {
			return
		}
		if again := s.URL(l); again != base+strings.ToLower(path) && again != base+path && strings.Contains(path, "k2026") {
			t.Errorf("%q verifies and would be %q", path, again)
		}
	})
}

func FuzzURL(f *testing.F) {
	s := signer(f, base, k2026)
	l := answer(f)
	for _, l := range append(others(f), l) {
		f.Add(string(l.Purpose), l.Customer.Store, l.Customer.Token, l.Customer.Bucket, l.Worker, l.Survey, l.Question, l.Answer, l.Scale, l.Score, l.Order, l.Step, l.Occasion, l.URL, l.At)
	}
	f.Fuzz(func(t *testing.T, purpose, store, token string, bucket byte, worker, survey, question, answer, scale string, score int, order, step, occasion, url string, at int64) {
		l := link.Link{Purpose: link.Purpose(purpose), Customer: customer.Key{Store: store, Bucket: bucket, Token: token},
			Worker: worker, Survey: survey, Question: question, Answer: answer, Scale: scale, Score: score, Order: order,
			Step: step, Occasion: occasion, URL: url, At: at}
		u := s.URL(l)
		if u == "" {
			return
		}
		if got, err := s.Verify(u[len(base):]); err != nil || got != l {
			t.Errorf("%q reads as %+v, %v; it was %+v", u, got, err, l)
		}
	})
}
