package render

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
)

// stresses are what shops and customers bring that no sample file should be
// made longer with.
var stresses = []struct {
	name  string
	apply func(*Data)
}{
	{"yen", inYen},
	{"right-to-left", rightToLeft},
	{"thirty", thirtyItems},
	{"long", longWords},
	{"bare", func(d *Data) {
		for _, o := range omissions {
			if o.has(d) && o.name != "unsubscribe_url" {
				o.apply(d)
			}
		}
	}},
}

// stressedHTML are the templates whose HTML is kept for each stress: together
// they show every partial. Of the others the words are enough.
var stressedHTML = []string{"cart-recovery/last-call", "replenishment/reorder", "review-request/ask", "thank-you/thanks", "win-back/last-call"}

func inYen(d *Data) {
	yen := func(m *events.Money) {
		if m.Currency != "" {
			*m = events.Money{Minor: m.Minor * 2, Currency: "JPY"}
		}
	}
	d.Store.Locale, d.Store.Currency = "en", "JPY"
	onItems(func(it *Item) { yen(&it.Price) })(d)
	if d.Order != nil {
		yen(&d.Order.Total)
	}
	if d.Cart != nil {
		yen(&d.Cart.Total)
	}
	if d.Subscription != nil {
		yen(&d.Subscription.Total)
	}
	if d.Offer != nil {
		d.Offer.Percent, d.Offer.Amount = 0, events.Money{Minor: 1500, Currency: "JPY"}
	}
}

func rightToLeft(d *Data) {
	d.Customer = Customer{FirstName: "ליאור", LastName: "כהן"}
	d.Store.Name, d.Store.PostalAddress = "متجر المثال", "شارع الملك 1، عمّان"
	onItems(func(it *Item) { it.Name = "مصباح معدني أبيض (2 × 500)" })(d)
}

func thirtyItems(d *Data) {
	many := func(items *[]Item) {
		for i := 0; len(*items) > 0 && len(*items) < 45; i++ {
			*items = append(*items, (*items)[i%3%len(*items)])
		}
	}
	if d.Order != nil {
		many(&d.Order.Items)
	}
	if d.Cart != nil {
		many(&d.Cart.Items)
	}
	if d.Products != nil {
		many(&d.Products.Items)
	}
	for i := range 45 {
		d.Also = append(d.Also, fmt.Sprint(536400+i))
	}
}

func longWords(d *Data) {
	d.Customer.FirstName = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh-Cholmondeley"
	d.Store.Name = "The Exceedingly Comprehensive Emporium of Household Goods and Sundries"
	onItems(func(it *Item) {
		it.Name = strings.Repeat("Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch ", 2) + "teapot, hand-thrown, with a lid and a cosy"
		it.Price.Minor *= 100_000
		it.Quantity = 1_000
	})(d)
	if d.Cart != nil {
		d.Cart.Total.Minor *= 1_000_000
	}
	if d.Offer != nil {
		d.Offer.Code = strings.Repeat("LONGCODE-7", 4)
	}
}

func TestEveryTemplateBearsWhatShopsBring(t *testing.T) {
	set := shipped(t)
	for _, name := range set.Names() {
		base := set.Samples(name)[0].Data
		for _, s := range stresses {
			d := base.clone()
			s.apply(&d)
			m, err := set.Render(name, d)
			if err != nil {
				t.Errorf("%s, %s: %v", name, s.name, err)
				continue
			}
			checkParts(t, m)
			if p := outline(m.HTML); len(p.faults) > 0 || p.headings != 1 {
				t.Errorf("%s, %s: %v, %d headings", name, s.name, p.faults, p.headings)
			}
			stem := filepath.Join("testdata", "golden", "stress", filepath.FromSlash(name)+"."+s.name)
			golden(t, stem+".txt", "Subject: "+m.Subject+"\nPreheader: "+m.Preheader+"\n\n"+m.Text)
			if slices.Contains(stressedHTML, name) {
				golden(t, stem+".html", m.HTML)
			}
		}
	}
}

// mayMiss are the omissions of which every combination is tried: those that
// change what an email says.
var mayMiss = []string{
	"customer.first_name", "store.url", "ordinal", "items.url", "items.image_url", "items.price", "order.placed_at",
	"cart.url", "cart.total", "cart.items", "products.items", "offer.percent", "offer.expires",
	"also", "answers", "offer", "products", "cart", "order",
}

// TestEveryTemplateReadsWellWithAnySubsetMissing looks for the traces that a
// missing value leaves in a sentence.
func TestEveryTemplateReadsWellWithAnySubsetMissing(t *testing.T) {
	set := shipped(t)
	var of []omission
	for _, o := range omissions {
		if slices.Contains(mayMiss, o.name) {
			of = append(of, o)
		}
	}
	for _, name := range set.Names() {
		for _, s := range set.Samples(name) {
			for _, o := range subsets(s.Data, of) {
				m, err := set.Render(name, o.Data)
				if err != nil {
					t.Fatalf("%s, sample %s%s: %v", name, s.Name, o.Name, err)
				}
				if bad := ugly(&m); bad != "" {
					t.Fatalf("%s, sample %s%s: prints %q:\n%s\n%s\n%s", name, s.Name, o.Name, bad, m.Subject, m.Preheader, m.Text)
				}
			}
		}
	}
}

// ugly returns what gives away that a value is missing.
func ugly(m *Mail) string {
	words := m.Subject + "\n" + m.Preheader + "\n" + m.Text
	for _, bad := range []string{
		"<no value>", " ,", " .", ",.", ",,", "..", " ?", "?.", "?,", " 0th", " 0 ×", "no.\n", "until.", "until,",
		"of.", "on.", "for.", "\n off", "\n\n\n", "( ", ": .", "- \n", ":\n\n\n",
	} {
		if strings.Contains(words, bad) {
			return bad
		}
	}
	for _, bad := range []string{"<no value>", "ZgotmplZ", "no.&nbsp;<", ">0th", ">0 ×", `href=""`, `src=""`, "\"></span> off"} {
		if strings.Contains(m.HTML, bad) {
			return bad
		}
	}
	return ""
}

func TestRenderLeavesTheCallersDataAlone(t *testing.T) {
	set := shipped(t)
	for _, name := range set.Names() {
		for _, s := range set.Samples(name) {
			for _, change := range stresses {
				d := s.Data.clone()
				change.apply(&d)
				before := d.clone()
				if _, err := set.Render(name, d); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before, d); diff != "" {
					t.Errorf("%s changed it:\n%s", name, diff)
				}
			}
		}
	}
}

func TestWhatIsNoOfferIsNotShown(t *testing.T) {
	set := shipped(t)
	for code, shown := range map[string]bool{
		"COMEBACK10": true, "a-b_c": true, strings.Repeat("A", 40): true,
		"": false, strings.Repeat("A", 41): false, "TEN OFF": false, "evil.example": false, "<b>": false, "TÉN": false, "A\u202eB": false, "A\nB": false,
	} {
		d := set.Samples("cart-recovery/last-call")[0].Data.clone()
		d.Offer.Code = code
		m, err := set.Render("cart-recovery/last-call", d)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(m.HTML, `class="code"`); got != shown {
			t.Errorf("%q: shown %v", code, got)
		}
		if !shown && (strings.Contains(m.Subject, "off") || strings.Contains(m.Text, "code")) {
			t.Errorf("%q: the email speaks of an offer it does not show: %q\n%s", code, m.Subject, m.Text)
		}
	}
}

func TestAnOfferSaysWhatItIsWorthAndUntilWhen(t *testing.T) {
	set := shippedInEnglish(t)
	london := time.FixedZone("", 0)
	const little = "A little something for your basket" // no currency sign: filters count it
	for _, tc := range []struct {
		locale        string
		offer         Offer
		subject, text string
	}{
		{"en-GB", Offer{Percent: 10, Expires: time.Date(2026, 3, 3, 23, 59, 59, 0, london)}, "10% off your basket, until Tuesday 3 March", "10% off your order"},
		{"en-US", Offer{Percent: 10, Expires: time.Date(2026, 3, 3, 23, 59, 59, 0, london)}, "10% off your basket, until Tuesday, March 3", "10% off your order"},
		{"en-GB", Offer{Amount: events.Money{Minor: 500, Currency: "GBP"}}, little, "£5 off your order"},
		{"en-GB", Offer{Amount: events.Money{Minor: 750, Currency: "GBP"}}, little, "£7.50 off your order"},
		{"de-DE", Offer{Amount: events.Money{Minor: 500, Currency: "EUR"}}, little, "5\u00a0€ off your order"},
		{"de-DE", Offer{Percent: 10}, "10 % off your basket", "10\u00a0% off your order"},
		{"ja-JP", Offer{Amount: events.Money{Minor: 1500, Currency: "JPY"}}, little, "￥1,500 off your order"},
		{"en-GB", Offer{Percent: 10, Amount: events.Money{Minor: 500, Currency: "GBP"}}, "10% off your basket", "10% off your order"},
		{"en-GB", Offer{Percent: 101}, little, "Here’s your code"},
		{"en-GB", Offer{Percent: -1, Amount: events.Money{Minor: -500, Currency: "GBP"}}, little, "Here’s your code"},
	} {
		d := set.Samples("cart-recovery/last-call")[0].Data.clone()
		tc.offer.Code = "TEN"
		d.Offer, d.Store.Locale = &tc.offer, tc.locale
		m, err := set.Render("cart-recovery/last-call", d)
		if err != nil || m.Subject != tc.subject || !strings.Contains(m.Text, tc.text) {
			t.Errorf("%s %+v: %q, %v in\n%s", tc.locale, tc.offer, m.Subject, err, m.Text)
		}
	}
}

func TestAnswersLeadSomewhere(t *testing.T) {
	set := shipped(t)
	d := set.Samples("win-back/last-call")[0].Data.clone()
	d.Answers = []Answer{{"elsewhere", "https://mail.shop.example/a/1?x=1&y=2"}, {"other", "javascript:x"}, {"", "https://mail.shop.example/a/2"}, {"new-code", "https://mail.shop.example/a/3"}}
	m, err := set.Render("win-back/last-call", d)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`href="https://mail.shop.example/a/1?x=1&amp;y=2"`, "I buy elsewhere now", "Something else"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(m.HTML, "Another reason") || strings.Contains(m.HTML, "a/2") {
		t.Error("an answer that leads nowhere is shown")
	}
	d.Answers = slices.Repeat(d.Answers[:1], 50)
	if m, err = set.Render("win-back/last-call", d); err != nil || strings.Count(m.Text, "I buy elsewhere now") != maxAnswers {
		t.Errorf("%v\n%s", err, m.Text)
	}
}
