package render

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"homing/events"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

const thanks = "thank-you/thanks"

var loaded = sync.OnceValues(func() (*Set, error) { return Load(os.DirFS("../../templates")) })

// shipped returns the templates that come with Homing.
func shipped(t testing.TB) *Set {
	t.Helper()
	set, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// shippedInEnglish returns the shipped emails for a shop that writes in English only, wherever it is.
func shippedInEnglish(t *testing.T) *Set {
	t.Helper()
	set, err := Load(templatesFS(t))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func sample(t testing.TB, set *Set, name string) Data {
	t.Helper()
	for _, s := range set.Samples(thanks) {
		if s.Name == name {
			return s.Data.clone()
		}
	}
	t.Fatalf("%s has no sample %q", thanks, name)
	return Data{}
}

func render(t testing.TB, set *Set, d Data) Mail {
	t.Helper()
	m, err := set.Render(thanks, d)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryTemplateMatchesItsGoldenFiles(t *testing.T) {
	set := shipped(t)
	for _, name := range set.Names() {
		for _, s := range set.Samples(name) {
			m, err := set.Render(name, s.Data)
			if err != nil {
				t.Error(err)
				continue
			}
			stem := filepath.Join("testdata", "golden", filepath.FromSlash(name)+"."+s.Name)
			golden(t, stem+".subject.txt", m.Subject+"\n"+m.Preheader+"\n")
			golden(t, stem+".html", m.HTML)
			golden(t, stem+".txt", m.Text)
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v; run go test ./pkg/render -update, and look at what it writes", err)
		return
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; if it is meant, run with -update):\n%s", path, diff)
	}
}

func TestEveryTemplateRendersWithoutAnyOptionalField(t *testing.T) {
	set := shipped(t)
	for _, name := range set.Names() {
		for _, s := range set.Samples(name) {
			for _, o := range without(s.Data) {
				m, err := set.Render(name, o.Data)
				if err != nil {
					t.Errorf("%s, sample %s, %s: %v", name, s.Name, o.Name, err)
					continue
				}
				words := m.Subject + "\n" + m.Preheader + "\n" + m.Text
				for _, bad := range []string{"<no value>", "ZgotmplZ", "no.&nbsp;<", ">0th", ">0 ×"} {
					if strings.Contains(m.HTML, bad) {
						t.Errorf("%s, sample %s, %s: prints %q:\n%s", name, s.Name, o.Name, bad, m.HTML)
					}
				}
				for _, bad := range []string{"<no value>", " ,", " .", ",.", ",,", "..", " 0th", " 0 ×", "no.\n"} {
					if strings.Contains(words, bad) {
						t.Errorf("%s, sample %s, %s: prints %q:\n%s", name, s.Name, o.Name, bad, words)
					}
				}
			}
		}
	}
}

// TestOmissionsTogetherLeaveOnlyTheStoresName keeps omissions complete when Data grows.
func TestOmissionsTogetherLeaveOnlyTheStoresName(t *testing.T) {
	d := sample(t, shipped(t), "milestone")
	d.UnsubscribeURL, d.Marketing = "https://mail.shop.example/u", true
	d.Also, d.Answers = []string{"536366"}, []Answer{{"other", "https://mail.shop.example/a"}}
	d.Cart = &Cart{URL: "https://shop.example/cart", Items: d.Order.Items, More: 1, Total: d.Order.Total}
	d.Products, d.Offer = &Products{Items: d.Order.Items, More: 1}, &Offer{Code: "TEN", Percent: 10, Amount: d.Order.Total, Expires: d.Order.PlacedAt}
	d.Points = &Points{Balance: 1, Pending: 1, Reward: 1, Needed: 1, Spend: d.Order.Total, Expiring: 1, Day: d.Order.PlacedAt, Tier: "Silver", Next: "Gold"}
	d.Digest = &Digest{From: d.Order.PlacedAt, To: d.Order.PlacedAt, At: d.Order.PlacedAt, Figures: make([]Figure, 1), Findings: make([]Finding, 1), Charts: make([]Chart, 1), URL: "https://shop.example"}
	d.Recommended = &Recommended{Items: []Recommendation{{Name: "Mug", URL: "https://shop.example/mug", With: "Tea"}}}
	d.Quote = &Quote{Text: "Lovely", Title: "Tea", Name: "Bea", Stars: 5, Product: "Darjeeling"}
	d.Store.Contact, d.Store.OfferLink, d.Store.RatingParameter = "hello@shop.example", "https://shop.example/{code}", "rating"
	d.Order.Subtotal, d.Order.Discount, d.Order.Shipping, d.Order.Tax = d.Order.Total, d.Order.Total, d.Order.Total, d.Order.Total
	d.Order.StatusURL, d.Order.Sent, d.Order.Delivered = "https://shop.example/o", true, true
	d.Order.Items[0].ReviewURL, d.Order.Items[0].BoughtAt = "https://shop.example/r", d.Order.PlacedAt
	d.Subscription = &Subscription{ID: "1", Name: "Tea", Items: d.Order.Items, More: 1, Total: d.Order.Total, Every: "month", Count: 2, RenewsAt: d.Order.PlacedAt, RetryAt: d.Order.PlacedAt,
		ManageURL: "https://shop.example/m", SkipURL: "https://shop.example/s", CancelURL: "https://shop.example/c", PaymentURL: "https://shop.example/p"}
	for _, o := range omissions {
		o.apply(&d)
	}
	want := Data{Store: Store{Name: d.Store.Name, LinkHosts: d.Store.LinkHosts}}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("a field is not covered (-want +got):\n%s", diff)
	}
}

func TestWordingFollowsTheVariant(t *testing.T) {
	set := shipped(t)
	for _, tc := range []struct {
		variant       string
		ordinal       int
		subject, html string
	}{
		{"first", 1, "Welcome, and thank you, Ann", "your first order with"},
		{"repeat", 2, "Thank you, Ann. Lovely to see you again", "Thanks for coming back to"},
		{"milestone", 5, "Your 5th order: thank you, Ann", "now chosen us"},
		{"milestone", 100, "Your 100th order: thank you, Ann", "now chosen us"},
		{"milestone", 0, "Thank you for your order, Ann", "We’re glad you chose"},
		{"", 3, "Thank you for your order, Ann", "We’re glad you chose"},
		{"unheard-of", 3, "Thank you for your order, Ann", "We’re glad you chose"},
	} {
		d := sample(t, set, "first")
		d.Variant, d.Ordinal = tc.variant, tc.ordinal
		m := render(t, set, d)
		if m.Subject != tc.subject || !strings.Contains(m.HTML, tc.html) || !strings.Contains(m.Text, tc.html[:12]) {
			t.Errorf("%s %d: subject %q, text:\n%s", tc.variant, tc.ordinal, m.Subject, m.Text)
		}
	}
}

// tags is the sequence of tags of a page, which data must not change.
func tags(page string) []string {
	var out []string
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return out
		}
		if kind == html.TextToken {
			continue
		}
		t := z.Token()
		var name strings.Builder
		name.WriteString(kind.String() + " " + t.Data)
		for _, a := range t.Attr {
			name.WriteString(" " + a.Key)
		}
		out = append(out, name.String())
	}
}

var hostile = []string{
	"{{.Store.Name}}", "{{range 300000000}}", "<script>alert(1)</script>", `" onload="alert(1)`, "' x='",
	"Ann\r\nBcc: all@shop.example", "Ann\n\n--\nunsubscribe", "\x00\x01\x1b[31m", "\u202egnp.exe", "\u2066a\u2069\u200b\ufeff",
	"-->", "<!--", "]]>", "</title><h1>", "\xff\xfe\xfd", "%!s(MISSING)", "&lt;b&gt;", "javascript:alert(1)",
	strings.Repeat("x", 10<<10), strings.Repeat("ä ", 5<<10), strings.Repeat("\u0301", 10<<10), "👩‍👩‍👧‍👦" + strings.Repeat("👨‍👩‍👧", 100),
}

// spoil puts s into every text of d.
func spoil(d Data, s string) Data {
	d = d.clone()
	d.Customer = Customer{FirstName: s, LastName: s, Locale: s}
	d.Store.Name, d.Store.PostalAddress, d.Store.Currency = s, s, s
	for i := range d.Order.Items {
		it := &d.Order.Items[i]
		it.Name, it.ProductID = s+"a", s
	}
	d.Order.ID = s + "1"
	return d
}

func TestHostileTextChangesNothingButText(t *testing.T) {
	set := shipped(t)
	base := sample(t, set, "first")
	for _, s := range hostile {
		d := spoil(base, s)
		m := render(t, set, d)
		plain := spoil(base, "plain")
		// A name may be left out altogether, which leaves out its tags too.
		plain.Customer.FirstName = PersonName(s)
		plain.Store.PostalAddress = line(s, maxAddress)
		if diff := cmp.Diff(tags(render(t, set, plain).HTML), tags(m.HTML)); diff != "" {
			t.Errorf("%.40q changes the tags:\n%s", s, diff)
		}
		checkParts(t, m)
	}
}

// checkParts reports what no data may bring about.
func checkParts(t testing.TB, m Mail) {
	t.Helper()
	if m.Subject == "" || len([]rune(m.Subject)) > maxSubject || len([]rune(m.Preheader)) > maxPreheader {
		t.Errorf("subject %q, preheader %q", m.Subject, m.Preheader)
	}
	for _, r := range m.Subject + m.Preheader {
		if r < ' ' || r == 0x7f || unwanted(r) {
			t.Errorf("%U in subject %q or preheader %q", r, m.Subject, m.Preheader)
		}
	}
	for _, r := range m.HTML + m.Text {
		if r < ' ' && r != '\n' && r != '\t' || r == '\uFFFD' || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			t.Errorf("%U in a part", r)
			break
		}
	}
	if len(m.HTML) > 80<<10 { // Gmail clips at 102
		t.Errorf("%d bytes of HTML", len(m.HTML))
	}
	if strings.Contains(strings.ToLower(m.HTML), "<script") {
		t.Error("a script in the HTML")
	}
}

func TestThirtyLongItemsStayFarBelowWhereGmailClips(t *testing.T) {
	set := shipped(t)
	d := sample(t, set, "repeat")
	for i := range 45 {
		it := d.Order.Items[i%3]
		it.Name = fmt.Sprintf("%d %s", i, strings.Repeat("Stoneware teapot ", 9))
		it.URL = "https://www.shop.example/p/" + strings.Repeat("teapot-", 8)
		d.Order.Items = append(d.Order.Items, it)
	}
	m := render(t, set, d)
	if len(m.HTML) >= 48<<10 {
		t.Errorf("%d bytes of HTML", len(m.HTML))
	}
	if !strings.Contains(m.HTML, ">18</span> more <span dir=\"auto\">items</span>") || !strings.Contains(m.Text, "- and 18 more items") {
		t.Error("the items that are not shown are not counted")
	}
	if len(d.Order.Items) != 48 {
		t.Error("Render changed the order it was given")
	}
}

func TestLinksLeadOnlyWhereTheStoreAllows(t *testing.T) {
	set := shipped(t)
	for _, tc := range []struct {
		link, image string
		linked      bool
		pictured    bool
	}{
		{"https://shop.example/a", "https://cdn.anywhere.example/a.jpg", true, true},
		{"https://www.shop.example/a", "http://shop.example/a.jpg", true, true},
		{"https://SHOP.example/a", "http://cdn.anywhere.example/a.jpg", true, false},
		{"https://eu.partner.example/a", "data:image/png;base64,AAAA", true, false},
		{"https://partner.example/a", "//cdn.shop.example/a.jpg", false, false},
		{"https://evilshop.example/a", "cid:x", false, false},
		{"https://shop.example.evil.example/a", "", false, false},
		{"https://shop.example@evil.example/a", "https://u:p@cdn.shop.example/a.jpg", false, false},
		{"javascript:alert(1)", "javascript:alert(1)", false, false},
		{"https://shop.example/\r\na", `https://cdn.shop.example/"x`, false, false},
		{"/relative", "/relative.jpg", false, false},
		{"https://shop.example/" + strings.Repeat("a", 3000), "", false, false},
	} {
		d := sample(t, set, "first")
		d.Store.LinkHosts = []string{"*.partner.example"}
		d.Order.Items = d.Order.Items[:1]
		d.Order.Items[0].URL, d.Order.Items[0].ImageURL = tc.link, tc.image
		m := render(t, set, d)
		if got := strings.Contains(m.HTML, `class="name" href="`); got != tc.linked {
			t.Errorf("%.60s: linked %v", tc.link, got)
		}
		if got := strings.Contains(m.HTML, "<img"); got != tc.pictured {
			t.Errorf("%.60s: pictured %v", tc.image, got)
		}
	}
}

func TestMarketingMailNeedsAWayOut(t *testing.T) {
	set := shipped(t)
	d := sample(t, set, "first")
	d.Marketing = true
	for _, u := range []string{"", "javascript:x", "mail.shop.example"} {
		d.UnsubscribeURL = u
		if _, err := set.Render(thanks, d); !errors.Is(err, ErrTemplate) {
			t.Errorf("%q: %v", u, err)
		}
	}
	d.UnsubscribeURL = "https://mail.shop.example/u/abc?x=1&y=2"
	m := render(t, set, d)
	if !strings.Contains(m.HTML, `href="https://mail.shop.example/u/abc?x=1&amp;y=2"`) || !strings.Contains(m.Text, "\nUnsubscribe: https://mail.shop.example/u/abc?x=1&y=2\n") {
		t.Errorf("the link is not shown:\n%s", m.Text)
	}
}

func TestAmountsAndDatesAreWrittenAsTheShopDoes(t *testing.T) {
	set := shippedInEnglish(t)
	d := sample(t, set, "first")
	d.Order.PlacedAt = time.Date(2026, 3, 14, 23, 30, 0, 0, time.FixedZone("", 3600))
	for _, tc := range []struct {
		store, customer string
		total           events.Money
		amount, date    string
	}{
		{"en-GB", "", events.Money{Minor: 1295, Currency: "GBP"}, "£12.95", "14 March 2026"},
		{"en-GB", "en-US", events.Money{Minor: 123456, Currency: "USD"}, "$1,234.56", "March 14, 2026"},
		{"de-DE", "", events.Money{Minor: 123456, Currency: "EUR"}, "1.234,56\u00a0€", "14 March 2026"},
		{"de-DE", "de-CH", events.Money{Minor: 123456, Currency: "CHF"}, "CHF\u00a01'234.56", "14 March 2026"},
		{"en", "ja-JP", events.Money{Minor: 1980, Currency: "JPY"}, "¥1,980", "March 14, 2026"},
		{"not a locale", "???", events.Money{Minor: 5, Currency: "EUR"}, "€0.05", "March 14, 2026"},
	} {
		d.Store.Locale, d.Customer.Locale, d.Order.Total = tc.store, tc.customer, tc.total
		m := render(t, set, d)
		if !strings.Contains(html.UnescapeString(m.HTML), tc.amount) || !strings.Contains(m.Text, "Total: "+tc.amount) {
			t.Errorf("%s, %s: no %s in\n%s", tc.store, tc.customer, tc.amount, m.Text)
		}
		if !strings.Contains(strings.Join(strings.Fields(m.Text), " "), "on "+tc.date+".") {
			t.Errorf("%s, %s: no %s in\n%s", tc.store, tc.customer, tc.date, m.Text)
		}
	}
}

func TestRenderIsSafeForConcurrentUse(t *testing.T) {
	set := shipped(t)
	samples := set.Samples(thanks)
	want := make([]Mail, len(samples))
	for i, s := range samples {
		want[i] = render(t, set, s.Data)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				n := (i + g) % len(samples)
				d := samples[n].Data
				d.Customer.Locale = fmt.Sprintf("nl-x-%d-%d", g, i) // a new one each time, of a language that no email is in
				if m, err := set.Render(thanks, d); err != nil || m != want[n] {
					t.Errorf("sample %s: %v", samples[n].Name, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestUnknownTemplate(t *testing.T) {
	set := shipped(t)
	if _, err := set.Render("thank-you/nothing", Data{}); !errors.Is(err, ErrTemplate) {
		t.Error(err)
	}
	if set.Has("thank-you/nothing") || !set.Has(thanks) || set.Samples("nothing") != nil {
		t.Error("Has or Samples")
	}
	if meta, ok := set.Meta(thanks); !ok || meta.Class != "transactional" {
		t.Errorf("%+v", meta)
	}
	if !slices.Contains(set.Names(), thanks) {
		t.Error(set.Names())
	}
}

func TestCheckStoreReportsHostsTypedIntoTemplates(t *testing.T) {
	fsys := templatesFS(t)
	edit(fsys, "thank-you/thanks.html", "<h1>", `<p><a href="https://social.example/shop">Follow us</a></p><h1>`)
	set, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	store := Store{Name: "Example Shop", URL: "https://shop.example"}
	if err := set.CheckStore(store); err == nil || !strings.Contains(err.Error(), "social.example") {
		t.Error(err)
	}
	store.LinkHosts = []string{"social.example"}
	if err := set.CheckStore(store); err != nil {
		t.Error(err)
	}
}
