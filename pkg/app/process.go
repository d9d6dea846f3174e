package app

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"

	"homing/pkg/templatestore"
)

// Build names the build of this program: its version, and the revision of the source.
func Build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	build, revision, modified := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " modified"
		}
	}
	if build == "" {
		build = "unknown"
	}
	if revision == "" {
		return build
	}
	return fmt.Sprintf("%s (%s%s)", build, revision[:min(12, len(revision))], modified)
}

// process is what this process says of itself.
func (a *App) process() templatestore.Process {
	p := templatestore.Process{Process: fmt.Sprintf("%s/%d", a.host, os.Getpid()), Roles: slices.Clone(a.o.Roles), Renders: a.usesTemplates(), About: a.about}
	now := a.rendersWith()
	if now != nil {
		p.Version = now.Name
	}
	if a.follower != nil {
		// One that has none yet prepares nothing: who publishes need not wait for it.
		p.Refused, p.Prepares, p.Prepared = a.follower.Refused(), now != nil, a.follower.Prepared()
	}
	if err := a.Ready(); err != nil {
		p.NotReady = err.Error()
	}
	return p
}
