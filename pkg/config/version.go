package config

import (
	"fmt"
	"slices"
	"strings"
)

// This file says how much of the schema this version acts on. A part that
// starts to work is taken off one of the two lists, and off the words "not yet
// in force" in configs/homing.yaml.

// workers lists every worker of the programme. One that this version does not
// have yet may stand in the file; its section is not read.
var workers = []struct {
	name    string
	shipped bool
}{
	{"cart-recovery", true},
	{"thank-you", true},
	{"review-request", true},
	{"replenishment", true},
	{"win-back", true},
	{"birthday", true},
}

// WorkerNames lists the workers that this version has, sorted.
func WorkerNames() []string {
	var names []string
	for _, w := range workers {
		if w.shipped {
			names = append(names, w.name)
		}
	}
	slices.Sort(names)
	return names
}

// notYet lists the keys that are read and validated, but not acted on. They
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
	warnings := slices.Clone(c.warnings)
	for _, key := range c.notYet() {
		warnings = append(warnings, key+": not yet in force in this version; the value is validated and then ignored")
	}
	return warnings
}

// takeWorkers removes from a mapping of workers those that are not to be read:
// the coming ones with a warning, the unknown ones with a problem.
func (d *decoder) takeWorkers(path string, n *node) (warnings []string) {
	if n == nil || n.kind != mapping {
		return nil
	}
	names := make([]string, len(workers))
	for i, w := range workers {
		names[i] = w.name
	}
	var kept []entry
	for _, e := range n.entries {
		at := join(path, e.key)
		switch i := slices.Index(names, e.key); {
		case i < 0:
			d.fail(e.line, e.col, at, "unknown worker; %s", hint(strings.ReplaceAll(e.key, "_", "-"), names))
		case !workers[i].shipped:
			warnings = append(warnings, fmt.Sprintf("%s: this version has no such worker yet; the section is not read", at))
		default:
			kept = append(kept, e)
		}
	}
	n.entries = kept
	return warnings
}
