package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestANewcomerSeesTheFirstMail(t *testing.T) {
	d := startDev(t, "--ephemeral")
	homing(t, "publish", "order.placed", "--customer", "ann", "--time", "-31m", "--nats", d.NATS).
		want(t, exitOK).contains(t, "storefront.main.order.placed", "ann@example.com")
	m := waitMails(t, d.Inbox, 1)[0]
	if !slices.Equal(m.To, []string{"ann@example.com"}) || !strings.Contains(m.Subject, "thank you") {
		t.Errorf("the email is %q to %v", m.Subject, m.To)
	}
	res, err := http.Get(d.HTTP + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("/readyz: %s", res.Status)
	}
	d.stop()
	if _, err := os.Stat(d.State); err == nil || d.Kept {
		t.Errorf("the ephemeral state %s is still there (kept: %v)", d.State, d.Kept)
	}
}

func TestDevKeepsItsStateAndItsSecret(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	order := func(d *dev, id string) {
		homing(t, "publish", "order.placed", "--customer", "ann", "--order", id, "--time", "-31m", "--nats", d.NATS).want(t, exitOK)
	}
	d := startDev(t, "--state", state)
	order(d, "1")
	waitMails(t, d.Inbox, 1)
	d.stop()

	d = startDev(t, "--state", state)
	order(d, "1") // known: no second email
	order(d, "2")
	if m := waitMails(t, d.Inbox, 1)[0]; !strings.Contains(m.Subject, "again") {
		t.Errorf("the second order is thanked for with %q", m.Subject)
	}
	info, err := os.Stat(filepath.Join(state, "secret"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret: %v, %v", info, err)
	}
	homing(t, "dev", "--state", state, "--nats-port=0").want(t, exitFailure).contains(t, "another homing dev")
}

// TestALinkOfAMailInTheInboxWorks clicks as a reader would: the page, then the
// button.
func TestALinkOfAMailInTheInboxWorks(t *testing.T) {
	config := write(t, t.TempDir(), "homing.yaml", otherStore+"workers: {thank-you: {class: marketing, quiet_hours: {from: \"00:00\", to: \"00:00\"}}}\n")
	d := startDev(t, "--ephemeral", "--config", config)
	homing(t, "publish", "order.placed", "--store", "other", "--customer", "ann", "--time", "-31m", "--nats", d.NATS).want(t, exitOK)
	text := waitMails(t, d.Inbox, 1)[0].Text
	link := regexp.MustCompile(`http://\S+/u/\S+`).FindString(text)
	if !strings.HasPrefix(link, d.Links+"/u/") {
		t.Fatalf("no link to %s in\n%s", d.Links, text)
	}
	for want, send := range map[string]func() (*http.Response, error){
		"Unsubscribe from":    func() (*http.Response, error) { return http.Get(link) },
		"You’re unsubscribed": func() (*http.Response, error) { return http.PostForm(link, nil) },
	} {
		res, err := send()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%d %v %s", res.StatusCode, err, body)
		}
	}
}

// What else the demo leads to depends on the time of day: marketing waits at night.
func TestTheDemoIsADayWithNineThankYous(t *testing.T) {
	d := startDev(t, "--ephemeral", "--demo", "--demo-customers", "0")
	var to []string
	eventually(t, func() bool {
		to = nil
		for _, m := range inbox(t, d.Inbox) {
			if strings.Contains(strings.ToLower(m.Subject), "thank you") {
				to = append(to, m.To...)
			}
			if m.To[0] == "cleo@example.com" && strings.Contains(m.Subject, "order") && !strings.Contains(m.Subject, "5th") {
				t.Errorf("the milestone's subject is %q", m.Subject)
			}
		}
		return len(to) >= 9
	}, func() string { return "waiting for nine thank-yous, there are " + number(len(to)) })
	slices.Sort(to)
	want := []string{"ann", "ann", "bram", "cleo", "dana", "gwen", "hana", "ivo", "zoe"}
	for i := range want {
		want[i] += "@example.com"
	}
	if !slices.Equal(to, want) {
		t.Errorf("mailed %v\nwant   %v", to, want)
	}
	homing(t, "rejected", "list", "--nats", d.NATS).want(t, exitOK).contains(t, "Nothing is rejected")
}

// A year of a small shop is there once dev is ready, and counted soon; its day follows. Of
// what happened in it nothing is told as of today.
func TestTheDemoHasAYear(t *testing.T) {
	d := startDev(t, "--ephemeral", "--demo", "--demo-customers", "40")
	eventually(t, func() bool {
		return strings.Contains(homing(t, "report", "--nats", d.NATS).want(t, exitOK).out, "customers who ordered")
	}, func() string { return "waiting for the numbers" })
	homing(t, "report", "--nats", d.NATS).want(t, exitOK).contains(t, "all marketing")
	homing(t, "why", "D-1001", "--nats", d.NATS).want(t, exitOK).contains(t, "ordered Y")
	waitMails(t, d.Inbox, 9)
	if n := len(inbox(t, d.Inbox)); n > 60 {
		t.Errorf("%d emails were sent about the past", n)
	}
}

func TestSpeedMakesAnHourASecond(t *testing.T) {
	d := startDev(t, "--speed", "3600")
	if d.Kept || d.Speed != 3600 {
		t.Errorf("kept %v, speed %v", d.Kept, d.Speed)
	}
	begin := time.Now()
	homing(t, "publish", "order.placed", "--customer", "ann", "--nats", d.NATS).want(t, exitOK)
	waitMails(t, d.Inbox, 1)
	// Half an hour is half a second.
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("the email came after %v", took)
	}
	file := write(t, t.TempDir(), "old.jsonl", strings.ReplaceAll(sample, "T09:", "T08:"))
	homing(t, "publish", "--file", file, "--rebase", "--nats", d.NATS).want(t, exitOK)
	waitMails(t, d.Inbox, 3) // the two orders of the sample, as of now
}

func TestAPortThatWasAskedForMustBeFree(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	taken := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	for _, flag := range []string{"--nats-port", "--inbox-port", "--smtp-port", "--http-port", "--gateway-port", "--studio-port"} {
		args := []string{"dev", "--ephemeral"}
		for _, other := range []string{"--nats-port", "--inbox-port", "--smtp-port", "--http-port", "--gateway-port", "--studio-port"} {
			port := "0"
			if other == flag {
				port = taken
			}
			args = append(args, other, port)
		}
		homing(t, args...).want(t, exitFailure).contains(t, flag+":", taken)
	}
}

func TestDevRefusesWhatItCannotMean(t *testing.T) {
	for _, args := range [][]string{
		{"--speed", "0"},
		{"--speed", "-1"},
		{"--ephemeral", "--state", "x"},
		{"--ephemeral", "--templates", "/does/not/exist"},
		{"--ephemeral", "--config", "/does/not/exist"},
		{"extra"},
	} {
		homing(t, append([]string{"dev", "--nats-port=0"}, args...)...).want(t, exitUsage)
	}
}

func TestDevSaysHowToGoOn(t *testing.T) {
	b := start(t, nil, "dev", "--ephemeral", "--nats-port=0", "--inbox-port=0", "--smtp-port=0", "--http-port=0", "--gateway-port=0", "--studio-port=0")
	var text string
	buf := make([]byte, 4096)
	for !strings.Contains(text, "Ctrl-C") {
		n, err := b.out.Read(buf)
		text += string(buf[:n])
		if err != nil {
			t.Fatalf("%v after %s", err, text)
		}
	}
	for _, want := range []string{"Inbox", "Links", "http://127.0.0.1:", "homing publish order.placed --customer ann --email ann@example.com --nats nats://",
		"--time -30m", "--speed 3600"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}
