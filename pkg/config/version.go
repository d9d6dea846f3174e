package config

import (
	"slices"
	"strings"
)

// notYet lists the keys that are read and validated, but not acted on by this
// version. One that starts to work is taken off the list, and off the words "not
// yet in force" in configs/homing.yaml. They
// are worth a warning only where they differ from the default.
func (c *Config) notYet() []string {
	def := Default()
	var keys []string
	add := func(key string, differs bool) {
		if differs {
			keys = append(keys, key)
		}
	}
	add("templates.source", c.Templates.Source != def.Templates.Source)
	return keys
}

// Warnings lists what the file asks for and this version does not do, one line
// each, beginning with the key. None of them is a reason not to start.
func (c *Config) Warnings() []string {
	var warnings []string
	for _, key := range c.notYet() {
		warnings = append(warnings, key+": not yet in force in this version; the value is validated and then ignored")
	}
	return warnings
}

// knownWorkers removes from a mapping of workers those that are none, each with a
// problem: what stands in their sections means nothing.
func (d *decoder) knownWorkers(path string, n *node) {
	if n == nil || n.kind != mapping || len(d.workers) == 0 {
		return
	}
	var kept []entry
	for _, e := range n.entries {
		if !slices.Contains(d.workers, e.key) {
			d.fail(e.line, e.col, join(path, e.key), "unknown worker; %s", hint(strings.ReplaceAll(e.key, "_", "-"), d.workers))
			continue
		}
		kept = append(kept, e)
	}
	n.entries = kept
}
