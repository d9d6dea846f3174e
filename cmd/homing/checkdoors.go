package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"homing/pkg/config"
)

// checkDoors says where each store's events may come in over HTTP.
func checkDoors(c *config.Config) (out []finding) {
	public := cmp.Or(strings.TrimSuffix(c.HTTP.PublicURL, "/"), "<http.public_url>")
	for _, id := range slices.Sorted(maps.Keys(c.Stores)) {
		s := c.Stores[id]
		var open []string
		for _, w := range s.Doors() {
			if len(w.Secrets()) > 0 {
				open = append(open, public+"/in/"+w.System+"/"+id)
			}
		}
		if n := len(s.APIKeys); n > 0 {
			open = append(open, public+"/v1/events ("+plural(n, "key")+")")
		}
		if open != nil {
			out = append(out, finding{Level: "ok", Text: "events of " + id + " over HTTP: " + strings.Join(open, ", ")})
		}
	}
	return out
}
