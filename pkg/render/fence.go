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

// A fence walks the parse trees of one mail before they ever run. It follows
// the type of every value, so a misspelt field is found in branches that no
// sample reaches, and it knows only the nodes, functions and types named here:
// what it does not know is a problem.
type fence struct {
	trees    map[string]*file // by the name that {{template}} uses
	funcs    map[string]reflect.Type
	ps       *problems
	costs    map[call]int
	stack    []call
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

// A scope is what surrounds a node.
type scope struct {
	file  *file
	dot   reflect.Type
	root  reflect.Type // of $
	top   bool         // dot is still $
	vars  []variable
	known []string // pointers that are not nil here, such as "$.Order"
	loops int
}

type variable struct {
	name string
	typ  reflect.Type
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

func newFence(trees map[string]*file, ps *problems) *fence {
	return &fence{trees: trees, ps: ps, funcs: signatures(), costs: map[call]int{}, variants: map[string]place{}, uses: map[string]place{}}
}

// signatures are the types of the functions a template may use.
func signatures() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for name, fn := range defaultLocale().funcs() {
		types[name] = reflect.TypeOf(fn)
	}
	return types
}

// check walks the template name, executed with Data, and all it calls.
func (f *fence) check(name string) {
	if cost := f.template(call{name, typeData}); cost > maxCost {
		root := f.trees[name]
		f.ps.addf(root.path, 0, 0, "renders in up to %d steps, more than the %d allowed: use fewer loops and partials", cost, maxCost)
	}
}

func (f *fence) problem(s *scope, n parse.Node, format string, args ...any) {
	line, col := s.file.place(n)
	f.ps.addf(s.file.path, line, col, format, args...)
}

// template returns what executing c costs, checking it the first time.
func (f *fence) template(c call) int {
	if cost, ok := f.costs[c]; ok {
		return cost
	}
	file := f.trees[c.name]
	f.stack = append(f.stack, c)
	s := &scope{file: file, dot: c.dot, root: c.dot, top: true}
	cost := f.list(s, file.tree.Root)
	f.stack = f.stack[:len(f.stack)-1]
	f.costs[c] = cost
	return cost
}

// list walks nodes in order. Variables declared in it end with it.
func (f *fence) list(s *scope, l *parse.ListNode) int {
	if l == nil {
		return 0
	}
	inner := *s
	cost := 0
	for _, n := range l.Nodes {
		// Capped, so that nested partials cannot overflow the sum.
		cost = min(cost+1+f.node(&inner, n), 100*maxCost)
	}
	return cost
}

func (f *fence) node(s *scope, n parse.Node) int {
	switch n := n.(type) {
	case *parse.TextNode, *parse.CommentNode, *parse.BreakNode, *parse.ContinueNode:
		return 0
	case *parse.ActionNode:
		t := f.pipe(s, n.Pipe)
		if len(n.Pipe.Decl) == 0 {
			f.printable(s, n, t)
		}
		return len(n.Pipe.Cmds)
	case *parse.IfNode:
		return f.branch(s, &n.BranchNode, false)
	case *parse.WithNode:
		return f.branch(s, &n.BranchNode, true)
	case *parse.RangeNode:
		return f.loop(s, n)
	case *parse.TemplateNode:
		return f.invoke(s, n)
	}
	f.problem(s, n, "%s is not allowed in a template", n)
	return 0
}

// branch walks if and with, which makes the value the dot.
func (f *fence) branch(s *scope, n *parse.BranchNode, with bool) int {
	inner := *s
	t := f.pipe(&inner, n.Pipe)
	switch t {
	case typeMoney:
		f.problem(s, n, "an amount is never empty; test what is printed: {{with money %s}}{{.}}{{end}}", n.Pipe)
	case typeTime:
		f.problem(s, n, "a time is never empty; test what is printed: {{with date %s}}{{.}}{{end}}", n.Pipe)
	}
	yes := inner
	if path := s.path(n.Pipe); path != "" {
		yes.known = append(slices.Clip(yes.known), path)
	}
	if with {
		yes.dot, yes.top = deref(t), false
	}
	return 1 + max(f.list(&yes, n.List), f.list(&inner, n.ElseList))
}

func (f *fence) loop(s *scope, n *parse.RangeNode) int {
	inner := *s
	decl := n.Pipe.Decl
	bare := *n.Pipe
	bare.Decl = nil
	t := f.pipe(&inner, &bare)
	if t != nil && t.Kind() != reflect.Slice {
		f.problem(s, n, "range runs over a list such as .Order.Items, not over %s", describe(t))
		t = nil
	}
	if s.loops == 2 {
		f.problem(s, n, "loops nest at most two deep")
	}
	inner.loops++
	body := inner
	body.top = false
	body.dot = nil
	if t != nil {
		body.dot = t.Elem()
	}
	if len(decl) == 2 {
		body.vars = append(slices.Clip(body.vars), variable{decl[0].Ident[0], typeInt})
	}
	if len(decl) > 0 {
		body.vars = append(slices.Clip(body.vars), variable{decl[len(decl)-1].Ident[0], body.dot})
	}
	return 1 + maxItems*f.list(&body, n.List) + f.list(s, n.ElseList)
}

// invoke walks {{template "name" dot}}.
func (f *fence) invoke(s *scope, n *parse.TemplateNode) int {
	var dot reflect.Type
	if n.Pipe != nil {
		dot = f.pipe(s, n.Pipe)
	}
	if _, ok := f.trees[n.Name]; !ok || n.Name == layoutName {
		f.problem(s, n, "there is no partial %q%s", n.Name, didYouMean(n.Name, f.partials()))
		return 0
	}
	if f.trees[n.Name] == nil {
		f.ps.found++ // reported when it was parsed
		return 0
	}
	if dot == nil {
		f.problem(s, n, "a partial needs data to show: {{template %q .}}", n.Name)
		return 0
	}
	c := call{n.Name, deref(dot)}
	if slices.ContainsFunc(f.stack, func(up call) bool { return up.name == c.name }) {
		f.problem(s, n, "%q would contain itself", n.Name)
		return 0
	}
	return f.template(c)
}

func (f *fence) partials() []string {
	var names []string
	for name := range f.trees {
		if name != layoutName {
			names = append(names, name)
		}
	}
	return names
}

// printable reports a value that would be printed in Go's notation.
func (f *fence) printable(s *scope, n *parse.ActionNode, t reflect.Type) {
	switch {
	case t == nil || t.Kind() == reflect.String || t.Kind() == reflect.Int:
	case t == typeMoney:
		f.problem(s, n, "write {{money %s}}", n.Pipe)
	case t == typeTime:
		f.problem(s, n, "write {{date %s}}", n.Pipe)
	case t.Kind() == reflect.Slice:
		f.problem(s, n, "a list cannot be printed: write {{range %s}}…{{end}}", n.Pipe)
	default:
		f.problem(s, n, "%s cannot be printed; name one of its fields", describe(t))
	}
}

// path names a pointer tested by itself, "{{if .Order}}", from the root.
func (s *scope) path(p *parse.PipeNode) string {
	if len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		return ""
	}
	switch n := p.Cmds[0].Args[0].(type) {
	case *parse.FieldNode:
		return s.fieldPath(n.Ident)
	case *parse.VariableNode:
		return strings.Join(n.Ident, ".")
	}
	return ""
}

func (s *scope) fieldPath(ident []string) string {
	if !s.top {
		return "." + strings.Join(ident, ".")
	}
	return "$." + strings.Join(ident, ".")
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
	return fmt.Sprintf("the whole %s", strings.ToLower(deref(t).Name()))
}
