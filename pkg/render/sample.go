package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"golang.org/x/text/language"

	"homing/events"
	"homing/pkg/problem"
)

const (
	maxSamples    = 20
	maxSampleFile = 64 << 10
)

// readMoney reads "12.95 GBP".
func readMoney(m *events.Money, raw []byte) error {
	s := strings.Trim(strings.TrimSpace(string(raw)), `"'`)
	amount, currency, _ := strings.Cut(s, " ")
	money, err := events.ParseMoney(amount, currency)
	if err != nil {
		return fmt.Errorf(`%q is not an amount such as "12.95 GBP": %w`, s, err)
	}
	*m = money
	return nil
}

// parseSamples decodes a .sample.yaml.
func parseSamples(path, src string, ps *problems) []Sample {
	if len(src) > maxSampleFile {
		ps.addf(path, 0, 0, "is larger than %d KiB", maxSampleFile>>10)
		return nil
	}
	base, names, bodies, err := splitSamples(src)
	if err != nil {
		ps.add(sampleProblem(path, err))
		return nil
	}
	if len(names) == 0 || len(names) > maxSamples {
		ps.addf(path, 0, 0, `needs 1 to %d entries under "samples:", one for each wording`, maxSamples)
		return nil
	}
	var out []Sample
	for i, name := range names {
		var d Data
		// Decoding twice into the same value is the merge: the second only
		// touches what it names. The base is decoded again each time, because
		// lists and pointers would be shared.
		for _, node := range []ast.Node{base, bodies[i]} {
			if err := decodeNode(node, &d); err != nil {
				ps.add(sampleProblem(path, err))
				return nil
			}
		}
		out = append(out, Sample{name, d})
	}
	return out
}

// splitSamples takes a .sample.yaml apart: what all samples share, and what
// each changes. It finds "data:" and the entries of "samples:", keeping positions.
func splitSamples(src string) (base ast.Node, names []string, bodies []ast.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // see decodeYAML
			err = fmt.Errorf("this is not YAML: %v", r)
		}
	}()
	if nestsTooDeep(src) {
		return nil, nil, nil, errNested
	}
	f, err := parser.ParseBytes([]byte(src), 0)
	if err != nil || len(f.Docs) == 0 {
		return nil, nil, nil, err
	}
	for _, top := range entries(f.Docs[0].Body) {
		switch key := top.Key.String(); key {
		case "data":
			base = top.Value
		case "samples":
			for _, v := range entries(top.Value) {
				names = append(names, v.Key.String())
				bodies = append(bodies, v.Value)
			}
		default:
			return nil, nil, nil, &yaml.UnknownFieldError{
				Message: fmt.Sprintf(`unknown field %q; known are data and samples`, key), Token: top.Key.GetToken(),
			}
		}
	}
	return base, names, bodies, nil
}

// entries returns the pairs of a mapping; none of anything else.
func entries(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

func decodeNode(n ast.Node, v any) (err error) {
	defer func() {
		if r := recover(); r != nil { // see decodeYAML
			err = fmt.Errorf("this is not YAML: %v", r)
		}
	}()
	if n == nil || n.Type() == ast.NullType {
		return nil
	}
	return yaml.NodeToValue(n, v, yaml.Strict(), yaml.CustomUnmarshaler(readMoney))
}

func sampleProblem(path string, err error) problem.Problem {
	p := yamlProblem(path, 0, err)
	p.Text, _, _ = strings.Cut(p.Text, "; known are subject")
	p.Text, _, _ = strings.Cut(p.Text, `; a value with "{{"`)
	return p
}

// inLanguage returns samples of customers and a store that speak a language.
func inLanguage(samples []Sample, lang language.Tag) []Sample {
	out := slices.Clone(samples)
	for i := range out {
		out[i].Data = out[i].Data.In(lang.String())
	}
	return out
}

// In returns d as it would be for a customer who speaks a language, in a store that
// does. What is of that language already, of any region, stays.
func (d Data) In(lang string) Data {
	want, ok := parseTag(lang)
	if !ok {
		return d
	}
	for _, locale := range []*string{&d.Store.Locale, &d.Customer.Locale} {
		if has, ok := parseTag(*locale); !ok && *locale != "" || ok && !sameLanguage(has, want) {
			*locale = lang
		}
	}
	return d
}
