package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/config"
	"homing/pkg/gate"
	"homing/pkg/localtime"
)

type common struct {
	Status   string `yaml:"status"`
	Priority int    `yaml:"priority"`
}

type offer struct {
	Percent gate.Share    `yaml:"percent"`
	Valid   time.Duration `yaml:"valid"`
}

type step struct {
	Template string        `yaml:"template"`
	After    time.Duration `yaml:"after"`
	Offer    *offer        `yaml:"offer"`
}

type section struct {
	common     `yaml:",inline"`
	After      time.Duration     `yaml:"after"`
	SendAt     localtime.Clock   `yaml:"send_at"`
	Milestones []int             `yaml:"milestones"`
	Steps      []step            `yaml:"steps"`
	Words      map[string]string `yaml:"words"`
	Sunset     bool              `yaml:"sunset"`
	Share      float32           `yaml:"share"`
	Count      uint8             `yaml:"count"`
	Hidden     string            `yaml:"-"`
	Untagged   string
}

func TestASectionLaysTheStoreOverTheGlobalOverTheDefaults(t *testing.T) {
	c := parse(t, `
workers:
  thank-you:
    priority: 90
    after: 1d
    milestones: [5, 10]
    steps: [{template: a, after: 1h, offer: {percent: 10%, valid: 3d}}]
    words: {a: one, b: two}
stores:
  main: {`+store+`, workers: {thank-you: {status: paused, milestones: [7], words: {b: drei}, send_at: 09:00}}}
  other: {`+store+`}
`)
	decode := func(s config.Section) section {
		got := section{common: common{Status: "live", Priority: 1}, Sunset: true, Milestones: []int{1, 2, 3}, Count: 4}
		if err := s.Decode(&got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := section{
		common: common{Status: "live", Priority: 90}, After: 24 * time.Hour, Milestones: []int{5, 10}, Sunset: true, Count: 4,
		Steps: []step{{Template: "a", After: time.Hour, Offer: &offer{Percent: 0.1, Valid: 72 * time.Hour}}},
		Words: map[string]string{"a": "one", "b": "two"},
	}
	equal := func(name string, want, got section) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(section{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	equal("global", want, decode(c.Workers["thank-you"]))
	equal("a store without an override", want, decode(c.Stores["other"].Workers["thank-you"]))
	want.Status, want.Milestones, want.SendAt = "paused", []int{7}, 9*60
	want.Words = map[string]string{"a": "one", "b": "drei"}
	equal("a store with one", want, decode(c.Stores["main"].Workers["thank-you"]))
	equal("a worker the file does not mention",
		section{common: common{Status: "live", Priority: 1}, Sunset: true, Milestones: []int{1, 2, 3}, Count: 4},
		decode(c.Workers["birthday"]))
}

func TestASectionIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		`{afer: 1h}`:                  `f:1:24: workers.thank-you.afer: unknown key; did you mean "after"?`,
		`{hidden: x}`:                 `f:1:24: workers.thank-you.hidden: unknown key; `,
		`{after: 30}`:                 `f:1:31: workers.thank-you.after: "30" has no unit; write 30s, 30m, 30h or 30d`,
		`{milestones: [5, ten]}`:      `f:1:40: workers.thank-you.milestones[1]: "ten" is not a whole number`,
		`{steps: [{offer: {vlid: 1}}`: `not valid YAML`,
		`{steps: [{offer: {vlid: 1}}]}`: `f:1:41: workers.thank-you.steps[0].offer.vlid: unknown key; ` +
			`did you mean "valid"?`,
		`{sunset: yes}`:     `workers.thank-you.sunset: "yes" is neither true nor false`,
		`{count: -1}`:       `workers.thank-you.count: "-1" is not a whole number of 0 or more`,
		`{count: 256}`:      `workers.thank-you.count: "256" is too large`,
		`{share: .nan}`:     `workers.thank-you.share: ".nan" is not a number`,
		`{words: {a: [b]}}`: `workers.thank-you.words.a: must be a single value, not a list`,
	} {
		c, err := config.Parse("f", []byte("workers: {thank-you: "+" "+text+"}"), nil, []string{"thank-you"})
		if err == nil {
			err = c.Workers["thank-you"].Decode(&section{})
		}
		wantError(t, err, want)
	}
	for _, into := range []any{nil, section{}, new(int), (*section)(nil)} {
		if err := (config.Section{}).Decode(into); err == nil {
			t.Errorf("%T was accepted", into)
		}
	}
}

// A setting of a rule is where its struct is in pkg/gate, and nowhere else.
func TestARulesSettingsHaveTheirPlaces(t *testing.T) {
	for text, want := range map[string]string{
		`stores: {main: {holdout: 5%}}`:                            `f:1:17: stores.main.holdout: unknown key`,
		`stores: {main: {recipients_allow: []}}`:                   `f:1:17: stores.main.recipients_allow: unknown key`,
		`stores: {main: {workers: {thank-you: {per_day: 1}}}}`:     `f:1:39: stores.main.workers.thank-you.per_day: unknown key`,
		`workers: {thank-you: {consent: {policy: explicit}}}`:      `f:1:23: workers.thank-you.consent: unknown key`,
		`workers: {thank-you: {holdout: 5}}`:                       `f:1:32: workers.thank-you.holdout: "5" is not a percentage`,
		`workers: {thank-you: {quiet_hours: {form: "21:00"}}}`:     `f:1:37: workers.thank-you.quiet_hours.form: unknown key; did you mean "from"?`,
		`stores: {main: {not_segments: [lost]}}`:                   `f:1:17: stores.main.not_segments: unknown key`,
		`workers: {thank-you: {segments: champion}}`:               `segments: must be a list, not a single value`,
		`stores: {main: {workers: {thank-you: {send_days: mon}}}}`: `send_days: must be a list, not a single value`,
	} {
		c, err := config.Parse("f", []byte(text), nil, nil)
		if err == nil {
			err = errors.Join(c.Workers["thank-you"].Decode(&section{}), c.Stores["main"].Workers["thank-you"].Decode(&section{}))
		}
		wantError(t, err, want)
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]config.Bytes{"0": 0, "1500": 1500, "512MiB": 512 << 20, "2 GiB": 2 << 30, "1TiB": 1 << 40} {
		var got config.Bytes
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
		if err := got.UnmarshalText([]byte(got.String())); err != nil || got != want {
			t.Errorf("%q: printed as %v", text, got)
		}
	}
	for _, text := range []string{"", "-1", "1.5GiB", "2GB", "9999999999TiB", "99999999999999999999"} {
		var got config.Bytes
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: accepted as %v", text, got)
		}
	}
}

func ExampleSection_Decode() {
	c, err := config.Parse("homing.yaml", []byte(`
workers:
  thank-you: {after: 1d, milestones: [10]}
`), nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The struct holds the worker's defaults.
	settings := struct {
		Priority   int           `yaml:"priority"`
		After      time.Duration `yaml:"after"`
		Milestones []int         `yaml:"milestones"`
	}{Priority: 90, After: 30 * time.Minute, Milestones: []int{5, 10, 25}}
	if err := c.Workers["thank-you"].Decode(&settings); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.Priority, settings.After, settings.Milestones)
	// Output: 90 24h0m0s [10]
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "nats: {url: \"nats://h\"}", "a: &a [*a]", "stores: {main: {" + store + "}}",
		"pacing:\n  frequency:\n    - limit: 1\n      window: 16h\n", "? [a]\n: b\n", "<<: {a: b}", "x: !!binary |\n  aGk=\n",
		"workers:\n  thank-you: {after: 7d, steps: [{offer: {percent: 10%}}]}\n", strings.Repeat("[", 100)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "_file") {
			t.Skip() // would open whatever file it names
		}
		c, err := config.Parse("fuzz.yaml", data, nil, []string{"thank-you"})
		if err != nil {
			_ = err.Error()
			return
		}
		_ = c.Validate()
		_ = c.Warnings()
		_ = c.Workers["thank-you"].Decode(&section{})
	})
}
