package render

import (
	"reflect"
	"slices"
	"strings"
	"text/template/parse"

	"homing/pkg/suggest"
)

// pipe returns the type of a pipeline; nil when it cannot be told, which is
// reported where it happens.
func (f *fence) pipe(s *scope, p *parse.PipeNode) reflect.Type {
	var t reflect.Type
	for i, cmd := range p.Cmds {
		t = f.command(s, cmd, t, i > 0)
	}
	for _, d := range p.Decl {
		if p.IsAssign {
			if have, ok := s.variable(d.Ident[0]); ok && have != t {
				f.problem(s, p, "%s holds %s and cannot take %s", d.Ident[0], describe(have), describe(t))
			}
			continue
		}
		s.vars = append(slices.Clip(s.vars), variable{d.Ident[0], t})
	}
	return t
}

// command returns the type of one stage; piped says that prev comes in from the
// stage before.
func (f *fence) command(s *scope, c *parse.CommandNode, prev reflect.Type, piped bool) reflect.Type {
	if fn, ok := c.Args[0].(*parse.IdentifierNode); ok {
		var args []reflect.Type
		for _, a := range c.Args[1:] {
			args = append(args, f.arg(s, a))
		}
		if piped {
			args = append(args, prev)
		}
		return f.function(s, c, fn.Ident, args)
	}
	if len(c.Args) > 1 || piped {
		f.problem(s, c, "%s is a value and takes no arguments", c.Args[0])
		return nil
	}
	return f.arg(s, c.Args[0])
}

func (f *fence) arg(s *scope, n parse.Node) reflect.Type {
	switch n := n.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.FieldNode:
		return f.fields(s, n, s.dot, n.Ident, s.fieldPath)
	case *parse.VariableNode:
		base, ok := s.variable(n.Ident[0])
		if !ok {
			return nil
		}
		path := func(ident []string) string { return n.Ident[0] + "." + strings.Join(ident, ".") }
		return f.fields(s, n, base, n.Ident[1:], path)
	case *parse.ChainNode:
		return f.fields(s, n, f.arg(s, n.Node), n.Field, func([]string) string { return "" })
	case *parse.PipeNode:
		inner := *s
		return f.pipe(&inner, n)
	case *parse.IdentifierNode:
		return f.function(s, n, n.Ident, nil)
	case *parse.StringNode:
		return typeString
	case *parse.BoolNode:
		return typeBool
	case *parse.NumberNode:
		if n.IsInt {
			return typeInt
		}
	}
	f.problem(s, n, "%s is not allowed in a template", n)
	return nil
}

// variable returns the type of $name; $ itself is the root.
func (s *scope) variable(name string) (reflect.Type, bool) {
	if name == "$" {
		return s.root, true
	}
	for i := len(s.vars) - 1; i >= 0; i-- {
		if s.vars[i].name == name {
			return s.vars[i].typ, true
		}
	}
	return nil, false
}

// fields follows .A.B from a value of type t. Structs of this package only, so
// that no method can be reached; a pointer must be known not to be nil.
func (f *fence) fields(s *scope, n parse.Node, t reflect.Type, ident []string, path func([]string) string) reflect.Type {
	for i, name := range ident {
		if t == nil {
			return nil
		}
		if t.Kind() == reflect.Pointer {
			if p := path(ident[:i]); !slices.Contains(s.known, p) {
				f.problem(s, n, "this may be missing: write it between {{with %s}} and {{end}}", strings.TrimPrefix(p, "$"))
			}
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || t.PkgPath() != typeData.PkgPath() {
			f.problem(s, n, "%s has no .%s", describe(t), name)
			return nil
		}
		field, ok := t.FieldByName(name)
		if !ok || !field.IsExported() {
			f.problem(s, n, "there is no .%s in %s%s", name, describe(t), didYouMean(name, fieldNames(t)))
			return nil
		}
		if _, seen := f.uses[name]; t == typeData && !seen {
			f.uses[name] = place{s.file, n}
		}
		t = field.Type
	}
	return t
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		names = append(names, field.Name)
	}
	return names
}

// function returns the type of a call, checking its arguments.
func (f *fence) function(s *scope, n parse.Node, name string, args []reflect.Type) reflect.Type {
	if slices.Contains(builtins, name) {
		return f.builtin(s, n, name, args)
	}
	sig, ok := f.funcs[name]
	if !ok {
		f.problem(s, n, "the function %q is not offered to templates", name)
		return nil
	}
	if name == commentFunc && !keptComment(n) {
		f.problem(s, n, "%s is not for use in templates: write the comment itself", name)
		return nil
	}
	if len(args) != sig.NumIn() {
		f.problem(s, n, "%s takes %d values, not %d", name, sig.NumIn(), len(args))
		return sig.Out(0)
	}
	for i, a := range args {
		if want := sig.In(i); a != nil && a != want {
			f.problem(s, n, "%s takes %s here, not %s", name, describe(want), describe(a))
		}
	}
	return sig.Out(0)
}

// builtin checks a function of text/template. Comparing values of two kinds
// would fail only when it is executed.
func (f *fence) builtin(s *scope, n parse.Node, name string, args []reflect.Type) reflect.Type {
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
		f.problem(s, n, "%s takes another number of values than %d", name, len(args))
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
			f.problem(s, n, "len counts a list or text, not %s", describe(t))
		}
		return typeInt
	}
	for _, t := range args {
		if t == nil || args[0] == nil {
			continue
		}
		if t != args[0] || t != typeString && t != typeInt && (t != typeBool || name != "eq" && name != "ne") {
			f.problem(s, n, "%s cannot compare %s with %s", name, describe(args[0]), describe(t))
			break
		}
	}
	f.noteVariants(s, n)
	return typeBool
}

// noteVariants remembers the literals that .Variant is compared with: each
// needs a sample, or its wording would go out unseen.
func (f *fence) noteVariants(s *scope, n parse.Node) {
	cmd, ok := n.(*parse.CommandNode)
	if !ok || !slices.ContainsFunc(cmd.Args, isVariant) {
		return
	}
	for _, a := range cmd.Args {
		if lit, ok := a.(*parse.StringNode); ok {
			f.variants[lit.Text] = place{s.file, lit}
		}
	}
}

func isVariant(n parse.Node) bool { return n.String() == ".Variant" || n.String() == "$.Variant" }

// keptComment says whether a call is the one that keepConditionalComments writes.
func keptComment(n parse.Node) bool {
	cmd, ok := n.(*parse.CommandNode)
	if !ok || len(cmd.Args) != 2 {
		return false
	}
	lit, ok := cmd.Args[1].(*parse.StringNode)
	return ok && conditionalComment.FindString(lit.Text) == lit.Text
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
