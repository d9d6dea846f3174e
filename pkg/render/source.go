package render

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"homing/pkg/problem"
)

const (
	maxSource      = 256 << 10 // bytes of one template file
	maxFrontMatter = 16 << 10
)

// frontMatter is the YAML between the two "---" lines at the top of an email.
type frontMatter struct {
	Subject     string            `yaml:"subject"`
	Subjects    map[string]string `yaml:"subjects"` // to compare, by arm
	Preheader   string            `yaml:"preheader"`
	Class       string            `yaml:"class"`
	Lang        string            `yaml:"lang"`
	Layout      string            `yaml:"layout"`
	Survey      string            `yaml:"survey"` // whose question it asks
	Description string            `yaml:"description"`

	lines map[string]int // in the file, by key
}

// normalize gives a file the form the rest of the package expects: no byte
// order mark, LF line ends, exactly one at the end.
func normalize(raw []byte) string {
	s := strings.TrimPrefix(string(raw), "\ufeff")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.TrimRight(s, "\n") + "\n"
}

// splitFrontMatter cuts "---\n<yaml>---\n<body>". lines is the number of lines
// before the body.
func splitFrontMatter(src string) (yml, body string, lines int, ok bool) {
	rest, ok := strings.CutPrefix(src, "---\n")
	if !ok {
		return "", src, 0, false
	}
	if body, ok = strings.CutPrefix(rest, "---\n"); ok {
		return "", body, 2, true
	}
	yml, body, ok = strings.Cut(rest, "\n---\n")
	if !ok {
		return "", src, 0, false
	}
	return yml + "\n", body, strings.Count(yml, "\n") + 3, true
}

// parseFrontMatter decodes the YAML strictly: a misspelt key is an error.
func parseFrontMatter(path, yml string, ps *problems) frontMatter {
	var fm frontMatter
	if len(yml) > maxFrontMatter {
		ps.addf(path, 1, 0, "the front matter is longer than %d KiB; move long texts into the body", maxFrontMatter>>10)
		return fm
	}
	if err := decodeYAML(yml, &fm); err != nil {
		ps.add(yamlProblem(path, 1, err))
		return fm
	}
	fm.lines = keyLines(yml)
	if fm.Class != "" && fm.Class != "marketing" && fm.Class != "transactional" && fm.Class != "staff" {
		ps.addf(path, fm.lines["class"], 0, `class is "marketing", "transactional", "staff" or left out, not %q`, fm.Class)
	}
	fm.checkSubjects(path, ps)
	if fm.Lang != "" {
		if _, ok := parseTag(fm.Lang); !ok {
			ps.addf(path, fm.lines["lang"], 0, `lang is a language such as "en" or "pt-BR", not %q`, fm.Lang)
		}
	}
	return fm
}

// decodeYAML decodes over what v already holds. The decoder meets files that
// people are in the middle of editing; a panic in it must not end the process.
func decodeYAML(src string, v any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("this is not YAML: %v", r)
		}
	}()
	if strings.TrimSpace(src) == "" {
		return nil
	}
	if nestsTooDeep(src) {
		return errNested
	}
	return yaml.UnmarshalWithOptions([]byte(src), v, yaml.Strict())
}

// maxNesting is how deep brackets may nest in YAML: the parser needs seconds for
// thousands of them.
const maxNesting = 100

var errNested = fmt.Errorf("brackets nest more than %d deep", maxNesting)

func nestsTooDeep(src string) bool {
	depth := 0
	for i := range len(src) {
		switch src[i] {
		case '[', '{':
			if depth++; depth > maxNesting {
				return true
			}
		case ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return false
}

// yamlProblem keeps the place of a YAML error, moved down by offset lines, and
// its message without the excerpt of the file.
func yamlProblem(path string, offset int, err error) problem.Problem {
	var ye yaml.Error
	if errors.As(err, &ye) && ye.GetToken() != nil && ye.GetToken().Position != nil {
		at := ye.GetToken().Position
		return problem.Problem{File: path, Line: at.Line + offset, Column: at.Column, Text: ye.GetMessage() + yamlHint(ye.GetMessage())}
	}
	return problem.Problem{File: path, Text: strings.SplitN(err.Error(), "\n", 2)[0]}
}

// yamlHint explains what a person most often meant by the fault.
func yamlHint(msg string) string {
	if strings.HasPrefix(msg, "unknown field") {
		return "; known are subject, subjects, preheader, class, lang, layout, survey, description"
	}
	return `; a value with "{{", ": " or "#" in it must be in quotes or below a ">-"`
}

// keyLines finds the line of each top-level key in the file, where the YAML
// starts on line 2.
func keyLines(yml string) map[string]int {
	lines := map[string]int{}
	file, err := parser.ParseBytes([]byte(yml), 0)
	if err != nil || len(file.Docs) == 0 {
		return lines
	}
	var values []*ast.MappingValueNode
	switch body := file.Docs[0].Body.(type) {
	case *ast.MappingNode:
		values = body.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{body}
	}
	for _, v := range values {
		lines[v.Key.String()] = v.Key.GetToken().Position.Line + 1
	}
	return lines
}

// below makes the template parser count lines as if src stood below n others,
// so that its errors point into the file.
func below(n int, src string) string {
	if n <= 0 {
		return src
	}
	return "{{/*" + strings.Repeat("\n", n-1) + "*/ -}}\n" + src
}

// standaloneLine matches a line that holds one action that prints nothing itself, and nothing else.
var standaloneLine = regexp.MustCompile(`(?m)^[ \t]*(\{\{(?:(?:if|else|end|range|with|template|break|continue)\b|\$\w+ :?=)(?:[^{}\n]*[^-{}\n])?)(\}\})[ \t]*\n`)

// standaloneComment is the same for a comment.
var standaloneComment = regexp.MustCompile(`(?m)^[ \t]*(\{\{/\*(?:[^\n*@]|\*+[^\n*/])(?:[^\n*]|\*+[^\n*/])*)(\*+/\}\})[ \t]*\n`)

// swallowLines removes the line of an action that is alone on it: {{if …}}
// on a line of its own leaves no empty line in the email, as its author expects.
// The line end moves inside the action, so the parser still counts it.
func swallowLines(src string) string {
	src = standaloneLine.ReplaceAllString(src, "$1\n$2")
	return standaloneComment.ReplaceAllString(src, "$1\n$2")
}

// conditionalComment matches the comments that Outlook reads.
var conditionalComment = regexp.MustCompile(`(?s)<!--\[if [^\]]*\]><!-->|<!--\[if [^\]]*\]>.*?<!\[endif\]-->|<!--<!\[endif\]-->`)

// keepConditionalComments saves the comments that Outlook reads from
// html/template, which strips every comment: each becomes an action printing
// it verbatim. So they can hold no actions themselves.
func keepConditionalComments(path, src string, ps *problems) string {
	return replaceAt(src, conditionalComment, func(at int, c string) string {
		if strings.ContainsAny(c, "`") || strings.Contains(c, "{{") {
			line, col := lineCol(src, at)
			ps.addf(path, line, col, "a conditional comment is copied unchanged: it cannot contain {{…}} or a backtick")
			return strings.Repeat("\n", strings.Count(c, "\n"))
		}
		return "{{" + commentFunc + " `" + c + "`}}"
	})
}

// replaceAt is ReplaceAllStringFunc, with the offset of each match.
func replaceAt(src string, re *regexp.Regexp, f func(at int, match string) string) string {
	var b strings.Builder
	last := 0
	for _, m := range re.FindAllStringIndex(src, -1) {
		b.WriteString(src[last:m[0]])
		b.WriteString(f(m[0], src[m[0]:m[1]]))
		last = m[1]
	}
	b.WriteString(src[last:])
	return b.String()
}

// lineCol is the place of a byte offset, both counted from 1.
func lineCol(src string, offset int) (line, col int) {
	offset = min(max(offset, 0), len(src))
	head := src[:offset]
	return strings.Count(head, "\n") + 1, offset - strings.LastIndexByte(head, '\n')
}

// badText returns where a source stops being UTF-8.
func badText(raw []byte) (line, col int) {
	at := 0
	for at < len(raw) {
		r, n := utf8.DecodeRune(raw[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return lineCol(string(raw), at)
}
