package main

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// get returns what a page shows.
func get(t *testing.T, page string) string {
	t.Helper()
	res, err := http.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", page, res.Status, err, body)
	}
	return string(body)
}

// lookUp asks the page of customers, and returns the answer, and where it leads.
func lookUp(t *testing.T, studio, who string) (status int, page, leads string) {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.PostForm(studio+"/customers", url.Values{"q": {who}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header.Get("Location")
}

// Somebody who answers customers finds one by an address, an id or an order, reads what
// happened and what is to come, sees the email as it was sent, and exports all of it. Ops see what went out, and what the doctor found.
func TestSupportLooksUpACustomer(t *testing.T) {
	began := time.Now().UTC()
	d := startDev(t, "--ephemeral", "--speed", "600")
	homing(t, "publish", "order.placed", "--customer", "ann", "--email", "ann@example.com", "--order", "shop-77", "--nats", d.NATS).want(t, exitOK)
	var page, leads string
	eventually(t, func() bool {
		status := 0
		if status, page, leads = lookUp(t, d.Studio, "ann@example.com"); status != http.StatusSeeOther {
			return false
		}
		page = get(t, d.Studio+leads)
		return strings.Contains(page, "See the email")
	}, func() string { return page })
	if strings.Contains(leads, "ann") || strings.Contains(leads, "@") {
		t.Errorf("the address is in %s", leads)
	}
	for _, part := range []string{"ann@example.com", "ordered shop-77", "thank-you/thanks for shop-77 sent", "review-request/ask", "may be sent"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	today := ""
	eventually(t, func() bool { today = get(t, d.Studio+"/today"); return !strings.Contains(today, "Looking…") }, func() string { return today })
	sent := "1"
	if began.Add(600*time.Since(began)).Day() != began.Day() {
		sent = "[01]" // ten minutes a second: the day that it was sent on may be over
	}
	if !regexp.MustCompile(`<tr id="w-thank-you">.*<td class="words state">live</td><td>`+sent+`</td>`).MatchString(today) || !strings.Contains(today, "Nothing. <a") {
		t.Errorf("today:\n%s", today)
	}
	system := ""
	eventually(t, func() bool { system = get(t, d.Studio+"/system"); return !strings.Contains(system, "Looking…") }, func() string { return system })
	if !strings.Contains(system, "intake, calendar") || !strings.Contains(system, "streams <span") {
		t.Errorf("system:\n%s", system)
	}
	for _, who := range []string{"ann", "shop-77"} {
		if status, body, to := lookUp(t, d.Studio, who); status != http.StatusSeeOther || to != leads {
			t.Errorf("%s: %d to %s\n%s", who, status, to, body)
		}
	}
	if status, body, _ := lookUp(t, d.Studio, "nobody"); status != http.StatusNotFound || !strings.Contains(body, "Nobody was found") {
		t.Errorf("%d\n%s", status, body)
	}
	email := get(t, d.Studio+regexp.MustCompile(`/customers/[^"]*/emails/[^"]*`).FindString(page))
	frame := regexp.MustCompile(`<iframe[^>]*src="([^"]*)"`).FindStringSubmatch(email)
	if frame == nil || !strings.Contains(get(t, frame[1]), "shop-77") {
		t.Errorf("the email is not shown:\n%s", email)
	}
	if all := get(t, d.Studio+leads+"/export"); !strings.Contains(all, `"timeline"`) || !strings.Contains(all, "shop-77") {
		t.Errorf("exported:\n%s", all)
	}
	for _, do := range []struct{ press, once, then string }{
		{"stop", "They get no more marketing email", "unsubscribed from marketing"},
		{"stop", "It was so already", "unsubscribed from marketing"},
		{"erase", "", "Nothing else is shown"},
	} {
		res, err := http.PostForm(d.Studio+leads+"/"+do.press, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if !strings.Contains(string(body), do.once) {
			t.Errorf("%s: %s\n%s", do.press, res.Status, body)
		}
		eventually(t, func() bool { page = get(t, d.Studio+leads); return strings.Contains(page, do.then) }, func() string { return page })
	}
}

// What the console shows of workers, rejected events and announcements, and does about them,
// is what the commands show and do.
func TestTheConsoleDoesWhatTheCommandsDo(t *testing.T) {
	d := startDev(t, "--ephemeral")
	homing(t, "publish", "cart.abandoned", "--customer", "ann", "--email", "ann@example.com", "--nats", d.NATS).want(t, exitOK)
	page := ""
	sees := func(path string, parts ...string) {
		t.Helper()
		eventually(t, func() bool {
			page = get(t, d.Studio+path)
			for _, part := range parts {
				if !strings.Contains(page, part) {
					return false
				}
			}
			return true
		}, func() string { return page })
	}
	press := func(path string, fields ...string) {
		t.Helper()
		form := url.Values{}
		for i := 0; i < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		res, err := http.PostForm(d.Studio+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v\n%s", path, res.Status, err, body)
		}
	}
	sees("/workers/cart-recovery", "Reminds customers of a cart they left.", "after 1 hour", ">live</span>")
	press("/workers/cart-recovery/pause", "do", "pause", "store", "main", "why", "a typo")
	homing(t, "status", "--nats", d.NATS).want(t, exitOK).contains(t, "a typo")
	sees("/workers/cart-recovery", "paused since", "a typo")
	press("/workers/cart-recovery/pause", "do", "resume", "store", "main")
	if out := homing(t, "status", "--nats", d.NATS).want(t, exitOK).out; strings.Contains(out, "a typo") {
		t.Errorf("it is still paused:\n%s", out)
	}

	publishRaw(t, d.NATS, "storefront.main.order.placed", `{"customer":{"id":"guest"}}`)
	sees("/rejected", "/rejected/main/bad_value")
	sees("/rejected/main/bad_value?field=customer.id", "still wrong", "guest")
	press("/rejected/replay", "sequence", "1", "sure", "yes")
	eventually(t, func() bool { return listed(t, d.NATS)[0].Sequence == 2 }, func() string { return "it is not rejected again" })
	sees("/announcements", "No announcement has been sent yet.")
}
