package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"homing/configs"
	"homing/pkg/localtime"
)

// A Setting is a key of a worker's section, as people read it.
type Setting struct {
	Key   string   // "lapse.days"
	About string   // what it means, in words of configs/homing.yaml; "" if that doesn't say
	Value []string // "7 days"; several lines of a list of mappings; none: the keys below it have them
	Own   bool     // the file says something other than the default
}

// Explain says what a worker does and what it is told, as configs/homing.yaml describes it:
// each key with the value that is in force, in the order of that file.
func (s Section) Explain(worker string) (about string, settings []Setting) {
	d := shipped()[worker]
	is := ordered(s)
	for _, k := range d.keys {
		value, ok := lookUp(is, k.Key)
		byDefault, known := lookUp(d.values, k.Key)
		switch {
		case !ok && !known: // one that may be left out, and is
			continue
		case !ok:
			value = byDefault
		}
		k.Value = inWords(value)
		k.Own = ok && !slices.Equal(k.Value, inWords(byDefault))
		if m, mapping := value.(yaml.MapSlice); mapping && d.describes(k.Key) {
			k.Value, k.Own = nil, false
			settings = append(settings, k)
			settings = append(settings, d.undescribed(k.Key, m)...)
			continue
		}
		settings = append(settings, k)
	}
	return d.about, append(settings, d.undescribed("", is)...)
}

// described is a worker's section in configs/homing.yaml.
type described struct {
	about  string
	keys   []Setting // without values
	values yaml.MapSlice
}

// describes reports whether there are keys below one.
func (d described) describes(key string) bool {
	return slices.ContainsFunc(d.keys, func(k Setting) bool { return strings.HasPrefix(k.Key, key+".") })
}

// undescribed are the settings directly below a key that the file does not describe, such
// as those of rules that a worker has its own of.
func (d described) undescribed(below string, m yaml.MapSlice) (out []Setting) {
	for _, x := range m {
		key := strings.TrimPrefix(below+"."+fmt.Sprint(x.Key), ".")
		if !slices.ContainsFunc(d.keys, func(k Setting) bool { return k.Key == key }) {
			out = append(out, Setting{Key: key, Value: inWords(x.Value), Own: true})
		}
	}
	return out
}

var (
	keyLine     = regexp.MustCompile(`^( +)([a-z0-9_-]+):`)
	exampleLine = regexp.MustCompile(`^( +)#   ([a-z0-9_-]+):`)
	pageOf      = regexp.MustCompile(`; docs/\S+\.md`) // where to read more
)

// shipped are the workers that configs/homing.yaml describes.
var shipped = sync.OnceValue(func() map[string]described {
	out := map[string]described{}
	var all struct {
		Workers map[string]yaml.MapSlice `yaml:"workers"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(configs.Homing), &all, yaml.UseOrderedMap()); err != nil {
		panic(err) // it is in the binary
	}
	_, text, _ := strings.Cut(configs.Homing, "\nworkers:\n")
	var words []string // of the comment above
	var path []string  // of the key that the line is below
	for line := range strings.Lines(text) {
		m, example := keyLine.FindStringSubmatch(line), false
		if m == nil {
			m = exampleLine.FindStringSubmatch(line)
			example = m != nil
		}
		switch {
		case m != nil:
			depth := len(m[1])/2 - 1
			path = append(path[:min(depth, len(path))], m[2])
			about := strings.Join(words, " ")
			words = nil
			if depth == 0 {
				about = pageOf.ReplaceAllString(about, "")
				out[m[2]] = described{about: about, values: all.Workers[m[2]]}
				continue
			}
			d := out[path[0]]
			d.keys = append(d.keys, Setting{Key: strings.Join(path[1:], "."), About: about})
			out[path[0]] = d
			if example { // nothing is below it
				path = path[:depth]
			}
		case strings.HasPrefix(strings.TrimSpace(line), "# "):
			if more := strings.TrimPrefix(strings.TrimSpace(line), "# "); !strings.HasPrefix(more, " ") {
				words = append(words, more)
			}
		default:
			words = nil
		}
	}
	return out
})

// ordered is what a section says: what a later layer says instead of an earlier one.
func ordered(s Section) (all yaml.MapSlice) {
	for _, l := range s.layers {
		var one yaml.MapSlice
		if l.Node != nil && yaml.NodeToValue(l.Node, &one, yaml.UseOrderedMap()) == nil {
			all = laid(all, one)
		}
	}
	return all
}

// laid is one mapping laid over another, key by key.
func laid(under, on yaml.MapSlice) yaml.MapSlice {
	out := slices.Clone(under)
	for _, x := range on {
		i := slices.IndexFunc(out, func(o yaml.MapItem) bool { return o.Key == x.Key })
		if i < 0 {
			out = append(out, x)
			continue
		}
		a, deep := out[i].Value.(yaml.MapSlice)
		if b, both := x.Value.(yaml.MapSlice); deep && both {
			out[i].Value = laid(a, b)
		} else {
			out[i].Value = x.Value
		}
	}
	return out
}

// lookUp finds what a mapping has for a key, "lapse.days".
func lookUp(m yaml.MapSlice, key string) (any, bool) {
	first, rest, deeper := strings.Cut(key, ".")
	for _, x := range m {
		if x.Key != first {
			continue
		}
		if below, ok := x.Value.(yaml.MapSlice); deeper && ok {
			return lookUp(below, rest)
		}
		return x.Value, !deeper
	}
	return nil, false
}

// inWords is a value as people read it: a list of mappings has a line for each.
func inWords(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{inOneLine(v)}
	}
	if len(list) == 0 {
		return []string{"none"}
	}
	var out []string
	for _, x := range list {
		out = append(out, inOneLine(x))
	}
	if _, ok := list[0].(yaml.MapSlice); !ok {
		return []string{strings.Join(out, ", ")}
	}
	return out
}

func inOneLine(v any) string {
	switch x := v.(type) {
	case nil, yaml.MapSlice, []any:
		return composed(x)
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case string:
		if d, err := localtime.ParseDuration(x); err == nil && x != "0" {
			return localtime.InWords(d)
		}
		if x == "" {
			return "not set"
		}
		return x
	}
	return fmt.Sprint(v)
}

func composed(v any) string {
	var parts []string
	switch x := v.(type) {
	case yaml.MapSlice:
		for _, i := range x {
			name, value := strings.ReplaceAll(fmt.Sprint(i.Key), "_", " "), inOneLine(i.Value)
			switch {
			case name == "template":
			case name == "percent":
				value += " %"
			case name == "after" && value == localtime.InWords(0):
				value = "at once"
			case strings.Contains(value, ","):
				value = name + " (" + value + ")"
			default:
				value = name + " " + value
			}
			parts = append(parts, value)
		}
	case []any:
		for _, i := range x {
			parts = append(parts, inOneLine(i))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
