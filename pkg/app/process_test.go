package app

import (
	"testing"

	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/templates"
)

// A release gets its version from the linker, and Go's own record of the build does not have
// it. homing doctor tells builds apart by what is said here.
func TestAProcessSaysWhichBuildItIs(t *testing.T) {
	c := config.Example()
	c.Secret = config.Secret(doorKey + doorKey)
	for _, is := range []struct{ version, revision, want string }{
		{"v1.2.3", "0123456789abcdef", "v1.2.3 (0123456789ab)"}, {"v1.2.3", "", "v1.2.3 (unknown)"}, {"", "", "unknown (unknown)"},
	} {
		a, err := New(Options{Config: &c, Log: zap.NewNop(), Templates: templates.Files, Version: is.version, Revision: is.revision})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.about.Build; got != is.want {
			t.Errorf("%q, want %q", got, is.want)
		}
	}
}
