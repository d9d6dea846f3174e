package localtime

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// system makes a folder of zones that says its version.
func system(t *testing.T, file, version string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"Europe/London", "America/Vancouver"} {
		data, err := archive().zone(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, file), []byte(version), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTheNewerDatabaseIsUsed(t *testing.T) {
	carried := archive().version
	if len(carried) != 5 || carried < "2026f" {
		t.Fatalf("the binary carries %q", carried)
	}
	now := released(carried).Add(100 * 24 * time.Hour)
	newer, older := system(t, "tzdata.zi", "# version 2099a\n# more"), system(t, "tzdata.zi", "# version 2025b\n")
	mac, mute := system(t, "+VERSION", carried+"\n"), system(t, "readme", "")
	for _, c := range []struct{ named, system, version, folder, warning string }{
		{"", t.TempDir(), carried, "", ""},
		{"", newer, "2099a", newer, ""},
		{"", mac, carried, mac, ""},
		{"", older, carried, "", "the system's time zones are of 2025b"},
		{older, newer, "2025b", older, "Homing carries " + carried},
		{"", mute, "", mute, "do not say their version"},
	} {
		d := choose(c.named, []string{filepath.Join(t.TempDir(), "none"), c.system})
		if d.Version != c.version || d.Folder != c.folder || d.Embedded != carried {
			t.Errorf("%+v: %+v", c, d.Database)
		}
		if got := d.Warning(now); c.warning == "" && got != "" || !strings.Contains(got, c.warning) {
			t.Errorf("%+v warns: %q", c, got)
		}
		for _, name := range []string{"Europe/London", "Asia/Tokyo", "America/Argentina/Buenos_Aires"} { // a folder may lack some
			if z, err := d.read(name); err != nil || z.String() != name {
				t.Errorf("%+v: %s: %v", c, name, err)
			}
		}
	}
}

func TestWhatIsNoZone(t *testing.T) {
	d := choose("", nil)
	for _, name := range []string{"Local", "../etc/passwd", "/etc/localtime", `Europe\London`, "Europe", "Europe/Nowhere", "a\x00b", "tzdata.zi", "."} {
		if z, err := d.read(name); err == nil {
			t.Errorf("%q is %v", name, z)
		}
	}
	if d.Warning(released(d.Version).Add(400*24*time.Hour)) == "" {
		t.Error("more than a year old, and no warning")
	}
}

// What was decided in 2026 is in the data that the binary carries.
func TestTheCarriedZonesAreOfThisYear(t *testing.T) {
	for name, want := range map[string]int{"America/Vancouver": -7, "America/Edmonton": -6, "America/Winnipeg": -5, "America/Havana": -4, "Africa/Casablanca": 0, "Africa/El_Aaiun": 0, "America/Inuvik": -6} {
		z, err := choose("", nil).read(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, offset := time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC).In(z).Zone(); offset != want*3600 {
			t.Errorf("%s is at %d seconds", name, offset)
		}
	}
}
