package app_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/programme"
)

func TestABirthdayIsGreetedByDay(t *testing.T) {
	const stores = `
stores: {main: {name: N, url: "https://s.example", from: a@s.example, postal_address: P, currency: EUR}}
http: {public_url: "https://mail.s.example"}
`
	for _, c := range []struct{ name, more, want string }{
		{"by day", `workers: {birthday: {send_at: "20:59"}}`, ""},
		{"at night", `workers: {birthday: {send_at: "21:00"}}`, "send_at: 21:00 is within the quiet hours from 21:00 to 08:00"},
		{"in the store's own night", `pacing: {quiet_hours: {to: "10:00"}}`, "send_at: 09:00 is within the quiet hours from 21:00 to 10:00"},
		{"in a night of its own", `workers: {birthday: {send_at: "22:00", quiet_hours: {from: "23:00"}}}`, ""},
		{"a week before", `workers: {birthday: {send_at: "22:00", lead: 7d}}`, ""},
		{"transactional", `workers: {birthday: {send_at: "22:00", class: transactional, offer: {code: none}}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := config.Parse("test", []byte(stores+c.more), nil, programme.WorkerNames())
			if err == nil {
				err = cfg.Validate()
			}
			if err != nil {
				t.Fatal(err)
			}
			switch err := app.Check(cfg, nil); {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestTheShippedFileConfiguresEveryWorker(t *testing.T) {
	c, err := config.Load(filepath.Join(root, config.DefaultPath), nil, programme.WorkerNames())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(c.Workers)), slices.Sorted(slices.Values(programme.WorkerNames())); !slices.Equal(got, want) {
		t.Errorf("configs/homing.yaml has the workers %v, and there are %v", got, want)
	}
}
