// Package units has systemd judge the units in deploy/systemd: whether it can read them, and
// how much a process of them could do if it were taken over.
package units

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const dir = "../../systemd"

// threshold is the exposure that systemd-analyze security may find, times ten, of 100.
const threshold = "15"

func units(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed: the units are not judged")
	}
	out, err := filepath.Glob(filepath.Join(dir, "*.service"))
	if err != nil || len(out) != 2 {
		t.Fatal(out, err)
	}
	return out
}

// verify asks systemd whether it understands a unit, with a program that is there.
func verify(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), strings.Replace(name, "@.", "@intake.", 1))
	text = strings.ReplaceAll(text, "/usr/bin/homing", "/bin/true")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", path).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var about []string
	for line := range strings.Lines(string(out)) { // the machine's own units have faults, too
		if strings.Contains(line, "homing") {
			about = append(about, strings.TrimSpace(line))
		}
	}
	return strings.Join(about, "\n")
}

func TestSystemdUnderstandsTheUnits(t *testing.T) {
	for _, path := range units(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if said := verify(t, filepath.Base(path), string(text)); said != "" {
			t.Errorf("%s: %s", path, said)
		}
		if said := verify(t, filepath.Base(path), string(text)+"\n[Service]\nProtectSistem=yes\n"); !strings.Contains(said, "ProtectSistem") {
			t.Errorf("a key that does not exist was not noticed: %q", said)
		}
	}
}

func TestAProcessOfTheUnitsCanDoLittle(t *testing.T) {
	for _, path := range units(t) {
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold="+threshold, "--no-pager", path).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}

// What both units say is the same, apart from what a role is.
func TestTheUnitsDifferInTheRoleAlone(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var keep []string
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if line != "" && line[0] != '#' && !strings.HasPrefix(line, "Description=") && !strings.HasPrefix(line, "EnvironmentFile=") {
				keep = append(keep, strings.TrimSuffix(line, " %i"))
			}
		}
		return strings.Join(keep, "\n")
	}
	if one, role := read("homing.service"), read("homing@.service"); one != role {
		t.Errorf("they differ:\n%s\n\n%s", one, role)
	}
}
