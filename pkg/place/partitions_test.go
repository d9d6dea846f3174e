package place_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/backup"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/natstest"
)

// Where the timeline is split, any part of it that was restored alone makes the installation
// a copy, before an adoption and after it; one that was lost and made again does not.
func TestAPartOfTheTimelineThatWasRestoredAloneIsNoticed(t *testing.T) {
	data, kept := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t, n: natstest.Start(t, data), rdb: homingtest.RedisInProcess(t)}
		h.n.JS = bus.Split(h.n.JS, 2)
		setup := func() {
			if _, err := bus.Setup(t.Context(), h.n.JS, bus.Limits{}, []bus.Worker{{Name: "thank-you"}}, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		setup()
		for _, bucket := range []string{"3", "200"} { // of each part
			if _, err := h.n.JS.Publish(t.Context(), "timeline.main."+bucket+".order.placed", []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
		r := h.at()
		h.settles(r, true)
		time.Sleep(time.Hour)
		if _, err := backup.Take(t.Context(), backup.Options{JS: h.n.JS, Dir: filepath.Join(kept, "backup")}); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"TIMELINE-1", "TIMELINE-0"} {
			h.beats(r, true)
			h.settles(r, true)
			replace(t, h.n.JS, part, filepath.Join(kept, "backup", part))
			h.settles(r, false)
			h.settles(h.at(), false)
			time.Sleep(11 * time.Minute) // Redis was in use until a moment ago
			h.adopt(time.Time{})
			h.settles(r, true)
		}
		time.Sleep(time.Hour)
		h.beats(r, true)
		if err := h.n.JS.DeleteStream(t.Context(), "TIMELINE-1"); err != nil {
			t.Fatal(err)
		}
		setup()
		h.settles(r, true)
		h.settles(h.at(), true)
	})
}

// replace deletes a stream and restores it from its folder, as the nats command does.
func replace(t *testing.T, js jetstream.JetStream, stream, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "stream.*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	meta, err := os.ReadFile(filepath.Join(folder, "backup.json"))
	if err == nil {
		err = js.DeleteStream(t.Context(), stream)
	}
	var answer *nats.Msg
	if err == nil {
		answer, err = js.Conn().RequestWithContext(t.Context(), "$JS.API.STREAM.RESTORE."+stream, meta)
	}
	if err != nil {
		t.Fatal(err)
	}
	var to struct {
		Subject string `json:"deliver_subject"`
	}
	if err := json.Unmarshal(answer.Data, &to); err != nil || to.Subject == "" {
		t.Fatalf("%s: %v", answer.Data, err)
	}
	for _, part := range [][]byte{content, nil} { // nothing says that this was all
		if _, err := js.Conn().RequestWithContext(t.Context(), to.Subject, part); err != nil {
			t.Fatal(err)
		}
	}
}
