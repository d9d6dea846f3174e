package render

import (
	"testing"

	"homing/events"
)

func TestALinkAppliesAnOfferAndGoesOnWithinTheShop(t *testing.T) {
	const pattern = "https://shop.example/discount/{code}?redirect={path}"
	for _, tc := range []struct{ pattern, to, want string }{
		{pattern, "https://shop.example/cart/c-1?a=b&c=d", "https://shop.example/discount/TEN-1?redirect=%2Fcart%2Fc-1%3Fa%3Db%26c%3Dd"},
		{pattern, "https://www.shop.example/cart", "https://shop.example/discount/TEN-1?redirect=%2Fcart"},
		{pattern, "https://shop.example", "https://shop.example/discount/TEN-1?redirect=%2F"},
		{pattern, "https://elsewhere.example/cart", "https://shop.example/discount/TEN-1?redirect=%2F"},
		{pattern, "", "https://shop.example/discount/TEN-1?redirect=%2F"},
		{"https://shop.example/?coupon={code}", "https://shop.example/cart", "https://shop.example/?coupon=TEN-1"},
		{"", "https://shop.example/cart", ""},
	} {
		if got := offerURL(tc.pattern, "TEN-1", tc.to); got != tc.want {
			t.Errorf("%s to %s: %s, want %s", tc.pattern, tc.to, got, tc.want)
		}
	}
}

func TestAnOfferIsTakenOffTheTotal(t *testing.T) {
	pounds := func(minor int64) events.Money { return events.Money{Minor: minor, Currency: "GBP"} }
	for _, tc := range []struct {
		total events.Money
		offer Offer
		want  events.Money
	}{
		{pounds(6250), Offer{Percent: 10}, pounds(5625)},
		{pounds(999), Offer{Percent: 15}, pounds(849)},
		{pounds(6250), Offer{Amount: pounds(500)}, pounds(5750)},
		{pounds(400), Offer{Amount: pounds(500)}, events.Money{}},
		{pounds(6250), Offer{Amount: events.Money{Minor: 500, Currency: "EUR"}}, events.Money{}},
		{pounds(6250), Offer{Percent: 100}, events.Money{}},
		{pounds(6250), Offer{}, events.Money{}},
		{events.Money{}, Offer{Percent: 10}, events.Money{}},
		{pounds(-5), Offer{Percent: 10}, events.Money{}},
		{pounds(1 << 62), Offer{Percent: 10}, events.Money{}},
	} {
		if got := reduced(tc.total, &tc.offer); got != tc.want {
			t.Errorf("%v with %+v: %v, want %v", tc.total, tc.offer, got, tc.want)
		}
	}
}

func TestParameterAddsOneToAnyURL(t *testing.T) {
	for _, tc := range []struct{ url, name, want string }{
		{"https://shop.example/r", "rating", "https://shop.example/r?rating=4"},
		{"https://shop.example/r?p=1", "rating", "https://shop.example/r?p=1&rating=4"},
		{"https://shop.example/r#write", "rating", "https://shop.example/r?rating=4#write"},
		{"https://shop.example/r", "", "https://shop.example/r"},
		{"", "rating", ""},
	} {
		if got := parameter(tc.url, tc.name, 4); got != tc.want {
			t.Errorf("%q %q: %s", tc.url, tc.name, got)
		}
	}
}

func TestANumberAndItsUnitStayTogether(t *testing.T) {
	for in, want := range map[string]string{
		"Coffee, 250 g":            "Coffee, 250\u00a0g",
		"Coffee 250 g, 2 kg of it": "Coffee 250\u00a0g, 2\u00a0kg of it",
		"Size 4 mug":               "Size 4 mug",
		"24 x 30 cm":               "24\u00a0x 30\u00a0cm",
		"7 g":                      "7\u00a0g",
		"g 7":                      "g 7",
		"Tea":                      "Tea",
		"50 %":                     "50\u00a0%",
		"3 é":                      "3 é",
	} {
		if got := together(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestOnlyAPlainAddressIsAContact(t *testing.T) {
	for in, want := range map[string]string{
		"hello@shop.example": "hello@shop.example", "a+b.c-d_e@shop.example": "a+b.c-d_e@shop.example",
		"": "", "shop.example": "", "@shop.example": "", "a@b@c": "", `a"b@shop.example`: "", "a?subject=x@shop.example": "", "ä@shop.example": "",
	} {
		if got := mailbox(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
