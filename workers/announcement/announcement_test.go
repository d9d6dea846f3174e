package announcement_test

import (
	"strings"
	"testing"
	"time"

	"homing/pkg/touch"
	"homing/workers/announcement"
	"homing/workers/workertest"
)

func TestItIsOffUntilSomebodySwitchesItOn(t *testing.T) {
	if c := announcement.Defaults(); c.Status != "off" || c.Class != touch.Marketing {
		t.Errorf("it is %s, %s", c.Status, c.Class)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for want, set := range map[string]func(*announcement.Config){
		"class: must be marketing": func(c *announcement.Config) { c.Class = touch.Transactional },
		"expires: 0s":              func(c *announcement.Config) { c.Expires = 0 },
		"expires: -1h0m0s":         func(c *announcement.Config) { c.Expires = -time.Hour },
		"priority: 101":            func(c *announcement.Config) { c.Priority = 101 },
	} {
		if _, err := announcement.Kind.New(workertest.Section(set)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
