package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/control"
	"homing/pkg/devstack"
	"homing/pkg/installation"
	"homing/pkg/programme"
)

func TestWorkersArePausedAndResumedAndStatusSaysSo(t *testing.T) {
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Stop()
	config := write(t, t.TempDir(), "homing.yaml", otherStore+"workers: {birthday: {status: paused}, win-back: {status: shadow}}\n")
	do := func(args ...string) ran {
		t.Helper()
		return homing(t, append(args, "--nats", srv.URL(), "--config", config)...)
	}
	do("status").want(t, exitFailure).contains(t, "homing setup")
	do("pause", "all").want(t, exitFailure).contains(t, "homing setup")
	do("setup").want(t, exitOK)

	do("pause", "thank-yuo").want(t, exitUsage).contains(t, "thank-you, ")
	do("pause", "thank-you", "--store=nobody").want(t, exitUsage).contains(t, "no store nobody is configured; there are ")
	homing(t, "pause", "all", "--nats", srv.URL(), "--store=mian").want(t, exitUsage).contains(t, "a misspelt one would stop nothing")
	do("pause", "thank-you", "--reason=new wording").want(t, exitOK).contains(t, "thank-you is paused; what falls due waits")
	do("pause", "thank-you").want(t, exitOK).contains(t, "thank-you was paused already")
	do("pause", "win-back", "--store=other").want(t, exitOK).contains(t, "(store other)")
	do("resume", "birthday").want(t, exitOK).contains(t, "birthday was not paused; its status in the configuration is paused")
	do("status").want(t, exitOK).contains(t, "thank-you: paused since ", ": new wording", "TIMELINE")

	states := func() map[string]string {
		t.Helper()
		var s installation.Status
		if err := json.Unmarshal([]byte(do("status", "-o", "json").want(t, exitOK).out), &s); err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, w := range s.Workers {
			out[w.Worker] = w.State()
		}
		return out
	}
	want := map[string]string{}
	for _, name := range programme.WorkerNames() {
		want[name] = "live"
	}
	want["thank-you"], want["birthday"], want["win-back"] = "paused", "paused", "main shadow, other paused"
	for _, name := range []string{"double-opt-in", "welcome", "service", "rewards", "referral", "advocacy", "subscription", "survey", "announcements"} { // unless they are switched on
		want[name] = "off"
	}
	if d := cmp.Diff(want, states()); d != "" {
		t.Errorf("states (-want +got):\n%s", d)
	}
	var done []installation.Switched
	if err := json.Unmarshal([]byte(do("resume", "all", "--output=json").want(t, exitOK).out), &done); err != nil {
		t.Fatal(err)
	}
	done = slices.DeleteFunc(done, func(d installation.Switched) bool { return !d.Changed })
	if d := cmp.Diff([]installation.Switched{{Worker: "thank-you", Changed: true}, {Worker: "win-back", Changed: true}}, done); d != "" {
		t.Errorf("resumed (-want +got):\n%s", d)
	}
	want["thank-you"], want["win-back"] = "live", "shadow"
	if d := cmp.Diff(want, states()); d != "" {
		t.Errorf("states (-want +got):\n%s", d)
	}
}

func TestStatusIsReadable(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	oldest := at.Add(-90 * time.Minute)
	s := &installation.Status{At: at, Intake: 1, Rejected: 2, Reasons: map[string]uint64{"bad_money": 1, "missing_field": 1}, Workers: []installation.WorkerStatus{{
		Worker: "thank-you", Stores: map[string]string{"main": "live", "other": "live"}, Scheduled: 1204, Today: &installation.Outcomes{Sent: 1310, Held: 12, Dropped: 4},
	}, {
		Worker: "win-back", Stores: map[string]string{"main": "paused", "other": "shadow"}, PlanLag: 3, Due: 100_000, OldestDue: &oldest,
		Holds: []control.Hold{{Worker: "win-back", Store: "main", Reason: "paused", Detail: "new wording", Since: oldest}},
	}}, Stores: []installation.StoreStatus{{Store: "main", Since: at.Add(-12 * time.Hour), Today: installation.Outcomes{Sent: 1310, Held: 12, Dropped: 4, Uncertain: 1}}},
		Streams: []installation.StreamStatus{{Stream: "STOREFRONT", Messages: 31_000, Bytes: 1 << 30, MaxBytes: 2 << 30}, {Stream: "TIMELINE", Messages: 62_123, Bytes: 41_943_040}}}
	var out strings.Builder
	if err := (&program{name: "homing", out: &out}).writeStatus(s); err != nil {
		t.Fatal(err)
	}
	golden(t, "status.txt", out.String())

	s.Workers = s.Workers[1:]
	s.Workers[0].Partitions = []installation.QueueStatus{{Partition: 0, PlanLag: 3}, {Partition: 1, Due: 100_000, OldestDue: &oldest}}
	s.Streams = s.Streams[:1]
	out.Reset()
	if err := (&program{name: "homing", out: &out}).writeStatus(s); err != nil {
		t.Fatal(err)
	}
	golden(t, "status-partitions.txt", out.String())
}

var update = flag.Bool("update", false, "write what is expected again")

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got; -update writes it again):\n%s", path, d)
	}
}
