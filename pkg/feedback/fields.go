package feedback

import (
	"bufio"
	"io"
	"strings"
)

const (
	maxFields = 128      // of a group
	maxValue  = 4 << 10  // bytes of a field
	maxLine   = 64 << 10 // bytes of a line: a longer one ends what is read
)

// A field is one line of a header, or of a group of a report.
type field struct{ name, value string }

// groups reads up to most groups of fields, with an empty line between them. It takes
// what net/textproto does not: lines that are no field are left out.
func groups(r io.Reader, most int) [][]field {
	var out [][]field
	var now []field
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		line := strings.ToValidUTF8(strings.TrimRight(s.Text(), "\r"), "?")
		if strings.TrimSpace(line) == "" {
			if len(now) > 0 {
				out, now = append(out, now), nil
			}
			if len(out) == most {
				return out
			}
			continue
		}
		if (line[0] == ' ' || line[0] == '\t') && len(now) > 0 {
			f := &now[len(now)-1]
			f.value = cut(f.value + " " + strings.TrimSpace(line))
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if ok && len(now) < maxFields {
			now = append(now, field{strings.TrimSpace(name), cut(strings.TrimSpace(value))})
		}
	}
	if len(now) > 0 {
		out = append(out, now)
	}
	return out
}

func cut(s string) string {
	if len(s) > maxValue {
		return strings.ToValidUTF8(s[:maxValue], "")
	}
	return s
}

// all returns the values of the fields of a name.
func all(fs []field, name string) []string {
	var out []string
	for _, f := range fs {
		if strings.EqualFold(f.name, name) {
			out = append(out, f.value)
		}
	}
	return out
}

// get returns the first of them.
func get(fs []field, name string) string {
	if vs := all(fs, name); len(vs) > 0 {
		return vs[0]
	}
	return ""
}

// typed takes "rfc822; ann@customer.example" apart. What has no type has none.
func typed(v string) (kind, value string) {
	kind, value, ok := strings.Cut(v, ";")
	if !ok || strings.ContainsAny(kind, "@ <") {
		return "", strings.TrimSpace(v)
	}
	return strings.ToLower(strings.TrimSpace(kind)), strings.TrimSpace(value)
}

// address takes the address out of "rfc822; <ann@customer.example>".
func address(v string) string {
	_, v = typed(v)
	return strings.Trim(strings.TrimSpace(v), "<>")
}
