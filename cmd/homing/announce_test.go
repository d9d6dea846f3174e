package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const announcing = `segments: {austrian: 'country == "AT"'}
stores: {main: {name: Tea, url: 'https://shop.example', from: hello@shop.example, postal_address: 'High Street', currency: GBP}}
workers: {announcements: {status: live, quiet_hours: {from: "00:00", to: "00:00"}}}
`

// Somebody sends an announcement to a segment, and looks how far it is; another one is
// paused, goes on and is called off before its time.
func TestAnAnnouncementIsSentToASegment(t *testing.T) {
	dir := t.TempDir()
	config := write(t, dir, "homing.yaml", announcing)
	d := startDev(t, "--ephemeral", "--config", config)
	announce := func(args ...string) ran {
		return homing(t, append(append([]string{"announce"}, args...), "--config", config, "--nats", d.NATS)...)
	}
	file := func(id, more string) string {
		return write(t, dir, id+".yaml", "id: "+id+"\nstore: main\ntemplate: announcements/newsletter\n"+more)
	}
	for i, country := range []string{"AT", "DE", "AT"} {
		publishRaw(t, d.NATS, "storefront.main.order.placed", fmt.Sprintf(
			`{"customer":{"id":"C-%d","email":"c%d@example.com","country":%q,"consent":{"email":"subscribed"}},"order":{"id":"%d","items":[{"product_id":"tea","name":"Tea","quantity":1}],"total":{"amount":"9.00","currency":"GBP"}}}`, i, i, country, 1000+i))
	}
	counted := func() (doc countedSegments) {
		homing(t, "products", "refresh", "--nats", d.NATS).want(t, exitOK)
		r := homing(t, "segments", "--output=json", "--nats", d.NATS).want(t, exitOK)
		if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	eventually(t, func() bool { return counted().Buyers == 3 }, func() string { return "the orders are not counted" })

	for want, more := range map[string]string{
		"segments: there is no segment austrin; did you mean austrian?": "segments: [austrin]\n",
		"who: character 1: unknown name grup; did you mean group?":      "who: grup == \"new\"\n",
		"countries[0]: \"Austria\" is not a country":                    "countries: [Austria]\n",
		"stroe": "stroe: main\n",
	} {
		announce("send", file("wrong", more), "--yes").want(t, exitUsage).contains(t, want)
	}
	announce("status", "spring").want(t, exitUsage).contains(t, `no announcement "spring"`, "homing announce list")
	announce("list").want(t, exitOK).contains(t, "There are no announcements.")

	later := file("later", "segments: [austrian]\nat: 2099-03-01 09:00\n")
	announce("send", later).want(t, exitFailure).contains(t, "goes to 2 of 3 customers of store main, as things are.\nIt is for 2 of them.", "nothing was sent off")
	announce("send", later, "--yes").want(t, exitOK).contains(t, "It leaves at 2099-03-01 09:00 on each recipient's clocks", "later is sent off")
	announce("send", later, "--yes").want(t, exitUsage).contains(t, "id: there is an announcement of this id already")
	announce("status", "later").want(t, exitOK).contains(t, "later (announcements/newsletter, store main): scheduled", "whom it goes to is decided at 2099-02-28 17:00")
	for _, x := range []struct{ command, says, state string }{
		{"pause", "later waits", "paused"}, {"pause", "later waited already", "paused"}, {"resume", "later goes on", "scheduled"},
		{"resume", "later was not paused", "scheduled"}, {"cancel", "later is called off", "cancelled"}, {"cancel", "later was called off already", "cancelled"},
	} {
		announce(x.command, "later").want(t, exitOK).contains(t, x.says)
		announce("list").want(t, exitOK).contains(t, x.state)
	}

	announce("send", file("spring", "who: 'country == \"AT\" and orders == 1'\n"), "--yes", "--output=json").want(t, exitOK)
	eventually(t, func() bool { // an email is sent a moment before it is not due any more
		out := announce("status", "spring").want(t, exitOK).out
		return strings.Contains(out, "sent       2") && strings.Contains(out, ", 0 due")
	}, func() string { return announce("status", "spring").out })
	announce("status", "spring").want(t, exitOK).contains(t, "customers  3\n  audience   2\n  planned    2\n  pending    0 on the schedule", // and how many of them are held, while it is not done
		", 0 due\n  sent       2\n    subject  ", "dropped    0\n")
	var doc announced
	if err := json.Unmarshal([]byte(announce("status", "spring", "--output=json").want(t, exitOK).out), &doc); err != nil {
		t.Fatal(err)
	}
	subjects := 0
	for _, n := range doc.Outcomes.Subjects {
		subjects += n
	}
	if subjects != 2 || doc.Who != `country == "AT" and orders == 1` || doc.Audience != 2 {
		t.Errorf("%+v", doc)
	}
	for _, m := range waitMails(t, d.Inbox, 2) {
		if m.To[0] == "c1@example.com" {
			t.Error("somebody in Germany got it")
		}
	}
}
