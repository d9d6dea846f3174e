package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"homing/pkg/problem"
)

type kind string

const (
	null    kind = "nothing"
	scalar  kind = "a single value"
	list    kind = "a list"
	mapping kind = "a mapping"
)

// A node is a piece of the file, and where its problems are shown.
type node struct {
	ast.Node
	file, path string
	line, col  int
}

func newNode(n ast.Node, file, path string) node {
	line, col := place(n)
	return node{n, file, path, line, col}
}

func (n node) kind() kind {
	switch n.Node.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return null
	case *ast.MappingNode, *ast.MappingValueNode:
		return mapping
	case *ast.SequenceNode:
		return list
	}
	return scalar
}

// text is what a scalar says. Numbers and booleans keep the text as written: what
// it means is for the field it goes into to say.
func (n node) text() string {
	switch s := n.Node.(type) {
	case *ast.StringNode:
		return s.Value
	case *ast.LiteralNode:
		return s.Value.Value
	}
	return n.GetToken().Value
}

// item returns an element of a list.
func (n node) item(i int) node {
	return newNode(n.Node.(*ast.SequenceNode).Values[i], n.file, fmt.Sprintf("%s[%d]", n.path, i))
}

// pairs returns the keys of a mapping with their values.
func (n node) pairs() []*ast.MappingValueNode {
	switch m := n.Node.(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	return nil
}

// place is where a node begins in the file.
func place(n ast.Node) (line, col int) {
	// A block mapping has no token of its own but the first colon; its place is
	// that of its first key.
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0]
	}
	if pair, ok := n.(*ast.MappingValueNode); ok {
		n = pair.Key
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1, 1
	}
	at := n.GetToken().Position
	return at.Line, at.Column
}

// maxFile bounds what is read: a configuration is a page or two.
const maxFile = 1 << 20

// parse reads one YAML document. An empty one is an empty mapping.
func parse(file string, data []byte) (root node, err error) {
	if len(data) > maxFile {
		return root, &problem.Problem{File: file, Text: "is larger than 1 MiB"}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors put it in front
	if !utf8.Valid(data) {
		return root, &problem.Problem{File: file, Text: "is not UTF-8 text"}
	}
	defer func() {
		// The YAML library may panic on text that is far from YAML; for the
		// reader that is a file that cannot be read, like any other.
		if r := recover(); r != nil {
			err = &problem.Problem{File: file, Text: "is not YAML that can be read"}
		}
	}()
	parsed, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return root, syntaxProblem(file, err)
	}
	for _, doc := range parsed.Docs {
		n := newNode(doc.Body, file, "")
		if n.kind() == null {
			continue
		}
		if root.Node != nil {
			return root, &problem.Problem{File: file, Line: n.line, Column: n.col, Text: "a second document starts here; keep one"}
		}
		root = n
	}
	return root, nil
}

// syntaxProblem takes the message and the place from the library's error, and
// never its excerpt of the text, which might show a password.
func syntaxProblem(file string, err error) *problem.Problem {
	p := &problem.Problem{File: file, Text: "is not YAML that can be read"}
	if e, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		p.Text = "not valid YAML: " + e.Message
		if e.Token != nil && e.Token.Position != nil {
			p.Line, p.Column = e.Token.Position.Line, e.Token.Position.Column
		}
	}
	return p
}

// An entry is a key of a mapping, and its value.
type entry struct {
	key       string
	at, value node // at is the key itself
}

// entries returns what a mapping has, without the keys that are refused.
func (d *decoder) entries(n node) []entry {
	if !d.expect(n, mapping, null) {
		return nil
	}
	var out []entry
	for _, pair := range n.pairs() {
		key := pair.Key.(ast.Node)
		text := key.GetToken().Value
		path := join(n.path, text)
		e := entry{text, newNode(key, n.file, path), newNode(pair.Value, n.file, path)}
		first := slices.IndexFunc(out, func(other entry) bool { return other.key == text })
		switch t := key.Type(); {
		case t == ast.MergeKeyType:
			e.at.path = n.path
			d.fail(e.at, "merge keys (<<) are not supported; write the keys out")
			continue
		case t == ast.MappingKeyType || t == ast.AnchorType || t == ast.AliasType || t == ast.TagType:
			e.at.path = n.path
			d.fail(e.at, "has a key that is not plain text")
			continue
		case first >= 0:
			d.fail(e.at, "is set twice, first on line %d; keep one", out[first].at.line)
			continue
		case e.value.kind() == null: // nothing has no place of its own
			e.value.line, e.value.col = e.at.line, e.at.col
		}
		out = append(out, e)
	}
	return out
}

// join extends a path by a key. What looks like an address is not shown: a URL
// that slipped into the place of a key may hold a password.
func join(path, key string) string {
	if strings.Contains(key, "://") || strings.Contains(key, "@") && strings.Contains(key, ":") {
		key = concealed
	}
	return problem.Join(path, key)
}
