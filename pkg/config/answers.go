package config

import (
	"net/url"
	"strings"

	"homing/events"
	"homing/pkg/problem"
)

// Answers says what follows from what customers answer.
type Answers struct {
	Low Low `yaml:"low"`
}

// Low has for each scale the highest score that opens a complaint. One below the lowest
// score of the scale: none does.
type Low struct {
	CSAT int `yaml:"csat"`
	NPS  int `yaml:"nps"`
}

// Of returns the highest score of a scale that opens a complaint; ok is false if there is
// no such scale.
func (l Low) Of(scale string) (score int, ok bool) {
	switch scale {
	case events.CSAT:
		return l.CSAT, true
	case events.NPS:
		return l.NPS, true
	}
	return 0, false
}

// Unhappy reports whether an answer opens a complaint in its store: a low score, or that what
// they complained about was not solved.
func (c *Config) Unhappy(store string, d *events.CustomerAnswered) bool {
	if d.Question == events.QuestionSolved && d.Sort() == events.AnswerChoice {
		return d.Answer == events.SolvedNo
	}
	if d.Sort() != events.AnswerScale || d.Score == nil {
		return false
	}
	low, known := c.Stores[store].Answers.Low.Of(d.Scale)
	return known && *d.Score <= low
}

// Confirming are the stores where consent begins only once it is confirmed.
func (c *Config) Confirming() map[string]bool {
	out := map[string]bool{}
	for id, s := range c.Stores {
		out[id] = s.Consent.DoubleOptIn
	}
	return out
}

// Validate reports scores that no scale has, and those of which each opens a complaint.
func (l Low) Validate() error {
	var ps problem.List
	for _, scale := range []string{events.CSAT, events.NPS} {
		score, _ := l.Of(scale)
		low, high, _ := events.ScoresOf(scale)
		if score < low-1 || score >= high {
			ps.Add(scale, "%d is not between %d and %d; %d means that no score opens a complaint", score, low-1, high-1, low-1)
		}
	}
	return ps.Err()
}

// Clicks says what is asked of the links in a store's emails.
type Clicks struct {
	// Track leads links over the gateway, which notes that they were followed.
	Track bool `yaml:"track"`
	// Opens has marketing emails ask the gateway for a picture that nobody sees.
	Opens bool `yaml:"opens"`
	// UTM is what is added to the addresses of links: "utm_source=homing&utm_campaign={worker}".
	UTM string `yaml:"utm"`
}

// UTMHoles are what the pattern may name.
var UTMHoles = []string{"{worker}", "{step}", "{store}"}

const maxUTM = 300

// Validate reports a pattern that isn't parameters of an address.
func (c Clicks) Validate() error {
	var l problem.List
	if err := checkUTM(c.UTM); err != "" {
		l.Add("utm", "%q %s", c.UTM, err)
	}
	return l.Err()
}

func checkUTM(pattern string) string {
	const write = "; write for example utm_source=homing&utm_medium=email&utm_campaign={worker}&utm_content={step}"
	if pattern == "" {
		return ""
	}
	filled := pattern
	for _, hole := range UTMHoles {
		filled = strings.ReplaceAll(filled, hole, "x")
	}
	values, err := url.ParseQuery(filled)
	if err != nil || len(pattern) > maxUTM || strings.ContainsAny(filled, "#? \t\r\n") {
		return "is not the parameters of an address" + write
	}
	for name, v := range values {
		if !parameterName.MatchString(name) || len(v) != 1 || v[0] == "" {
			return "does not give each parameter a name and one value" + write
		}
		if strings.ContainsAny(v[0], "{}") {
			return "names what is not known: it may have " + strings.Join(UTMHoles, ", ")
		}
	}
	return ""
}
