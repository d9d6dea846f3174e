package render

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"
)

// A compiler turns the trees of one part of a mail, checked by the fence and
// escaped by html/template, into programs.
type compiler struct {
	lookup func(name string) *parse.Tree
	funcs  map[string]reflect.Type
	tree   *parse.Tree // being compiled
	done   map[call]*program
	err    error
}

// A frame names the variables of the template being compiled.
type frame struct {
	dot    reflect.Type
	root   reflect.Type
	vars   []slotVar // those in scope
	widest *int      // slots used so far, in or out of scope
}

type slotVar struct {
	name string
	slot int
	typ  reflect.Type
}

// unsupported keeps the first fault, in the form that asProblem reads.
func (c *compiler) unsupported(n parse.Node, why string) {
	if c.err == nil {
		at, _ := c.tree.ErrorContext(n)
		c.err = fmt.Errorf("template: %s: %s", at, why)
	}
}

// program compiles a template for one type of dot.
func (c *compiler) program(name string, dot reflect.Type) *program {
	key := call{name, dot}
	if p := c.done[key]; p != nil {
		return p
	}
	p := &program{}
	c.done[key] = p
	tree := c.lookup(name)
	if tree == nil {
		c.err = fmt.Errorf("there is no template %q", name)
		return p
	}
	outer := c.tree
	c.tree = tree
	defer func() { c.tree = outer }()
	slots := 1
	f := &frame{dot: dot, root: dot, vars: []slotVar{{"$", 0, dot}}, widest: &slots}
	p.run = c.list(f, tree.Root)
	p.slots = slots
	return p
}

func (f *frame) declare(name string, t reflect.Type) int {
	slot := *f.widest
	*f.widest++
	f.vars = append(slices.Clip(f.vars), slotVar{name, slot, t})
	return slot
}

func (f *frame) find(name string) (slotVar, bool) {
	for i := len(f.vars) - 1; i >= 0; i-- {
		if f.vars[i].name == name {
			return f.vars[i], true
		}
	}
	return slotVar{}, false
}

// list runs nodes one after another.
func (c *compiler) list(f *frame, l *parse.ListNode) step {
	if l == nil {
		return func(*env) signal { return goOn }
	}
	inner := *f
	var steps []step
	for _, n := range l.Nodes {
		if s := c.node(&inner, n); s != nil {
			steps = append(steps, s)
		}
	}
	return func(e *env) signal {
		for _, s := range steps {
			if sig := s(e); sig != goOn {
				return sig
			}
		}
		return goOn
	}
}

func (c *compiler) node(f *frame, n parse.Node) step {
	switch n := n.(type) {
	case *parse.TextNode:
		return literal(n.Text)
	case *parse.CommentNode:
		return nil
	case *parse.BreakNode:
		return func(*env) signal { return breakLoop }
	case *parse.ContinueNode:
		return func(*env) signal { return continueLoop }
	case *parse.ActionNode:
		return c.action(f, n)
	case *parse.IfNode:
		return c.branch(f, &n.BranchNode, false)
	case *parse.WithNode:
		return c.branch(f, &n.BranchNode, true)
	case *parse.RangeNode:
		return c.loop(f, n)
	case *parse.TemplateNode:
		return c.invoke(f, n)
	}
	c.unsupported(n, "is not allowed in a template")
	return nil
}

func literal(b []byte) step {
	return func(e *env) signal {
		if !e.room(len(b)) {
			return e.fail(errTooLong)
		}
		e.out.Write(b)
		return goOn
	}
}

// action prints a value through the escapers that html/template appended.
func (c *compiler) action(f *frame, n *parse.ActionNode) step {
	pipe, context, escape := c.splitEscapers(n.Pipe)
	x, t := c.pipe(f, pipe)
	raw := t == typeHTML
	if raw && context != "htmlescaper" {
		c.unsupported(n, "a conditional comment may stand between tags only")
	}
	if len(pipe.Decl) > 0 {
		return func(e *env) signal {
			x(e)
			return e.end()
		}
	}
	return func(e *env) signal {
		v := x(e)
		if e.err != nil {
			return stop
		}
		// Escaping makes at most six bytes of one ("&" → "&#34;" and the like).
		if s := v.str(); !e.room(6 * len(s)) {
			return e.fail(errTooLong)
		} else if raw {
			e.out.WriteString(s)
		} else {
			escape(&e.out, s)
		}
		return goOn
	}
}

func (e *env) end() signal {
	if e.err != nil {
		return stop
	}
	return goOn
}

// splitEscapers separates what the author wrote from what html/template added.
func (c *compiler) splitEscapers(p *parse.PipeNode) (bare *parse.PipeNode, context string, esc escaper) {
	var names []string
	own := *p
	for i, cmd := range p.Cmds {
		id, ok := cmd.Args[0].(*parse.IdentifierNode)
		if !ok || !strings.HasPrefix(id.Ident, "_html_template_") {
			continue
		}
		names = append(names, strings.TrimPrefix(id.Ident, "_html_template_"))
		if len(names) == 1 {
			own.Cmds = p.Cmds[:i]
		}
	}
	context = strings.Join(names, " ")
	esc, ok := escapers[context]
	if !ok {
		c.unsupported(p, "a value may stand in text, or between the quotes of an attribute, but not in a style or script")
		esc = plain
	}
	return &own, context, esc
}

func (c *compiler) branch(f *frame, n *parse.BranchNode, with bool) step {
	inner := *f
	x, t := c.pipe(&inner, n.Pipe)
	yes := inner
	if with {
		yes.dot = deref(t)
	}
	then, otherwise := c.list(&yes, n.List), c.list(&inner, n.ElseList)
	return func(e *env) signal {
		v := x(e)
		switch {
		case e.err != nil:
			return stop
		case !v.isTrue():
			return otherwise(e)
		case !with:
			return then(e)
		}
		outer := e.dot
		e.dot = v
		sig := then(e)
		e.dot = outer
		return sig
	}
}

func (c *compiler) loop(f *frame, n *parse.RangeNode) step {
	inner := *f
	bare := *n.Pipe
	bare.Decl = nil
	x, t := c.pipe(&inner, &bare)
	if t == nil || t.Kind() != reflect.Slice {
		c.unsupported(n, "range runs over lists only")
		return nil
	}
	body := inner
	body.dot = t.Elem()
	index, elem := -1, -1
	if d := n.Pipe.Decl; len(d) == 2 {
		index = body.declare(d[0].Ident[0], typeInt)
	}
	if d := n.Pipe.Decl; len(d) > 0 {
		elem = body.declare(d[len(d)-1].Ident[0], t.Elem())
	}
	each, none := c.list(&body, n.List), c.list(f, n.ElseList)
	return func(e *env) signal {
		v := x(e)
		if e.err != nil {
			return stop
		}
		if v.ref.Len() == 0 {
			return none(e)
		}
		outer := e.dot
		sig := v.iterate(e, each, index, elem)
		e.dot = outer
		return sig
	}
}

// iterate runs each over a list, setting the variables that are declared.
func (v *value) iterate(e *env, each step, index, elem int) signal {
	for i := range v.ref.Len() {
		e.dot = valueOf(v.ref.Index(i))
		if elem >= 0 {
			e.vars[e.base+elem] = e.dot
		}
		if index >= 0 {
			e.vars[e.base+index] = value{kind: whole, num: int64(i)}
		}
		switch each(e) {
		case stop:
			return stop
		case breakLoop:
			return goOn
		}
	}
	return goOn
}

func (c *compiler) invoke(f *frame, n *parse.TemplateNode) step {
	x, t := c.pipe(f, n.Pipe)
	p := c.program(n.Name, deref(t))
	return func(e *env) signal {
		v := x(e)
		if e.err != nil {
			return stop
		}
		return e.call(p, v)
	}
}

// pipe compiles a pipeline, with what it declares.
func (c *compiler) pipe(f *frame, p *parse.PipeNode) (expr, reflect.Type) {
	var x expr
	var t reflect.Type
	for _, cmd := range p.Cmds {
		x, t = c.command(f, cmd, x, t)
	}
	for _, d := range p.Decl {
		slot := 0
		if p.IsAssign {
			v, _ := f.find(d.Ident[0])
			slot = v.slot
		} else {
			slot = f.declare(d.Ident[0], t)
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

func (c *compiler) command(f *frame, n *parse.CommandNode, prev expr, prevType reflect.Type) (expr, reflect.Type) {
	id, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok {
		return c.arg(f, n.Args[0])
	}
	var args []expr
	var types []reflect.Type
	for _, a := range n.Args[1:] {
		x, t := c.arg(f, a)
		args, types = append(args, x), append(types, t)
	}
	if prev != nil {
		args, types = append(args, prev), append(types, prevType)
	}
	return c.function(n, id.Ident, args, types)
}

// function compiles a call. Arguments stand on a stack of the execution, so
// that a call allocates nothing.
func (c *compiler) function(n parse.Node, name string, args []expr, types []reflect.Type) (expr, reflect.Type) {
	if name == "and" || name == "or" {
		t := typeBool
		if !slices.ContainsFunc(types, func(o reflect.Type) bool { return o != types[0] }) {
			t = types[0]
		}
		return firstThatIs(name == "or", args), t
	}
	fn, known := natives[name]
	if !known {
		c.unsupported(n, "cannot be called here")
		return constant(value{}), nil
	}
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
	}, c.resultOf(name)
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
