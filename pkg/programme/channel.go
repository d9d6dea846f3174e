package programme

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/suggest"
	"homing/pkg/touch"
)

// goBy has a worker go by the channel that its section names, which must be one of some.
func (w *Worker) goBy(channels config.Channels) error {
	name := w.Policy.Channel
	if name == "" {
		return nil
	}
	by, ok := channels[name]
	switch {
	case !ok && len(channels) == 0:
		return fmt.Errorf("channel: there is no channel %q; describe it under channels (docs/channels.md), or leave the key out: then it goes by email", name)
	case !ok:
		known := slices.Sorted(maps.Keys(channels))
		if near := suggest.Nearest(name, known); near != "" {
			return fmt.Errorf("channel: there is no channel %q; did you mean %q?", name, near)
		}
		return fmt.Errorf("channel: there is no channel %q; there are %s", name, strings.Join(known, ", "))
	case slices.ContainsFunc(w.Emails(), func(s touch.Step) bool { return s.Class == touch.Staff }):
		return fmt.Errorf("channel: this worker writes to the people of the shop, and by email alone; leave the key out")
	case slices.ContainsFunc(w.Emails(), func(s touch.Step) bool { return s.Asks }):
		return fmt.Errorf("channel: this worker asks whether an address is theirs, and can only do that by email; leave the key out")
	}
	w.Policy.ChannelConsent = by.Consent
	return nil
}

// Scopes lists what customers may say no to apart from all and everything: the workers, and
// the channels of any store.
func Scopes(c *config.Config) []string {
	out := WorkerNames()
	for _, id := range StoreNames(c) {
		for name := range c.Stores[id].Channels {
			out = append(out, events.ScopeChannel+name)
		}
	}
	slices.Sort(out[len(Kinds):])
	return slices.Compact(out)
}
