package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"homing/pkg/why"
)

// The commands find what `homing dev` keeps to itself: its Redis and its secret.
func TestWhyPendingAndExportAnswerAboutACustomer(t *testing.T) {
	d := startDev(t, "--state", filepath.Join(t.TempDir(), "state"))
	nats := "--nats=" + d.NATS
	homing(t, "why", "ann", nats).want(t, exitFailure).contains(t, "nothing is known about them")
	homing(t, "publish", "order.placed", "--customer=ann", "--email=ann@example.com", "--order=10042", nats).want(t, exitOK)
	story := func() (r why.Report) {
		ran := homing(t, "why", "ann", nats, "--output=json")
		if ran.code == exitOK {
			if err := json.Unmarshal([]byte(ran.out), &r); err != nil {
				t.Fatal(err)
			}
		}
		return r
	}
	eventually(t, func() bool { return len(story().Pending) >= 2 }, func() string { return "nothing is planned" })
	homing(t, "why", "ann", nats).want(t, exitOK).contains(t, "ordered 10042", "thank-you/thanks for order 10042: due", "NOTHING PENDING FROM", "win-back")
	homing(t, "why", story().Token, nats, "--limit=1", "--since=7d", "--all").want(t, exitOK).contains(t, "ordered 10042")
	homing(t, "pending", "ann", nats).want(t, exitOK).contains(t, "thank-you/thanks", "not_yet", "Europe/London")
	homing(t, "pending", nats, "--days=30").want(t, exitOK).contains(t, "thank-you", "emails pending")
	homing(t, "uncertain", nats).want(t, exitOK).contains(t, "it is known whether it was sent")
	homing(t, "replan", "thank-you", "--since=1d", nats).want(t, exitOK).contains(t, "1 event read, 1 email planned")

	homing(t, "rebuild", nats).want(t, exitOK).contains(t, "store main: ", " folded in ")
	homing(t, "rebuild", "--store=main", "--output=json", nats).want(t, exitOK).contains(t, `"entries": `)
	homing(t, "rebuild", "--store=nowhere", nats).want(t, exitUsage).contains(t, "nowhere")

	var doc struct {
		Customer string
		Timeline []struct{ Event struct{ Type string } }
		Pending  []struct{ Worker string }
	}
	if err := json.Unmarshal([]byte(homing(t, "export", "ann", nats, "--output=json").want(t, exitOK).out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Customer != "ann" || len(doc.Timeline) == 0 || doc.Timeline[len(doc.Timeline)-1].Event.Type != "order.placed" || len(doc.Pending) < 2 {
		t.Errorf("exported %+v", doc)
	}

	homing(t, "publish", "order.placed", "--email=jo@example.com", "--order=10043", nats).want(t, exitOK)
	eventually(t, func() bool { return homing(t, "why", "Jo@example.com", nats).code == exitOK }, func() string { return "the guest is not found by address" })
	homing(t, "why", "ANN@example.com", nats).want(t, exitOK).contains(t, "Customer ann · ", "ordered 10042")
	homing(t, "why", "10043", nats).want(t, exitOK).contains(t, "Customer guest:", "ordered 10043")
	homing(t, "pending", "ann@example.com", nats).want(t, exitOK).contains(t, "thank-you/thanks")
	homing(t, "publish", "order.placed", "--customer=10043", "--order=10044", nats).want(t, exitOK)
	eventually(t, func() bool {
		return strings.Contains(homing(t, "why", "10043", nats).out, "2 customers answer to that")
	},
		func() string { return "an id and an order of one number are not told apart" })
	homing(t, "why", "10043", nats).want(t, exitOK).contains(t, "as id\n", "as order\n", "ordered 10043", "ordered 10044")
	homing(t, "pending", "10043", nats).want(t, exitOK).contains(t, ", as id:\n", ", as order:\n")
	homing(t, "export", "10043", nats).want(t, exitFailure).contains(t, "may mean several", "as order")
	homing(t, "erase", "10043", "--yes", nats).want(t, exitFailure).contains(t, "may mean several")

	homingWith(t, nil, "no\n", "erase", "ann@example.com", nats).want(t, exitFailure).contains(t, "one person of store main", "  ann (token ", "1 order;", "nothing was erased")
	homing(t, "erase", "nobody@example.com", "--yes", nats).want(t, exitFailure).contains(t, "nothing is known about them")
	homingWith(t, nil, "yes\n", "erase", "ann@example.com", nats).want(t, exitOK).contains(t, "Published 1 event of customer.erased")
	eventually(t, func() bool { return !story().Erased.IsZero() }, func() string { return "the erasure is not shown" })
	if r := homing(t, "why", "ann", nats).want(t, exitOK).contains(t, "was erased on"); strings.Contains(r.out, "10042") {
		t.Errorf("more than the erasure is shown:\n%s", r.out)
	}
}

func TestWhatLooksIntoAnInstallationRefusesWhatItCannotMean(t *testing.T) {
	away := []string{"--nats=nats://127.0.0.1:1", "--timeout=1ms"}
	for _, args := range [][]string{{"why"}, {"why", "a", "b"}, {"pending", "a", "b"}, {"export"}, {"uncertain", "x"}, {"replan"}} {
		homing(t, append(args, away...)...).want(t, exitUsage)
	}
	for _, args := range [][]string{{"why", "a", "--limit=-1"}, {"why", "a", "--since=yesterday"}, {"pending", "--days=0"},
		{"replan", "postman", "--since=1d"}, {"replan", "thank-you"}, {"pause", "thank-you", "--reason=ann@example.com"}} {
		homing(t, append(args, away...)...).want(t, exitUsage)
	}
	homing(t, append([]string{"why", "ann"}, away...)...).want(t, exitUnreachable)
	d := startDev(t, "--ephemeral")
	nats := "--nats=" + d.NATS
	homing(t, "why", "ann", "--limit=-1", nats).want(t, exitUsage).contains(t, "--limit")
	homing(t, "why", "ann", "--since=yesterday", nats).want(t, exitUsage).contains(t, "--since", "7d")
	homing(t, "why", "ann", "--store=nowhere", nats).want(t, exitUsage).contains(t, "--store")
	homing(t, "pending", "--days=0", nats).want(t, exitUsage).contains(t, "--days")
	homing(t, "replan", "postman", "--since=1d", nats).want(t, exitUsage).contains(t, "thank-you")
	homing(t, "replan", "thank-you", nats).want(t, exitUsage).contains(t, "--since")
}

func TestWhoLooksNeedsTheSecret(t *testing.T) {
	url, _ := natsOnly(t)
	config := write(t, t.TempDir(), "homing.yaml", otherStore)
	homing(t, "why", "ann", "--nats", url, "--config", config).want(t, exitUsage).contains(t, "secret", "HOMING_SECRET_FILE")
	e := env{"HOMING_SECRET": strings.Repeat("s", 32), "HOMING_REDIS_URL": "redis://:hidden@127.0.0.1:1/0"}
	r := homingWith(t, e, "", "why", "ann", "--nats", url, "--config", config).want(t, exitUnreachable).contains(t, "redis.url redis://")
	if strings.Contains(r.err, "hidden") {
		t.Errorf("the password is told: %s", r.err)
	}
}
