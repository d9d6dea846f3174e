// Command generate reads the published JSON of Unicode CLDR and writes what package
// cldr needs of it, and nothing else. `make cldr` fetches the JSON and runs it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fail("generate: give the folder with cldr-core, cldr-numbers-full and cldr-dates-full, and the file to write")
	}
	g := &generator{dir: os.Args[1], records: map[string]record{}}
	g.supplemental()
	for _, name := range g.names {
		g.records[name] = g.read(name)
	}
	for _, name := range g.names {
		g.euros(name)
	}
	if err := os.WriteFile(os.Args[2], g.write(), 0o644); err != nil {
		fail("generate: %v", err)
	}
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// A record is what a locale says, by the letters that the file has.
type record map[byte]string

// A generator holds what is known of all locales.
type generator struct {
	dir     string
	version string
	names   []string
	records map[string]record

	parents  map[string]string
	likely   map[string]string // "zh-TW" → "zh-Hant-TW"
	digits   map[string]string // of a numbering system
	decimals map[string]string // digits that a currency is shown with
	plurals  map[string]map[string]string
	euro     map[string]bool // regions that pay in euros
	buddhist map[string]bool // languages whose calendar counts from the Buddha
}

// load reads a file of one of the packages.
func (g *generator) load(to any, path ...string) {
	data, err := os.ReadFile(filepath.Join(append([]string{g.dir}, path...)...))
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		fail("generate: %s: %v", filepath.Join(path...), err)
	}
}

// write puts the records into the form that the package embeds: what a locale
// shares with its parent is left out, and so is a locale that says nothing of its own.
func (g *generator) write() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "version\t%s\n", g.version)
	fmt.Fprintf(&b, "digits")
	for _, code := range sorted(g.decimals) {
		fmt.Fprintf(&b, "\t%s%s", code, g.decimals[code])
	}
	b.WriteString("\n")
	for _, from := range sorted(g.likely) {
		if to := g.scripted(from); to != "" {
			fmt.Fprintf(&b, "=%s\t%s\n", from, to)
		}
	}
	for _, name := range g.names {
		parent := g.parent(name)
		own := g.differs(g.records[name], g.all(parent))
		implied := parent == g.truncated(name)
		if len(own) == 0 && implied {
			continue
		}
		b.WriteString(name)
		if !implied {
			fmt.Fprintf(&b, "\t^%s", parent)
		}
		for _, k := range slices.Sorted(keys(own)) {
			fmt.Fprintf(&b, "\t%c%s", k, own[k])
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

// differs is what a record says that its parent's does not. Symbols differ one by one.
func (g *generator) differs(own, parent record) record {
	out := record{}
	for k, v := range own {
		if k == 'S' || k == 'N' {
			v = symbolsApart(v, parent[k])
		}
		if v != parent[k] && (v != "" || k != 'S' && k != 'N') {
			out[k] = v
		}
	}
	return out
}

// symbolsApart leaves out what the parent's list has, and takes back by its code
// what only the parent's has.
func symbolsApart(own, parent string) string {
	mine, theirs := strings.Split(own, "|"), strings.Split(parent, "|")
	var out []string
	has := map[string]bool{}
	for _, s := range mine {
		if s != "" {
			has[s[:3]] = true
			if !slices.Contains(theirs, s) {
				out = append(out, s)
			}
		}
	}
	for _, s := range theirs {
		if s != "" && !has[s[:3]] {
			out = append(out, s[:3])
		}
	}
	slices.Sort(out)
	return strings.Join(out, "|")
}

// all is a locale's whole record; that of a locale that was left out is its parent's.
func (g *generator) all(name string) record {
	for ; name != ""; name = g.parent(name) {
		if r := g.records[name]; r != nil {
			return r
		}
	}
	return record{}
}

// parent is where a locale takes from what it does not say: "" of the root.
func (g *generator) parent(name string) string {
	if p := g.parents[name]; p != "" {
		return p
	}
	return g.truncated(name)
}

func (g *generator) truncated(name string) string {
	if name == "und" {
		return ""
	}
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		return name[:i]
	}
	return "und"
}

// scripted is the locale with a script that a tag without one means, if that is not
// what cutting the tag short leads to.
func (g *generator) scripted(tag string) string {
	lang, region, _ := strings.Cut(tag, "-")
	full := strings.Split(g.likely[tag], "-")
	if len(region) != 2 && len(region) != 3 || len(full) != 3 || lang == "und" {
		return ""
	}
	with := lang + "-" + full[1]
	if g.records[with+"-"+region] == nil && g.records[with] == nil || g.records[tag] != nil {
		return ""
	}
	return with + "-" + region
}
