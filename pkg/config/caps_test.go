package config_test

import (
	"strings"
	"testing"

	"homing/pkg/config"
)

func TestACapAboveWhatIsRememberedIsAMistake(t *testing.T) {
	for text, wrong := range map[string]string{
		"pacing: {frequency: [{limit: 100, window: 30d}]}": "",
		"pacing: {frequency: [{limit: 101, window: 30d}]}": "pacing.frequency[0].limit",
		"pacing: {per_day: 100}":                           "",
		"pacing: {per_day: 101}":                           "pacing.per_day",
	} {
		c, err := config.Parse("test.yaml", []byte("secret: 0123456789abcdef0123456789abcdef\n"+text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Validate()
		if said := err != nil && strings.Contains(err.Error(), "pacing."); said != (wrong != "") || said && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
