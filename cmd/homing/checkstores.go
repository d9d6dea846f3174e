package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"homing/pkg/config"
	"homing/pkg/render"
)

// checkExample says which stores are still the example of configs/homing.yaml. Names
// that end with .example belong to nobody: RFC 2606.
func checkExample(c *config.Config) (out []finding) {
	for _, id := range slices.Sorted(maps.Keys(c.Stores)) {
		s := c.Stores[id]
		var keys []string
		for _, k := range []struct{ key, value string }{{"url", s.URL}, {"from", s.From}, {"postal_address", s.PostalAddress}} {
			if exampleName.MatchString(k.value) {
				keys = append(keys, k.key)
			}
		}
		if keys != nil {
			out = append(out, finding{Level: "warning", Key: "stores." + id, Text: "still of the example shop: " + strings.Join(keys, ", ") + "; replace that with your own before you send anything"})
		}
	}
	return out
}

var exampleName = regexp.MustCompile(`(?i)\.example(?:$|[/:>"])|\bExampleton\b`)

// checkLanguages says which stores speak another language than their emails: dates and
// amounts would be written in the one, and the words in the other.
func checkLanguages(c *config.Config, set *render.Set) (out []finding) {
	if set == nil {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(c.Stores)) {
		locale := strings.ReplaceAll(c.Stores[id].Locale, "_", "-")
		speaks, _, _ := strings.Cut(locale, "-")
		written := map[string][]string{}
		for _, name := range set.Names() {
			if lang, _, _ := strings.Cut(set.Language(name, "", locale), "-"); lang != "" {
				written[lang] = append(written[lang], name)
			}
		}
		for _, lang := range slices.Sorted(maps.Keys(written)) {
			if speaks != "" && !strings.EqualFold(lang, speaks) {
				out = append(out, finding{Level: "warning", Key: "stores." + id + ".locale", Text: fmt.Sprintf("the store's language is %s, and %s written in %s (lang in the front matter, or phrases/%s.yaml is missing or lacks some): %s",
					speaks, areEmails(len(written[lang])), lang, speaks, strings.Join(written[lang], ", "))})
			}
		}
	}
	return out
}

// checkNotes says what is no fault of the templates, but somebody should know.
func checkNotes(c *config.Config, set *render.Set) (out []finding) {
	if set == nil {
		return nil
	}
	for _, n := range set.Notes() {
		out = append(out, finding{Level: "warning", File: filepath.Join(c.Templates.Dir, n.File), Line: n.Line, Column: n.Column, Text: n.Text})
	}
	return out
}

func areEmails(n int) string {
	if n == 1 {
		return "1 email is"
	}
	return fmt.Sprintf("%d emails are", n)
}
