package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/spf13/cobra"

	"homing/pkg/app"
	"homing/pkg/cldr"
	"homing/pkg/localtime"
)

// What a release says it is, by -ldflags "-X main.version=v1.2.3 -X main.revision=…". Without,
// it is what go build noted.
var version, revision string

type versions struct {
	Version    string `json:"version"`
	Revision   string `json:"revision,omitempty"`
	Modified   bool   `json:"modified,omitempty"`
	Time       string `json:"time,omitempty"` // of the revision
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	NATSServer string `json:"nats_server"`
	TimeZones  string `json:"time_zones"` // the version of the database that is used
	CLDR       string `json:"cldr"`       // by which emails write numbers and dates
}

func (p *program) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := readVersions()
			if p.asJSON() {
				return writeJSON(p.out, v)
			}
			revision := v.Revision
			if v.Modified {
				revision += " (modified)"
			}
			return table(p.out, [][]string{
				{"homing", v.Version}, {"revision", revision}, {"built with", v.Go + " " + v.Platform}, {"embedded NATS", v.NATSServer},
				{"time zones", localtime.Zones().String()}, {"numbers and dates", "CLDR " + v.CLDR},
			})
		},
	}
	p.outputFlag(cmd)
	return cmd
}

func readVersions() versions {
	v := versions{Version: "unknown", Revision: "unknown", Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, NATSServer: server.VERSION,
		TimeZones: localtime.Zones().Version, CLDR: cldr.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Version = cmp.Or(info.Main.Version, v.Version)
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			case "vcs.time":
				v.Time = s.Value
			}
		}
	}
	v.Version, v.Revision = cmp.Or(version, v.Version), cmp.Or(revision, v.Revision)
	return v
}

// versionLine is what a log begins with.
func versionLine() string {
	v := readVersions()
	return fmt.Sprintf("%s (%s)", v.Version, v.Revision)
}

// ownBuild names this program as processes name themselves.
func ownBuild() string {
	v := readVersions()
	return app.Build(v.Version, v.Revision)
}
