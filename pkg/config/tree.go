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

type kind int

const (
	null kind = iota
	scalar
	list
	mapping
)

func (k kind) String() string {
	return [...]string{null: "nothing", scalar: "a single value", list: "a list", mapping: "a mapping"}[k]
}

// A node is a piece of the file. It is a copy without anything of the parser's,
// whose tokens would keep the whole text, secrets included, alive and in reach.
type node struct {
	kind      kind
	line, col int
	text      string
	entries   []entry // of a mapping
	items     []*node // of a list
}

type entry struct {
	key       string
	line, col int
	value     *node
}

func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// maxDepth is far more than the schema has; it bounds every recursion.
const maxDepth = 32

// maxFile bounds what is read: a configuration is a page or two.
const maxFile = 1 << 20

// parseTree reads one YAML document. An empty one is an empty mapping.
func parseTree(file string, data []byte) (_ *node, err error) {
	if len(data) > maxFile {
		return nil, &problem.Problem{File: file, Text: "is larger than 1 MiB"}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors put it in front
	if !utf8.Valid(data) {
		return nil, &problem.Problem{File: file, Text: "is not UTF-8 text"}
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
		return nil, syntaxProblem(file, err)
	}
	var body ast.Node
	for _, doc := range parsed.Docs {
		switch doc.Body.(type) {
		case nil, *ast.CommentGroupNode, *ast.NullNode:
			continue
		}
		if body != nil {
			p := &problem.Problem{File: file, Text: "a second document starts here; keep one"}
			p.Line, p.Column = place(doc.Body)
			return nil, p
		}
		body = doc.Body
	}
	root := &node{kind: mapping, line: 1, col: 1}
	if body == nil {
		return root, nil
	}
	b := builder{file: file}
	root = b.node(body, "", 0)
	return root, errors.Join(b.problems...)
}

// syntaxProblem takes the message and the place from the library's error, and
// never its excerpt of the text, which might show a password.
func syntaxProblem(file string, err error) *problem.Problem {
	p := &problem.Problem{File: file, Text: "is not YAML that can be read"}
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		p.Text = "not valid YAML: " + syntax.Message
		if syntax.Token != nil && syntax.Token.Position != nil {
			p.Line, p.Column = syntax.Token.Position.Line, syntax.Token.Position.Column
		}
	}
	return p
}

func place(n ast.Node) (line, col int) {
	// A block mapping has no token of its own but the first colon; its place is
	// where its first key stands.
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

// builder turns the library's tree into ours.
type builder struct {
	file     string
	problems []error
}

func (b *builder) fail(n ast.Node, path, text string) {
	p := &problem.Problem{File: b.file, Key: path, Text: text}
	p.Line, p.Column = place(n)
	b.problems = append(b.problems, p)
}

func (b *builder) node(from ast.Node, path string, depth int) *node {
	n := &node{}
	n.line, n.col = place(from)
	if depth > maxDepth {
		b.fail(from, path, "is nested too deeply")
		return n
	}
	switch from := from.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
	case *ast.MappingNode:
		b.mapping(n, from, path, depth)
	case *ast.MappingValueNode:
		b.mapping(n, &ast.MappingNode{Values: []*ast.MappingValueNode{from}}, path, depth)
	case *ast.SequenceNode:
		n.kind = list
		for i, item := range from.Values {
			n.items = append(n.items, b.node(item, fmt.Sprintf("%s[%d]", path, i), depth+1))
		}
	case *ast.AnchorNode, *ast.AliasNode:
		b.fail(from, path, "anchors and aliases (& and *) are not supported; write the value out")
	case *ast.TagNode:
		b.fail(from, path, "tags (!) are not supported; write the plain value")
	case *ast.StringNode:
		n.kind, n.text = scalar, from.Value
	case *ast.LiteralNode:
		n.kind, n.text = scalar, from.Value.Value
	default:
		// Numbers and booleans keep the text as written: what it means is for
		// the field it goes into to say.
		n.kind, n.text = scalar, from.GetToken().Value
	}
	return n
}

func (b *builder) mapping(n *node, from *ast.MappingNode, path string, depth int) {
	n.kind = mapping
	for _, pair := range from.Values {
		if _, isMerge := pair.Key.(*ast.MergeKeyNode); isMerge {
			b.fail(pair.Key, path, "merge keys (<<) are not supported; write the keys out")
			continue
		}
		key, ok := pair.Key.(ast.Node)
		if !ok || key.GetToken() == nil {
			b.fail(pair, path, "has a key that is not plain text")
			continue
		}
		e := entry{key: key.GetToken().Value}
		e.line, e.col = place(key)
		at := join(path, e.key)
		switch key.Type() {
		case ast.MappingKeyType, ast.AnchorType, ast.AliasType, ast.TagType:
			b.fail(key, path, "has a key that is not plain text")
			continue
		}
		first := slices.IndexFunc(n.entries, func(other entry) bool { return other.key == e.key })
		if first >= 0 {
			b.fail(key, at, fmt.Sprintf("is set twice, first on line %d; keep one", n.entries[first].line))
			continue
		}
		e.value = b.node(pair.Value, at, depth+1)
		if e.value.kind == null {
			e.value.line, e.value.col = e.line, e.col
		}
		n.entries = append(n.entries, e)
	}
}

// join extends a path by a key. What looks like an address is not shown: a URL
// that slipped into the place of a key may hold a password.
func join(path, key string) string {
	if strings.Contains(key, "://") || strings.Contains(key, "@") && strings.Contains(key, ":") {
		key = concealed
	}
	return problem.Join(path, key)
}
