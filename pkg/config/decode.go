package config

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/problem"
	"homing/pkg/suggest"
)

// A Section is the part of the file that belongs to one worker: the global one
// with the store's own laid over it, not decoded yet, because only the worker
// knows its keys. The zero Section says nothing.
type Section struct {
	layers []node
}

// String names the places of the section in the file, the one that wins last.
func (s Section) String() string {
	places := make([]string, len(s.layers))
	for i, l := range s.layers {
		places[i] = l.path
	}
	return strings.Join(places, " < ")
}

// Decode reads the section into the struct that into points to. The struct
// holds the defaults and keeps what the file does not mention; nested structs
// and maps are merged, lists replaced whole. Fields are named by their yaml
// tags and may be strings, booleans, numbers, time.Duration ("7d", "30m"),
// anything with UnmarshalText, and structs, lists, maps and pointers of those.
//
// The keys of the rules are no unknown keys; Policy reads them.
//
// Every unknown key and every value that does not fit is a *problem.Problem with
// file, line, column and full key; all of them are joined. After an error the
// struct may be half filled.
func (s Section) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("decode section %s: into %T, want a pointer to a struct", s, into)
	}
	d := &decoder{}
	for _, l := range s.layers {
		d.structure(l, append(ofWorker(&gate.Policy{}), v.Elem())...)
	}
	return d.err()
}

// Policy returns a store's policy with what the section says to the rules laid
// over it, key by key. Unknown keys are for Decode to report.
func (s Section) Policy(of gate.Policy) (gate.Policy, error) {
	days, own := of.SendDays, ofWorker(&of)
	d := &decoder{lenient: true}
	for _, l := range s.layers {
		d.structure(l, own...)
	}
	if len(of.SendDays) == 0 { // a worker that leaves them empty has the store's
		of.SendDays = days
	}
	l := problem.List{d.err()}
	for _, v := range own {
		validate(&l, "", v)
	}
	return of, l.Err()
}

// ofWorker returns the structs of a policy that a worker's section has keys of.
func ofWorker(p *gate.Policy) (structs []reflect.Value) {
	for _, s := range p.OfWorker() {
		structs = append(structs, reflect.ValueOf(s).Elem())
	}
	return structs
}

// Says reports whether the section has a key of its own, rather than its default.
func (s Section) Says(key string) bool {
	return slices.ContainsFunc(s.layers, func(l node) bool {
		return slices.ContainsFunc(new(decoder).entries(l), func(e entry) bool { return e.key == key })
	})
}

// A decoder fills Go values from the tree that github.com/goccy/go-yaml makes of
// the file, and gathers what does not fit. The library's own decoder is not used:
// in strict mode, too, it stops at the first problem, has no place for what an
// UnmarshalText refuses, takes 1.5 for 1 and a key without a value for its
// default, forgets the entries of a map that is read again, and quotes the file in
// its errors, with whatever passwords are there.
type decoder struct {
	workers  []string // that there are, sorted; none: any
	lenient  bool     // leaves unknown keys to somebody else
	stores   node     // is read last, over everything that stores may override
	problems []error
	files    []File // that values were read from
}

// err joins the problems in the order of the file.
func (d *decoder) err() error {
	slices.SortStableFunc(d.problems, func(a, b error) int { return lineOf(a) - lineOf(b) })
	return errors.Join(d.problems...)
}

func lineOf(err error) int {
	if p, ok := errors.AsType[*problem.Problem](err); ok && p.Line > 0 {
		return p.Line
	}
	return math.MaxInt
}

func (d *decoder) fail(at node, format string, args ...any) {
	d.problems = append(d.problems, &problem.Problem{
		File: at.file, Line: at.line, Column: at.col, Key: at.path, Text: fmt.Sprintf(format, args...),
	})
}

// expect reports whether the node is of one of the kinds, and fails otherwise.
// It never shows the value, which may be a secret in the wrong place.
func (d *decoder) expect(n node, kinds ...kind) bool {
	switch n.Node.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		d.fail(n, "anchors and aliases (& and *) are not supported; write the value out")
		return false
	case *ast.TagNode:
		d.fail(n, "tags (!) are not supported; write the plain value")
		return false
	}
	switch {
	case slices.Contains(kinds, n.kind()):
		return true
	case n.kind() == null:
		d.fail(n, "has no value; write %v or remove the key", kinds[0])
	default:
		d.fail(n, "must be %v, not %v", kinds[0], n.kind())
	}
	return false
}

var durationType = reflect.TypeFor[time.Duration]()

func (d *decoder) value(n node, into reflect.Value) {
	switch target := into.Addr().Interface().(type) {
	case *map[string]Store:
		d.stores = n
		return
	case *map[string]Section:
		d.sections(n, target)
		return
	case encoding.TextUnmarshaler:
		if d.expect(n, scalar) {
			if err := target.UnmarshalText([]byte(n.text())); err != nil {
				d.fail(n, "%v", err)
			}
		}
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.structure(n, into)
	case reflect.Map:
		d.table(n, into)
	case reflect.Slice:
		d.list(n, into)
	case reflect.Pointer:
		fresh := reflect.New(into.Type().Elem())
		if !into.IsNil() {
			fresh.Elem().Set(into.Elem())
		}
		d.value(n, fresh.Elem())
		into.Set(fresh)
	default:
		if d.expect(n, scalar) {
			d.scalar(n, into)
		}
	}
}

// structure fills structs from one mapping; a key goes to the first that has it. A
// mapping whose keys are all commented out is nothing, and says nothing.
func (d *decoder) structure(n node, into ...reflect.Value) {
	var fields []field
	for _, v := range into {
		fields = append(fields, fieldsOf(v)...)
	}
	for _, e := range d.entries(n) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == e.key })
		switch {
		case i >= 0:
			d.value(e.value, fields[i].value)
		case !d.lenient:
			d.fail(e.at, "unknown key; %s", hint(e.key, keysOf(fields)))
		}
	}
}

// sections lays the sections of workers over those there are. A section of an
// unknown worker would mean nothing.
func (d *decoder) sections(n node, into *map[string]Section) {
	merged := map[string]Section{}
	maps.Copy(merged, *into)
	for _, e := range d.entries(n) {
		if len(d.workers) > 0 && !slices.Contains(d.workers, e.key) {
			d.fail(e.at, "unknown worker; %s", hint(strings.ReplaceAll(e.key, "_", "-"), d.workers))
			continue
		}
		s := merged[e.key]
		if d.expect(e.value, mapping, null) {
			s.layers = append(slices.Clip(s.layers), e.value)
		}
		merged[e.key] = s
	}
	if len(merged) > 0 {
		*into = merged
	}
}

// table lays the entries over a copy of the map, which may be shared. An entry that says
// itself what its defaults are is merged key by key.
func (d *decoder) table(n node, into reflect.Value) {
	merged := reflect.MakeMap(into.Type())
	for it := into.MapRange(); it.Next(); {
		merged.SetMapIndex(it.Key(), it.Value())
	}
	for _, e := range d.entries(n) {
		element := reflect.New(into.Type().Elem()).Elem()
		if s, ok := element.Addr().Interface().(interface{ SetDefault() }); ok {
			s.SetDefault()
			if old := merged.MapIndex(reflect.ValueOf(e.key)); old.IsValid() {
				element.Set(old)
			}
		}
		d.value(e.value, element)
		merged.SetMapIndex(reflect.ValueOf(e.key), element)
	}
	if merged.Len() > 0 {
		into.Set(merged)
	}
}

func (d *decoder) list(n node, into reflect.Value) {
	if !d.expect(n, list) {
		return
	}
	items := reflect.Zero(into.Type())
	for i := range n.Node.(*ast.SequenceNode).Values {
		item := reflect.New(into.Type().Elem()).Elem()
		d.value(n.item(i), item)
		items = reflect.Append(items, item)
	}
	into.Set(items)
}

func (d *decoder) scalar(n node, into reflect.Value) {
	var err error
	text := n.text()
	switch k := into.Kind(); {
	case into.Type() == durationType:
		var v time.Duration
		v, err = localtime.ParseDuration(text)
		into.SetInt(int64(v))
	case k == reflect.String:
		into.SetString(text)
	case k == reflect.Bool:
		if text != "true" && text != "false" {
			err = fmt.Errorf("%q is neither true nor false", text)
		}
		into.SetBool(text == "true")
	case into.CanInt():
		var v int64
		v, err = strconv.ParseInt(text, 10, into.Type().Bits())
		err = numberError(text, "a whole number", err)
		into.SetInt(v)
	case into.CanUint():
		var v uint64
		v, err = strconv.ParseUint(text, 10, into.Type().Bits())
		err = numberError(text, "a whole number of 0 or more", err)
		into.SetUint(v)
	case into.CanFloat():
		var v float64
		v, err = strconv.ParseFloat(text, into.Type().Bits())
		if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
			err = strconv.ErrSyntax
		}
		err = numberError(text, "a number", err)
		into.SetFloat(v)
	default:
		err = fmt.Errorf("cannot be read into %v", into.Type())
	}
	if err != nil {
		d.fail(n, "%v", err)
	}
}

func numberError(text, want string, err error) error {
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("%q is too large", text)
	case err != nil:
		return fmt.Errorf("%q is not %s", text, want)
	}
	return nil
}

type field struct {
	key   string
	value reflect.Value
}

// fieldsOf lists the fields of a struct by key; embedded structs and those
// tagged inline count as part of it.
func fieldsOf(v reflect.Value) []field {
	var fields []field
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case name == "-":
		case f.Type.Kind() == reflect.Struct && (f.Anonymous && name == "" || f.IsExported() && options == "inline"):
			fields = append(fields, fieldsOf(v.Field(i))...)
		case !f.IsExported():
		case name == "":
			fields = append(fields, field{strings.ToLower(f.Name), v.Field(i)})
		default:
			fields = append(fields, field{name, v.Field(i)})
		}
	}
	return fields
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// hint says which of the known words was probably meant, or else lists them.
func hint(word string, known []string) string {
	if s := suggest.Nearest(word, known); s != "" {
		return didYouMean(s)
	}
	return "known here: " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

func didYouMean(word string) string { return fmt.Sprintf("did you mean %q?", word) }
