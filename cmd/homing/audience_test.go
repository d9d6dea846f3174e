package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homing/pkg/installation"
	"homing/pkg/reason"
)

// Who ordered is in the segment, who said yes is in the audience.
func TestAnAudienceHasThoseWhoSaidYes(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, "--state", filepath.Join(dir, "state"))
	for i, consent := range []string{`,"consent":{"email":"subscribed","at":"2026-01-02T03:04:05Z"}`, "", `,"consent":{"email":"unsubscribed","at":"2026-01-02T03:04:05Z"}`} {
		publishRaw(t, d.NATS, "storefront.main.order.placed", fmt.Sprintf(`{"customer":{"id":"C-%d","email":"C.%d@example.com","first_name":"Ann","country":"DE"%s},"order":{"id":"%d","items":[{"product_id":"tea","name":"Tea","quantity":1,"price":{"amount":"9.00","currency":"EUR"}}],"total":{"amount":"9.00","currency":"EUR"}}}`, i, i, consent, 1000+i))
	}
	eventually(t, func() bool {
		homing(t, "products", "refresh", "--nats", d.NATS).want(t, exitOK)
		r := homing(t, "segments", "--output=json", "--nats", d.NATS).want(t, exitOK)
		var doc countedSegments
		if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
			t.Fatal(err)
		}
		return doc.Buyers == 3
	}, func() string { return "the orders are not counted" })

	var group, file string
	for i, why := range []reason.Reason{"", "no_consent", "unsubscribed"} {
		id := fmt.Sprintf("C-%d", i)
		var of []installation.Segments
		r := homing(t, "segments", "--customer", id, "--output=json", "--nats", d.NATS).want(t, exitOK)
		if err := json.Unmarshal([]byte(r.out), &of); err != nil {
			t.Fatal(err)
		}
		group, file = string(of[0].Profile.Group), filepath.Join(dir, id+".csv")
		r = homing(t, "audience", group, "--form=google", "--out", file, "--output=json", "--nats", d.NATS).want(t, exitOK)
		var n installation.Members
		if err := json.Unmarshal([]byte(r.out), &n); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		hash := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "c.%d@example.com", i)))
		if is := strings.Contains(string(text), hash); is != (why == "") || why != "" && n.LeftOut[why] != 1 {
			t.Errorf("%s is in the audience: %t; %+v", id, is, n)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	homing(t, "audience", group, "--form=meta", "--out", file, "--nats", d.NATS).want(t, exitUsage).contains(t, "exists already")
	homing(t, "audience", group, "--form=meta", "--out", file+"2", "--nats", d.NATS).want(t, exitOK).contains(t, " who are "+group+" in store main", "unsubscribed")
	if text, _ := os.ReadFile(file + "2"); !strings.HasPrefix(string(text), "email,fn,ln,country\n") {
		t.Errorf("%s", text)
	}
	homing(t, "audience", "champoin", "--form=meta", "--out", file+"3", "--nats", d.NATS).want(t, exitFailure).contains(t, `champion`)
	if _, err := os.Stat(file + "3"); err == nil {
		t.Error("a file of no segment is left")
	}
	homing(t, "audience", group, "--form=tiktok", "--out", file+"3", "--nats", d.NATS).want(t, exitUsage).contains(t, "write google")
}
