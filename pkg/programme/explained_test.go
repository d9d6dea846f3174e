package programme_test

import (
	"testing"

	"homing/pkg/config"
	"homing/pkg/programme"
)

// Pages explain a worker by the comments of its section.
func TestEveryWorkerIsExplained(t *testing.T) {
	for _, k := range programme.Kinds {
		about, settings := config.Section{}.Explain(k.Name)
		if about == "" || len(settings) < 3 {
			t.Errorf("%s: %q, %d settings", k.Name, about, len(settings))
		}
		for _, x := range settings {
			if x.About == "" || x.Own {
				t.Errorf("%s.%s is not described, or not the default: %+v", k.Name, x.Key, x)
			}
		}
	}
}
