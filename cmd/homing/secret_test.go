package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"homing/pkg/installation"
)

// Every command that derives tokens, the engine and each of its roles refuse another
// secret than the installation's, and `homing status` shows it.
func TestAnotherSecretThanTheInstallationsIsRefused(t *testing.T) {
	d := startDev(t, "--ephemeral")
	homing(t, "publish", "order.placed", "--customer=ann", "--email=ann@example.com", "--nats", d.NATS).want(t, exitOK)
	e := env{"HOMING_SECRET": "another secret that only tests use, 32+", "HOMING_NATS_URL": d.NATS}
	config := write(t, t.TempDir(), "homing.yaml", otherStore+"templates: {dir: ../../templates}\nhttp: {listen: \"127.0.0.1:0\", gateway: \"127.0.0.1:0\", public_url: \"http://127.0.0.1:1\"}\n")
	for _, args := range []string{
		"setup", "run", "run gateway", "run intake", "run thank-you", "run calendar",
		"why ann --store main", "export ann --store main", "erase ann --store main --yes", "pending ann --store main", "rebuild", "replan thank-you --since 7d",
	} {
		began := time.Now()
		r := homingWith(t, e, "", append(strings.Fields(args), "--config", config)...)
		if r.code != exitUsage || !strings.Contains(r.err, "not the secret of the installation") {
			t.Errorf("%s: exit code %d\n%s", args, r.code, r.err)
		}
		if strings.Contains(r.out+r.err, "only tests use") {
			t.Errorf("%s shows the secret: %s", args, r.err)
		}
		if took := time.Since(began); took > testPatience {
			t.Errorf("%s took %v", args, took)
		}
	}
	homingWith(t, e, "", "status", "--config", config).want(t, exitOK).contains(t, "ANOTHER than the configured one")
	var s installation.Status
	if err := json.Unmarshal([]byte(homing(t, "status", "--nats", d.NATS, "-o", "json").want(t, exitOK).out), &s); err != nil {
		t.Fatal(err)
	}
	if s.Secret.Kept == "" || s.Secret.Other() {
		t.Errorf("status: %+v", s.Secret)
	}
	homing(t, "why", "ann", "--nats", d.NATS).want(t, exitOK)
}
