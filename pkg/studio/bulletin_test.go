package studio_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"homing/pkg/announcement"
	"homing/pkg/bulletin"
	"homing/pkg/lift"
	"homing/pkg/numbers"
	"homing/pkg/reason"
)

// board has the announcements of a bucket.
type board struct{ announcement.Entries }

var announced = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

func (board) Pending(context.Context, *announcement.Definition) (int, int, error) {
	return 1200, 3, nil
}

func (board) Trial(_ context.Context, _, id string) (*numbers.Trial, error) {
	if id != "spring" {
		return nil, nil
	}
	return &numbers.Trial{Worker: "announcements", Occasion: id, Share: 0.1, Window: 30, Emailed: lift.Arm{People: 9000, Ordered: 1200}, Control: lift.Arm{People: 1000, Ordered: 70}}, nil
}

func (board) Held(context.Context, *announcement.Definition) (map[reason.Reason]int, error) {
	return map[reason.Reason]int{reason.QuietHours: 40}, nil
}

func (b board) Turn(ctx context.Context, do bulletin.Action, store, id string) (changed bool, err error) {
	switch do {
	case bulletin.Pause:
		_, changed, err = b.Pause(ctx, store, id, announced)
	case bulletin.Resume:
		_, changed, err = b.Resume(ctx, store, id)
	default:
		_, changed, err = b.Cancel(ctx, store, id, announced)
	}
	return changed, err
}

// announce sends off an announcement that is under way.
func announce(t *testing.T, d *desk, id string) {
	t.Helper()
	b := announcement.Entries{JS: d.versions.JetStream()}
	def := announcement.Definition{ID: id, Store: "main", Template: "announcements/newsletter", Countries: []string{"GB"}, Segments: []string{"loyal", "vip"}, Who: "orders > 3", Holdout: 0.1}
	if err := def.At.UnmarshalText([]byte("2026-12-01 09:00")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Create(t.Context(), def, announced); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Change(t.Context(), "main", id, func(a *announcement.Announcement) error {
		a.Planned = announced
		a.Walk.Counts = announcement.Counts{Customers: 5000, Audience: 4000, Planned: 3000, Left: map[reason.Reason]int{reason.NoConsent: 1000}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAnnouncementsArePausedAndCalledOffByEditors(t *testing.T) {
	d := openedConsole(t, withCustomers)
	ann, vic := d.signedIn(t, annsToken), d.signedIn(t, vicsToken)
	if code, page := vic.get("/announcements"); code != http.StatusOK || !strings.Contains(page, "homing announce send spring.yaml") {
		t.Errorf("while there is none: %d %s", code, page)
	}
	announce(t, d, "spring")
	if code, page := vic.get("/announcements"); code != http.StatusOK || !strings.Contains(page, "3,000 planned") || !strings.Contains(page, "about 1,797 decided") {
		t.Errorf("the list: %d %s", code, page)
	}
	const one = "/announcements/main/spring"
	_, page := vic.get(one)
	for _, want := range []string{"customers in GB, in the segment loyal or vip, with <code>orders &gt; 3</code>", "2026-12-01 09:00 on each recipient’s own clocks", "30 November 2026, 19:00 UTC", "no_consent", "1,000", "quiet_hours", "emails bring orders", "13.3% of the 9,000 people who were emailed ordered"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page)
		}
	}
	if strings.Contains(page, one+"/cancel") {
		t.Error("a viewer is shown the way to call it off")
	}
	for _, do := range []string{"pause", "resume", "cancel"} {
		if code, _ := vic.submit(one+"/"+do, nil); code != http.StatusForbidden {
			t.Errorf("a viewer, %s: %d", do, code)
		}
	}
	if _, page := ann.get(one + "/cancel"); !strings.Contains(page, "This is for good.") {
		t.Errorf("before she is sure: %s", page)
	}
	for _, x := range []struct{ do, said, state string }{{"pause", "What falls due of it waits.", "paused"}, {"pause", "It was so already", "paused"}, {"resume", "It goes on.", "sending"}, {"cancel", "It is called off.", "cancelled"}} {
		if code, page := ann.submit(one+"/"+x.do, nil); code != http.StatusOK || !strings.Contains(page, x.said) || !strings.Contains(page, ">"+x.state+"</span>") {
			t.Errorf("%s: %d %s", x.do, code, page)
		}
	}
	if code, _ := ann.submit(one+"/burn", nil); code != http.StatusNotFound {
		t.Errorf("what cannot be done: %d", code)
	}
	if _, page := ann.get("/announcements/main/none"); !strings.Contains(page, "<h1>Announcements</h1>") {
		t.Errorf("one that isn't there: %s", page)
	}
}
