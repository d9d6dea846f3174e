package config_test

import (
	"slices"
	"strings"
	"testing"

	"homing/pkg/config"
)

// explained are a worker's settings, one a line.
func explained(t *testing.T, text, store, worker string) (about string, lines []string) {
	t.Helper()
	c, err := config.Parse("homing.yaml", []byte(text), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	about, settings := c.Stores[store].Workers[worker].Explain(worker)
	for _, s := range settings {
		line := s.Key + ": " + strings.Join(s.Value, " / ")
		if s.Own {
			line += " (own)"
		}
		if s.About == "" {
			line += " (not described)"
		}
		lines = append(lines, line)
	}
	return about, lines
}

// A page says what a worker does by the comments of the configuration and the values in
// force, the defaults included, so a new worker is explained without further ado.
func TestAWorkerIsExplainedByItsConfiguration(t *testing.T) {
	const stores = "stores: {main: {" + store + "}, other: {" + store + ", workers: {thank-you: {after: 2h}}}}\n"
	about, lines := explained(t, stores, "main", "thank-you")
	if about != "Thanks for an order, some time after it was placed." {
		t.Errorf("about: %q", about)
	}
	want := []string{"status: live", "priority: 90", "class: transactional", "after: 30 minutes", "merge_within: 0 seconds", "milestones: 5, 10, 25, 50, 100"}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
	const more = stores + "workers: {thank-you: {after: 90m, milestone_offer: {percent: 10, valid: 14d}, quiet_hours: {from: \"21:00\", to: \"09:00\"}}, win-back: {lapse: {days: 90}, steps: [{template: win-back/miss-you, after: 0s}, {template: win-back/offer, after: 14d, offer: {percent: 10, valid: 5d}}]}}\n"
	_, lines = explained(t, more, "main", "thank-you")
	for _, want := range []string{"after: 1 hour 30 minutes (own)", "milestone_offer: 10 %, valid 14 days (own)", "quiet_hours: from 21:00, to 09:00 (own) (not described)"} {
		if !slices.Contains(lines, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
	_, lines = explained(t, more, "other", "thank-you")
	if !slices.Contains(lines, "after: 2 hours (own)") {
		t.Errorf("a store's own is not in\n%s", strings.Join(lines, "\n"))
	}
	_, lines = explained(t, more, "main", "win-back")
	for _, want := range []string{"lapse: ", "lapse.days: 90 (own)", "lapse.max_chance: 0.3", "steps: win-back/miss-you, at once / win-back/offer, after 14 days, offer (10 %, valid 5 days) (own)", "sunset: yes"} {
		if !slices.Contains(lines, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
}
