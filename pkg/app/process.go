package app

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"homing/pkg/templatestore"
)

// Build names a build of this program by its version and the revision of its source.
func Build(version, revision string) string {
	const unknown = "unknown"
	return fmt.Sprintf("%s (%s)", cmp.Or(version, unknown), cmp.Or(revision[:min(12, len(revision))], unknown))
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
