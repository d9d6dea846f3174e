package render

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"

	"homing/pkg/suggest"
)

// pipe compiles a pipeline, with what it declares. The type is nil if it cannot
// be told, which is reported where it happens.
func (c *compiler) pipe(s *scope, p *parse.PipeNode) (expr, reflect.Type) {
	var x expr
	var t reflect.Type
	for _, cmd := range p.Cmds {
		x, t = c.command(s, cmd, x, t)
	}
	for _, d := range p.Decl {
		name, slot := d.Ident[0], 0
		if !p.IsAssign {
			slot = s.declare(name, t)
		} else if v, ok := s.find(name); ok {
			if slot = v.slot; v.typ != t {
				c.problem(s, p, "%s holds %s and cannot take %s", name, describe(v.typ), describe(t))
			}
		}
		inner := x
		x = func(e *env) value {
			v := inner(e)
			e.vars[e.base+slot] = v
			return v
		}
	}
	return x, t
}

func (s *scope) declare(name string, t reflect.Type) int {
	slot := *s.slots
	*s.slots++
	s.vars = append(slices.Clip(s.vars), variable{name, t, slot})
	s.known = slices.DeleteFunc(slices.Clone(s.known), func(path string) bool { // of one that it hides
		return path == name || strings.HasPrefix(path, name+".")
	})
	return slot
}

// find looks a variable up, $ included; the parser has seen that it is there.
func (s *scope) find(name string) (variable, bool) {
	for _, v := range slices.Backward(s.vars) {
		if v.name == name {
			return v, true
		}
	}
	return variable{}, false
}

// command compiles one stage; prev is what comes in from the stage before, nil
// in the first.
func (c *compiler) command(s *scope, n *parse.CommandNode, prev expr, prevType reflect.Type) (expr, reflect.Type) {
	fn, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok {
		if len(n.Args) > 1 || prev != nil {
			c.problem(s, n, "%s is a value and takes no arguments", n.Args[0])
			return constant(value{}), nil
		}
		return c.arg(s, n.Args[0])
	}
	var args []expr
	var types []reflect.Type
	for _, a := range n.Args[1:] {
		x, t := c.arg(s, a)
		args, types = append(args, x), append(types, t)
	}
	if prev != nil {
		args, types = append(args, prev), append(types, prevType)
	}
	return c.function(s, n, fn.Ident, args, types)
}

// arg compiles one operand.
func (c *compiler) arg(s *scope, n parse.Node) (expr, reflect.Type) {
	switch n := n.(type) {
	case *parse.DotNode:
		return theDot, s.dot
	case *parse.FieldNode:
		return c.fields(s, n, theDot, s.dot, n.Ident, s.fieldPath)
	case *parse.VariableNode:
		v, _ := s.find(n.Ident[0])
		x := func(e *env) value { return e.vars[e.base+v.slot] }
		return c.fields(s, n, x, v.typ, n.Ident[1:], func(ident []string) string {
			return strings.Join(n.Ident[:1+len(ident)], ".")
		})
	case *parse.ChainNode:
		x, t := c.arg(s, n.Node)
		return c.fields(s, n, x, t, n.Field, func([]string) string { return "" })
	case *parse.PipeNode:
		inner := *s
		return c.pipe(&inner, n)
	case *parse.IdentifierNode:
		return c.function(s, n, n.Ident, nil, nil)
	case *parse.StringNode:
		return constant(textValue(n.Text)), typeString
	case *parse.BoolNode:
		return constant(boolean(n.True)), typeBool
	case *parse.NumberNode:
		if n.IsInt {
			return constant(value{kind: whole, num: n.Int64}), typeInt
		}
	}
	c.problem(s, n, "%s is not allowed in a template", n)
	return constant(value{}), nil
}

func theDot(e *env) value { return e.dot }

func constant(v value) expr { return func(*env) value { return v } }

// fields follows .A.B from a value of type t. Structs of this package only, so
// that no method can be reached; a pointer must be known not to be nil.
func (c *compiler) fields(s *scope, n parse.Node, x expr, t reflect.Type, ident []string, path func([]string) string) (expr, reflect.Type) {
	for i, name := range ident {
		if t == nil {
			return x, nil
		}
		if t.Kind() == reflect.Pointer {
			if p := path(ident[:i]); !slices.Contains(s.known, p) {
				c.problem(s, n, "this may be missing: write it between {{with %s}} and {{end}}", strings.Replace(p, "$.", ".", 1))
			}
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || t.PkgPath() != typeData.PkgPath() {
			c.problem(s, n, "%s has no .%s", describe(t), name)
			return x, nil
		}
		field, ok := t.FieldByName(name)
		if !ok || !offered(field) {
			c.problem(s, n, "there is no .%s in %s%s", name, describe(t), didYouMean(name, fieldNames(t)))
			return x, nil
		}
		if _, seen := c.uses[name]; t == typeData && !seen {
			c.uses[name] = place{s.file, n}
		}
		of, index, k := x, field.Index[0], kindOf(field.Type)
		x, t = func(e *env) value { return e.field(of(e), index, k) }, field.Type
	}
	return x, t
}

// tested names what {{if .Order}}, {{with $o := .Order}} and the like show not
// to be nil, from the root.
func (s *scope) tested(p *parse.PipeNode) (paths []string) {
	for _, d := range p.Decl {
		paths = append(paths, d.Ident[0])
	}
	if len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		return paths
	}
	switch n := p.Cmds[0].Args[0].(type) {
	case *parse.FieldNode:
		return append(paths, s.fieldPath(n.Ident))
	case *parse.VariableNode:
		return append(paths, strings.Join(n.Ident, "."))
	}
	return paths
}

func (s *scope) fieldPath(ident []string) string {
	path := "." + strings.Join(ident, ".")
	if s.top {
		return "$" + path
	}
	return path
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		if offered(field) {
			names = append(names, field.Name)
		}
	}
	return names
}

// offered says whether templates may use a field.
func offered(f reflect.StructField) bool { return f.IsExported() && f.Tag.Get("template") != "-" }

// function compiles a call. Arguments are on a stack of the execution, so that
// a call allocates nothing.
func (c *compiler) function(s *scope, n parse.Node, name string, args []expr, types []reflect.Type) (expr, reflect.Type) {
	t := c.result(s, n, name, types)
	if name == "and" || name == "or" {
		return firstThatIs(name == "or", args), t
	}
	fn := natives[name]
	return func(e *env) value {
		base := len(e.args)
		for _, x := range args {
			v := x(e)
			e.args = append(e.args, v)
		}
		var v value
		if e.err == nil {
			v = fn(e.loc, e.args[base:])
		}
		e.args = e.args[:base]
		return v
	}, t
}

// firstThatIs is or (want true) and and (want false): the first value that
// decides, else the last.
func firstThatIs(want bool, args []expr) expr {
	return func(e *env) value {
		var v value
		for _, x := range args {
			if v = x(e); v.isTrue() == want {
				break
			}
		}
		return v
	}
}

// result is the type that a call returns, once its arguments are checked.
func (c *compiler) result(s *scope, n parse.Node, name string, args []reflect.Type) reflect.Type {
	if slices.Contains(builtins, name) {
		return c.builtin(s, n, name, args)
	}
	sig, ok := c.funcs[name]
	if !ok {
		c.problem(s, n, "the function %q is not offered to templates", name)
		return nil
	}
	if name == commentFunc {
		if _, kept := keptComment(n); !kept {
			c.problem(s, n, "%s is not for use in templates: write the comment itself", name)
			return nil
		}
	}
	if name == "plural" {
		c.plural(s, n, args)
		return sig.Out(0)
	}
	if len(args) != sig.NumIn() {
		c.problem(s, n, "%s takes %d values, not %d", name, sig.NumIn(), len(args))
		return sig.Out(0)
	}
	for i, a := range args {
		if want := sig.In(i); a != nil && a != want {
			c.problem(s, n, "%s takes %s here, not %s", name, describe(want), describe(a))
		}
	}
	if name == "scale" {
		c.scale(s, n)
	}
	return sig.Out(0)
}

// builtin checks a function of text/template. Comparing values of two kinds
// would fail only when it is executed.
func (c *compiler) builtin(s *scope, n parse.Node, name string, args []reflect.Type) reflect.Type {
	least, most := 2, 2
	switch name {
	case "and", "or":
		least, most = 1, 20
	case "eq":
		most = 20
	case "not", "len":
		least, most = 1, 1
	}
	if len(args) < least || len(args) > most {
		c.problem(s, n, "%s does not take %d values", name, len(args))
		return typeBool
	}
	switch name {
	case "and", "or":
		if slices.ContainsFunc(args, func(t reflect.Type) bool { return t != args[0] }) {
			return typeBool
		}
		return args[0]
	case "not":
		return typeBool
	case "len":
		if t := args[0]; t != nil && t.Kind() != reflect.Slice && t.Kind() != reflect.String {
			c.problem(s, n, "len counts a list or text, not %s", describe(t))
		}
		return typeInt
	}
	for _, t := range args {
		if t == nil || args[0] == nil {
			continue
		}
		if t != args[0] || t != typeString && t != typeInt && (t != typeBool || name != "eq" && name != "ne") {
			c.problem(s, n, "%s cannot compare %s with %s", name, describe(args[0]), describe(t))
			break
		}
	}
	c.noteVariants(s, n)
	return typeBool
}

// noteVariants remembers the literals that .Variant is compared with: each
// needs a sample, or its wording would go out unseen.
func (c *compiler) noteVariants(s *scope, n parse.Node) {
	cmd, ok := n.(*parse.CommandNode)
	if !ok || !slices.ContainsFunc(cmd.Args, isVariant) {
		return
	}
	for _, a := range cmd.Args {
		if lit, ok := a.(*parse.StringNode); ok {
			c.variants[lit.Text] = place{s.file, lit}
		}
	}
}

func isVariant(n parse.Node) bool { return n.String() == ".Variant" || n.String() == "$.Variant" }

// keptComment returns the comment, if a call is one that keepConditionalComments writes.
func keptComment(n parse.Node) (text string, is bool) {
	cmd, ok := n.(*parse.CommandNode)
	if !ok || len(cmd.Args) != 2 {
		return "", false
	}
	lit, ok := cmd.Args[1].(*parse.StringNode)
	if !ok || conditionalComment.FindString(lit.Text) != lit.Text {
		return "", false
	}
	return lit.Text, true
}

// didYouMean suggests the name nearest to a misspelt one, or lists them all.
func didYouMean(name string, known []string) string {
	if meant := suggest.Nearest(name, known); meant != "" {
		return "; did you mean " + meant + "?"
	}
	if len(known) == 0 {
		return ""
	}
	return "; there are " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

func deref(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// describe names a type in the words of someone who edits templates.
func describe(t reflect.Type) string {
	switch {
	case t == nil:
		return "this value"
	case t == typeMoney:
		return "an amount"
	case t == typeTime:
		return "a time"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "a yes or no"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.Slice:
		return "a list"
	}
	return fmt.Sprintf("the %s", strings.ToLower(deref(t).Name()))
}
