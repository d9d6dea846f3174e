package render

import (
	"fmt"
	htmltemplate "html/template"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"
	"time"

	"homing/events"
)

// maxCost bounds the work of one rendering: the number of nodes executed if
// every loop ran over maxItems items. It replaces a time limit, which the
// template packages cannot keep: an execution cannot be cancelled.
const maxCost = 60_000

// A compiler turns the parse trees of one part of an email into programs, and is
// the fence around them. It follows the type of every value, so a misspelt
// field is found in branches that no sample reaches, and it knows only the
// nodes, functions and types named here: what it does not know is a problem.
//
// HTML is compiled twice: as it was written, which finds what its author did
// wrong, and again once html/template has put the escapers in.
type compiler struct {
	files    map[string]*file // by the name that {{template}} uses; nil: it does not parse
	names    []string         // of all partials
	escaped  bool             // by html/template
	ps       *problems
	funcs    map[string]reflect.Type
	done     map[call]*program
	stack    []call           // being compiled
	variants map[string]place // literals that .Variant is compared with
	uses     map[string]place // the fields of Data that are used, and where first
}

// A call is one template with one type of dot.
type call struct {
	name string
	dot  reflect.Type
}

// A place is a node's position, kept for a later message.
type place struct {
	file *file
	node parse.Node
}

func (p place) report(ps *problems, format string, args ...any) {
	p.file.place(p.node).report(ps, fmt.Sprintf(format, args...))
}

// A scope is what surrounds a node.
type scope struct {
	file  *file
	dot   reflect.Type
	top   bool // dot is still $
	vars  []variable
	slots *int     // of variables so far, in or out of scope
	known []string // pointers that are not nil here, such as "$.Order"
	loops int
}

type variable struct {
	name string
	typ  reflect.Type
	slot int
}

var (
	typeString = reflect.TypeFor[string]()
	typeInt    = reflect.TypeFor[int]()
	typeBool   = reflect.TypeFor[bool]()
	typeMoney  = reflect.TypeFor[events.Money]()
	typeTime   = reflect.TypeFor[time.Time]()
	typeHTML   = reflect.TypeFor[htmltemplate.HTML]()
	typeData   = reflect.TypeFor[Data]()
)

func newCompiler(files map[string]*file, names []string, ps *problems) *compiler {
	return &compiler{files: files, names: names, ps: ps, funcs: signatures(), done: map[call]*program{}, variants: map[string]place{}, uses: map[string]place{}}
}

// root compiles the template name, which is executed with Data, and all it calls.
func (c *compiler) root(name string) *program {
	p := c.template(call{name, typeData})
	if p.cost > maxCost {
		c.ps.addf(c.files[name].path, 0, 0, "renders in up to %d steps, more than the %d allowed: use fewer loops and partials", p.cost, maxCost)
	}
	return p
}

func (c *compiler) problem(s *scope, n parse.Node, format string, args ...any) {
	s.file.place(n).report(c.ps, fmt.Sprintf(format, args...))
}

// template compiles a template for one type of dot, the first time.
func (c *compiler) template(k call) *program {
	if p := c.done[k]; p != nil {
		return p
	}
	p := &program{slots: 1}
	file := c.files[k.name]
	c.stack = append(c.stack, k)
	s := &scope{file: file, dot: k.dot, top: true, vars: []variable{{"$", k.dot, 0}}, slots: &p.slots}
	p.run, p.cost = c.list(s, file.tree.Root)
	c.stack = c.stack[:len(c.stack)-1]
	c.done[k] = p
	return p
}

// list compiles nodes that run in order, and says what they cost. Variables
// declared in it end with it.
func (c *compiler) list(s *scope, l *parse.ListNode) (step, int) {
	if l == nil {
		return func(*env) signal { return goOn }, 0
	}
	inner := *s
	var steps []step
	cost := 0
	for _, n := range l.Nodes {
		run, more := c.node(&inner, n)
		// Capped, so that nested partials cannot overflow the sum.
		cost = min(cost+1+more, 100*maxCost)
		if run != nil {
			steps = append(steps, run)
		}
	}
	return func(e *env) signal {
		for _, run := range steps {
			if sig := run(e); sig != goOn {
				return sig
			}
		}
		return goOn
	}, cost
}

func (c *compiler) node(s *scope, n parse.Node) (step, int) {
	switch n := n.(type) {
	case *parse.TextNode:
		return literal(string(n.Text)), 0
	case *parse.CommentNode:
		return nil, 0
	case *parse.BreakNode:
		return func(*env) signal { return breakLoop }, 0
	case *parse.ContinueNode:
		return func(*env) signal { return continueLoop }, 0
	case *parse.ActionNode:
		return c.action(s, n)
	case *parse.IfNode:
		return c.branch(s, &n.BranchNode, false)
	case *parse.WithNode:
		return c.branch(s, &n.BranchNode, true)
	case *parse.RangeNode:
		return c.loop(s, n)
	case *parse.TemplateNode:
		return c.invoke(s, n)
	}
	c.problem(s, n, "%s is not allowed in a template", n)
	return nil, 0
}

// action prints a value through the escapers that html/template appended.
func (c *compiler) action(s *scope, n *parse.ActionNode) (step, int) {
	pipe, context := withoutEscapers(n.Pipe)
	x, t := c.pipe(s, pipe)
	cost := len(pipe.Cmds)
	if len(pipe.Decl) > 0 {
		return func(e *env) signal {
			x(e)
			return e.end()
		}, cost
	}
	c.printable(s, n, t)
	escape, ok := escapers[context]
	raw := t == typeHTML
	switch {
	case !ok:
		c.problem(s, pipe, "a value may be in text or between the quotes of an attribute, but not in a style or script")
	case raw && c.escaped && context != "htmlescaper":
		c.problem(s, pipe, "a conditional comment may only be between tags")
	case raw:
		if text, ok := keptComment(pipe.Cmds[0]); ok {
			return literal(markBrand(text)), cost
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
	}, cost
}

func (e *env) end() signal {
	if e.err != nil {
		return stop
	}
	return goOn
}

// withoutEscapers separates what the author wrote from what html/template
// added: the names of escapers, which tell the context.
func withoutEscapers(p *parse.PipeNode) (bare *parse.PipeNode, context string) {
	const prefix = "_html_template_"
	own := *p
	own.Cmds = nil
	var names []string
	for _, cmd := range p.Cmds {
		if id, ok := cmd.Args[0].(*parse.IdentifierNode); ok && strings.HasPrefix(id.Ident, prefix) {
			names = append(names, strings.TrimPrefix(id.Ident, prefix))
		} else {
			own.Cmds = append(own.Cmds, cmd)
		}
	}
	return &own, strings.Join(names, " ")
}

// branch compiles if and with, which makes the value the dot.
func (c *compiler) branch(s *scope, n *parse.BranchNode, with bool) (step, int) {
	inner := *s
	x, t := c.pipe(&inner, n.Pipe)
	switch t {
	case typeMoney:
		c.problem(s, n, "an amount is never empty; test what is printed: {{with money %s}}{{.}}{{end}}", n.Pipe)
	case typeTime:
		c.problem(s, n, "a time is never empty; test what is printed: {{with date %s}}{{.}}{{end}}", n.Pipe)
	}
	yes := inner
	yes.known = append(slices.Clip(yes.known), s.tested(n.Pipe)...)
	if with {
		yes.dot, yes.top = deref(t), false
	}
	then, cost := c.list(&yes, n.List)
	otherwise, more := c.list(&inner, n.ElseList)
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
	}, 1 + max(cost, more)
}

func (c *compiler) loop(s *scope, n *parse.RangeNode) (step, int) {
	inner := *s
	bare := *n.Pipe
	bare.Decl = nil
	x, t := c.pipe(&inner, &bare)
	body := inner
	body.top, body.dot = false, nil
	var k kind
	switch {
	case t == nil:
	case t.Kind() == reflect.Slice:
		body.dot, k = t.Elem(), kindOf(t.Elem())
	default:
		c.problem(s, n, "range runs over a list such as .Order.Items, not over %s", describe(t))
	}
	if s.loops == 2 {
		c.problem(s, n, "loops nest at most two deep")
	}
	body.loops++
	index, elem := -1, -1
	if d := n.Pipe.Decl; len(d) == 2 {
		index = body.declare(d[0].Ident[0], typeInt)
	}
	if d := n.Pipe.Decl; len(d) > 0 {
		elem = body.declare(d[len(d)-1].Ident[0], body.dot)
	}
	each, cost := c.list(&body, n.List)
	none, more := c.list(s, n.ElseList)
	return func(e *env) signal {
		v := x(e)
		if e.err != nil {
			return stop
		}
		if v.ref.Len() == 0 {
			return none(e)
		}
		outer := e.dot
		sig := v.iterate(e, each, k, index, elem)
		e.dot = outer
		return sig
	}, 1 + maxItems*cost + more
}

// iterate runs each over a list of things of kind k, setting the variables that
// are declared.
func (v *value) iterate(e *env, each step, k kind, index, elem int) signal {
	for i := range v.ref.Len() {
		e.dot = valueOf(v.ref.Index(i), k)
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

// invoke compiles {{template "name" dot}}.
func (c *compiler) invoke(s *scope, n *parse.TemplateNode) (step, int) {
	var x expr
	var dot reflect.Type
	if n.Pipe != nil {
		x, dot = c.pipe(s, n.Pipe)
	}
	k := call{n.Name, deref(dot)}
	file, known := c.files[n.Name]
	switch {
	case !known || n.Name == layoutName:
		c.problem(s, n, "there is no partial %q%s", n.Name, didYouMean(n.Name, c.names))
	case file == nil:
		c.ps.found++ // reported when it was parsed
	case dot == nil:
		c.problem(s, n, "a partial needs data to show: {{template %q .}}", n.Name)
	case slices.ContainsFunc(c.stack, func(up call) bool { return up.name == k.name }):
		c.problem(s, n, "%q would contain itself", n.Name)
	default:
		p := c.template(k)
		return func(e *env) signal {
			v := x(e)
			if e.err != nil {
				return stop
			}
			return e.call(p, v)
		}, p.cost
	}
	return nil, 0
}

// printable reports a value that would be printed in Go's notation.
func (c *compiler) printable(s *scope, n *parse.ActionNode, t reflect.Type) {
	switch {
	case t == nil || t.Kind() == reflect.String || t.Kind() == reflect.Int:
	case t == typeMoney:
		c.problem(s, n, "write {{money %s}}", n.Pipe)
	case t == typeTime:
		c.problem(s, n, "write {{date %s}}", n.Pipe)
	case t.Kind() == reflect.Slice:
		c.problem(s, n, "a list cannot be printed: write {{range %s}}…{{end}}", n.Pipe)
	default:
		c.problem(s, n, "%s cannot be printed; name one of its fields", describe(t))
	}
}
