package segment

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"homing/events"
	"homing/pkg/suggest"
)

// An Expression says who is in a segment:
//
//	group == "champion" and country in ["DE", "AT"] and not bought("gift-card", 90)
//
// It knows the names and questions of this package, comparisons, and, or, not and in, and
// nothing else: neither does it compute, nor can it take long. It is written in expr-lang's
// syntax and compiled once.
type Expression struct {
	text      string
	program   *vm.Program
	fields    []string // that it names
	questions []question
	tiers     []string // that it compares with
}

// Bounds of an expression.
const (
	maxText  = 2000 // bytes
	maxNodes = 200
)

// String returns the expression as it is written.
func (x Expression) String() string { return x.text }

// MarshalText returns what String returns.
func (x Expression) MarshalText() ([]byte, error) { return []byte(x.text), nil }

// UnmarshalText reads and checks an expression. Its errors name the place in it, and the
// word that was probably meant.
func (x *Expression) UnmarshalText(text []byte) error {
	out, err := Parse(string(text))
	if err == nil {
		*x = out
	}
	return err
}

// Parse reads and checks an expression.
func Parse(text string) (Expression, error) {
	x := Expression{text: strings.TrimSpace(text)}
	if x.text == "" {
		return x, errors.New(`is empty; write who is in the segment, for example group == "champion"`)
	}
	if len(x.text) > maxText {
		return x, fmt.Errorf("has %d bytes, and an expression has at most %d", len(x.text), maxText)
	}
	l := &linter{x: &x}
	program, err := expr.Compile(x.text, expr.Env(new(env)), expr.AsBool(), expr.DisableAllBuiltins(), expr.MaxNodes(maxNodes), expr.Patch(l))
	if l.err != nil {
		return x, x.at(l.at, l.err.Error())
	}
	if err != nil {
		return x, x.compiler(err)
	}
	x.program = program
	return x, nil
}

// at is a fault at a place.
func (x Expression) at(place int, what string) error {
	before := []rune(x.text)
	before = before[:min(place, len(before))]
	line := strings.Count(string(before), "\n") + 1
	column := utf8.RuneCountInString(string(before[lastOf(before, '\n')+1:])) + 1
	if line > 1 {
		return fmt.Errorf("line %d, character %d: %s", line, column, what)
	}
	return fmt.Errorf("character %d: %s", column, what)
}

func lastOf(s []rune, r rune) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == r {
			return i
		}
	}
	return -1
}

// compiler puts an error of the compiler in our form.
func (x Expression) compiler(err error) error {
	e, ok := errors.AsType[*file.Error](err)
	if !ok {
		return err // it has no place: what comes out is no bool
	}
	what := e.Message
	if name, is := strings.CutPrefix(what, "unknown name "); is { // all others are the linter's
		f, _ := functionOf(name)
		what = name + " is a question; write it as " + f.example
	}
	if strings.HasPrefix(what, "invalid operation: ") && strings.Contains(what, "mismatched types ") {
		what += "; compare words with words in quotes, and numbers with numbers"
	}
	return x.at(e.From, what)
}

// A linter looks at every part of an expression, finds what it must not have, and puts
// questions where calls were.
type linter struct {
	x   *Expression
	at  int
	err error
}

func (l *linter) fail(n ast.Node, format string, args ...any) {
	if at := n.Location().From; l.err == nil || at < l.at {
		l.at, l.err = at, fmt.Errorf(format, args...)
	}
}

// operators are those that an expression may have.
var operators = []string{"and", "&&", "or", "||", "==", "!=", "<", "<=", ">", ">=", "in"}

// Visit implements ast.Visitor. What is in a part comes before it.
func (l *linter) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		l.name(n)
	case *ast.CallNode:
		l.call(node, n)
	case *ast.BinaryNode:
		if !slices.Contains(operators, n.Operator) {
			l.fail(n, "%s is not known here; there are comparisons, and, or, not and in", n.Operator)
			return
		}
		l.compares(n)
	case *ast.UnaryNode, *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.ArrayNode:
	default:
		l.fail(n, "this is not known here; there are comparisons, and, or, not and in")
	}
}

// name is a word without quotes. That of a function is replaced with its call.
func (l *linter) name(n *ast.IdentifierNode) {
	if _, is := functionOf(n.Value); is {
		return
	}
	if !slices.ContainsFunc(fields, func(f field) bool { return f.name == n.Value }) {
		l.unknown(n, n.Value)
		return
	}
	if !slices.Contains(l.x.fields, n.Value) {
		l.x.fields = append(l.x.fields, n.Value)
	}
}

func (l *linter) unknown(n ast.Node, name string) {
	var names []string
	for _, f := range fields {
		if slices.Contains(f.words, name) {
			l.fail(n, "%s is a word; write it in quotes, as in %s == %q", name, f.name, name)
			return
		}
		names = append(names, f.name)
	}
	for _, f := range functions {
		names = append(names, f.name)
	}
	text := "known here: " + strings.Join(names, ", ")
	if near := suggest.Nearest(name, names); near != "" {
		text = fmt.Sprintf("did you mean %s?", near)
	}
	l.fail(n, "unknown name %s; %s", name, text)
}

// call replaces a call with its answer.
func (l *linter) call(node *ast.Node, n *ast.CallNode) {
	callee, named := n.Callee.(*ast.IdentifierNode)
	if !named {
		l.fail(n, "nothing can be called here but bought and the like")
		return
	}
	f, is := functionOf(callee.Value)
	if !is {
		if slices.ContainsFunc(fields, func(f field) bool { return f.name == callee.Value }) {
			l.fail(callee, "%s is not a question; write it without ()", callee.Value)
		}
		return
	}
	q, err := f.question(n.Arguments)
	if err != nil {
		l.fail(callee, "%s", err.Error())
		return
	}
	text := q.String()
	place := slices.IndexFunc(l.x.questions, func(o question) bool { return o.String() == text })
	if place < 0 {
		place = len(l.x.questions)
		l.x.questions = append(l.x.questions, q)
	}
	ast.Patch(node, &ast.MemberNode{Node: &ast.IdentifierNode{Value: answers}, Property: &ast.IntegerNode{Value: place}})
}

// compares finds words that a name never is.
func (l *linter) compares(n *ast.BinaryNode) {
	name, ok := n.Left.(*ast.IdentifierNode)
	with := n.Right
	if !ok && n.Operator != "in" {
		name, ok = n.Right.(*ast.IdentifierNode)
		with = n.Left
	}
	if !ok || !slices.Contains([]string{"==", "!=", "in"}, n.Operator) {
		return
	}
	words := []ast.Node{with}
	if a, is := with.(*ast.ArrayNode); is {
		words = a.Nodes
	}
	for _, w := range words {
		if s, is := w.(*ast.StringNode); is {
			if name.Value == tier {
				l.x.tiers = append(l.x.tiers, s.Value)
			}
			if err := neverIs(name.Value, s.Value); err != nil {
				l.fail(w, "%s", err.Error())
			}
		}
	}
}

// neverIs says why a name is never a word.
func neverIs(name, word string) error {
	for _, f := range fields {
		if f.name != name || f.words == nil || slices.Contains(f.words, word) {
			continue
		}
		text := "it is one of " + strings.Join(f.words, ", ")
		if near := suggest.Nearest(word, f.words); near != "" {
			text = fmt.Sprintf("did you mean %q?", near)
		}
		return fmt.Errorf("%s is never %q; %s", name, word, text)
	}
	switch {
	case name == "country" && (len(word) != 2 || word != strings.ToUpper(word)):
		return fmt.Errorf(`country is never %q; write two capitals (ISO 3166), as in "DE"`, word)
	case name == "language" && (len(word) < 2 || len(word) > 3 || word != strings.ToLower(word)):
		return fmt.Errorf(`language is never %q; write the language alone, in small letters, as in "de"`, word)
	case name == "currency" && !events.IsCurrency(word):
		return fmt.Errorf(`currency is never %q; write its code (ISO 4217), as in "EUR"`, word)
	}
	return nil
}
