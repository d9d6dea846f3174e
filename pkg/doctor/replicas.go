package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Replica is a process of Homing as it says of itself.
type Replica struct {
	Name      string // host and process id
	Roles     []string
	Renders   bool
	Templates string // the version it renders with; empty: none yet
	Refused   string // why it cannot use the version in force
	Build     string // empty: it is older than what says so
	Config    map[string]string
	TimeZones string
	NotReady  string
}

// Ours is the configuration that this command has, and what it expects of the processes.
type Ours struct {
	Build  string
	Config map[string]string
	Roles  []string // those that somebody must have for all to work
}

// JudgeReplicas judges the processes that run, next to each other.
func JudgeReplicas(all []Replica, ours Ours) []Finding {
	if len(all) == 0 {
		return Of(Replicas, Finding{Level: Warning, Text: "no process of Homing answers on this NATS",
			Why: "nothing is taken in, planned or sent", Do: "start one: homing run"})
	}
	var out []Finding
	for _, r := range all {
		out = append(out, judgeReplica(r)...)
	}
	out = append(out, vacant(all, ours.Roles)...)
	out = append(out, differing(all, "builds of Homing", func(r Replica) string { return r.Build }, Finding{Level: Warning,
		Why: "they may decide differently; in the middle of an upgrade it is as it should be", Do: "replace the older ones, one at a time"})...)
	out = append(out, differing(all, "time zone rules", func(r Replica) string { return r.TimeZones }, Finding{Level: Note,
		Why: "quiet hours may be read differently by an hour", Do: "give all machines the same package tzdata, and restart"})...)
	out = append(out, differing(all, "versions of the templates", func(r Replica) string {
		if !r.Renders {
			return ""
		}
		return r.Templates
	}, Finding{Level: Warning, Why: "customers get different words from different processes",
		Do: "give all the same folder templates.dir and restart; or publish it: templates.source: bucket, and homing templates push"})...)
	out = append(out, configurations(all, ours)...)
	if len(out) == 0 {
		out = append(out, Finding{Level: OK, Text: fmt.Sprintf("%s of the same build, configuration and templates: %s", many(len(all), "process", "processes"), and(names(all)))})
	}
	return Of(Replicas, out...)
}

func judgeReplica(r Replica) (out []Finding) {
	about := "process " + r.Name
	if r.Build == "" {
		out = append(out, Finding{Level: Note, About: about, Text: "is of a version of Homing that does not say its build and configuration", Do: "update it, and restart it"})
	}
	if r.NotReady != "" {
		out = append(out, Finding{Level: Trouble, About: about, Text: "is not ready: " + r.NotReady, Why: "it does nothing until then", Do: "its log and its /readyz say more; docs/reasons.md explains the words"})
	}
	if r.Refused != "" {
		out = append(out, Finding{Level: Trouble, About: about, Text: "cannot use the templates in force: " + strings.ReplaceAll(r.Refused, "\n", "; "),
			Why: "it goes on with older ones", Do: "update that process; or go back: homing templates rollback"})
	}
	return out
}

// vacant tells of roles that nobody has. A process that is older tells only some of its.
func vacant(all []Replica, roles []string) (out []Finding) {
	if slices.ContainsFunc(all, func(r Replica) bool { return r.Build == "" }) {
		return nil
	}
	var none []string
	for _, role := range roles {
		if !slices.ContainsFunc(all, func(r Replica) bool { return slices.Contains(r.Roles, role) }) {
			none = append(none, role)
		}
	}
	if none == nil {
		return nil
	}
	return []Finding{{Level: Warning, Text: "no process has the roles " + and(none), Why: "what they do waits until somebody does",
		Do: "homing run " + strings.Join(none, " ") + ", or homing run for all roles"}}
}

// differing tells of processes that differ in something; those that say nothing of it
// are left out.
func differing(all []Replica, what string, of func(Replica) string, f Finding) []Finding {
	by := map[string][]string{}
	for _, r := range all {
		if v := of(r); v != "" {
			by[v] = append(by[v], r.Name)
		}
	}
	if len(by) < 2 {
		return nil
	}
	var parts []string
	for _, v := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, fmt.Sprintf("%s in %s", v, and(by[v])))
	}
	f.Text = fmt.Sprintf("processes have different %s: %s", what, strings.Join(parts, "; "))
	return []Finding{f}
}

// configurations compares what processes decide by. Those of different builds cannot be
// compared: their configurations may have other parts.
func configurations(all []Replica, ours Ours) (out []Finding) {
	var first *Replica
	for i := range all {
		r := &all[i]
		switch {
		case r.Build == "":
		case first == nil || first.Build != r.Build && r.Build == ours.Build:
			first = r
		}
	}
	if first == nil {
		return nil
	}
	for _, r := range all {
		if r.Build != first.Build {
			continue
		}
		if parts := unequal(first.Config, r.Config); parts != nil {
			out = append(out, otherwise(*first, r, parts))
		}
	}
	if parts := unequal(first.Config, ours.Config); first.Build == ours.Build && parts != nil && out == nil {
		out = append(out, Finding{Level: Note, Text: "this command has another configuration than the processes, in " + and(parts),
			Why: "what is judged here may not be what is in force; or the processes have to be restarted, since they read it when they start",
			Do:  "give both the same file with --config, or restart the processes"})
	}
	return out
}

func otherwise(a, b Replica, parts []string) Finding {
	f := Finding{Level: Warning, Text: fmt.Sprintf("%s and %s have different configurations, in %s", a.Name, b.Name, and(parts)),
		Why: "who gets which email depends on which of them decides", Do: "give all processes the same configuration, and restart those that have an older one"}
	if slices.Contains(parts, "redis") {
		f.Level, f.Why = Trouble, "with two Redis for one timeline each has its own claims: emails leave twice, and caps do not hold. Two installations must not share the streams of one NATS account"
		f.Do = "stop one of them now; give all the same redis.url, or the second installation a NATS account and a secret of its own"
	}
	return f
}

// unequal are the parts of two configurations that differ, sorted.
func unequal(a, b map[string]string) (out []string) {
	for k, v := range a {
		if b[k] != v {
			out = append(out, k)
		}
	}
	for k := range b {
		if _, both := a[k]; !both {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

func names(all []Replica) (out []string) {
	for _, r := range all {
		out = append(out, cmp.Or(r.Name, "one without a name"))
	}
	return out
}
