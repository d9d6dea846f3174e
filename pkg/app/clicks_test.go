package app

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"homing/pkg/channel"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/link"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/touch"
)

func TestLinksLeadWhereTheStoreSays(t *testing.T) {
	c := config.Example()
	c.HTTP.PublicURL = "https://shop.example/mail" // on the shop's own host
	links, err := link.New(c.HTTP.PublicURL, []link.Key{{ID: "k1", Secret: "only tests use it"}})
	if err != nil {
		t.Fatal(err)
	}
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	in := channel.Content{Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Step: touch.Step{Class: touch.Marketing},
		Touch: touch.Touch{Customer: id.Key("main", "ann"), Worker: "win-back", Step: "offer", Occasion: "7"}}
	ours := links.URL(link.Link{Purpose: link.Unsubscribe, Customer: in.Touch.Customer, Worker: "win-back"})
	a := &App{o: Options{Config: &c}, links: links, stores: map[string]*programme.Store{"main": {View: render.Store{URL: "https://shop.example"}}}}
	set := func(k config.Clicks) {
		s := c.Stores["main"]
		s.Clicks = k
		c.Stores["main"] = s
	}

	if a.leads("main") != nil {
		t.Error("by default links lead elsewhere")
	}
	set(config.Clicks{UTM: "utm_campaign={worker}-{step}-{store}"})
	to := a.leads("main")(in)
	if got := to.HTML("https://www.shop.example/p?a=1"); got != "https://www.shop.example/p?a=1&utm_campaign=win-back-offer-main" || to.Text("https://shop.example") != "https://shop.example?utm_campaign=win-back-offer-main" || to.Picture != "" {
		t.Errorf("%s %s", got, to.Picture)
	}
	set(config.Clicks{UTM: "utm_source=h", Track: true, Opens: true})
	to = a.leads("main")(in)
	for _, same := range []string{ours, "https://facebook.example/shop", "mailto:hello@shop.example", "#top", ""} {
		if to.HTML(same) != same || to.Text(same) != same {
			t.Errorf("%s leads to %s", same, to.HTML(same))
		}
	}
	l, err := links.Verify(pathOf(t, to.HTML("https://shop.example/p")))
	if err != nil || l.Purpose != link.Visit || l.URL != "https://shop.example/p?utm_source=h" || l.Occasion != "7" || l.At != in.Now.Unix() || l.Customer != in.Touch.Customer {
		t.Errorf("%+v, %v", l, err)
	}
	if got := to.Text("https://shop.example/p"); got != "https://shop.example/p?utm_source=h" {
		t.Errorf("the text has %s", got)
	}
	long := "https://shop.example/" + strings.Repeat("p", 4000)
	if got := to.HTML(long); !strings.HasPrefix(got, long[:2000]) {
		t.Errorf("what is too long for a link of ours leads to %.60s", got)
	}
	if l, err = links.Verify(pathOf(t, to.Picture)); err != nil || l.Purpose != link.Opened {
		t.Errorf("%+v, %v", l, err)
	}
	in.Step.Class = touch.Transactional
	if a.leads("main")(in).Picture != "" {
		t.Error("a transactional email asks for a picture")
	}
}

func pathOf(t *testing.T, to string) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}
