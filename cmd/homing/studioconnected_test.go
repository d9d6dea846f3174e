package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// preview is what a studio shows of the thanks to somebody.
func preview(t *testing.T, studio, who string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"email": "thank-you/thanks", "who": who})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(studio+"/api/preview", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// The studios of homing dev and of the command know the customers of the installation,
// and without one the command's has its samples.
func TestStudiosShowWhatRealCustomersGet(t *testing.T) {
	d := startDev(t, "--ephemeral")
	homing(t, "publish", "order.placed", "--customer", "ann", "--order", "shop-77", "--nats", d.NATS).want(t, exitOK)
	shows := func(studio, who string) {
		t.Helper()
		got := ""
		eventually(t, func() bool { got = preview(t, studio, who); return strings.Contains(got, "shop-77") }, func() string { return got })
	}
	shows(d.Studio, "ann")
	open := func(nats string) (studio string, connected bool, b *background) {
		t.Helper()
		b = start(t, map[string]string{"HOMING_NATS_URL": nats}, "studio", "--port=0", "--output=json")
		var said struct {
			Studio    string `json:"studio"`
			Connected bool   `json:"connected"`
		}
		if err := json.NewDecoder(b.out).Decode(&said); err != nil {
			t.Fatalf("%v: %s", err, b.err)
		}
		return said.Studio, said.Connected, b
	}
	studio, connected, b := open(d.NATS)
	if !connected {
		t.Error("it is not connected")
	}
	shows(studio, "ann@example.com")
	b.stop()
	d.stop()
	if studio, connected, b = open(d.NATS); connected || !strings.Contains(preview(t, studio, ""), `"rendered":true`) {
		t.Error("without an installation it is connected, or shows nothing")
	}
	b.stop()
}
