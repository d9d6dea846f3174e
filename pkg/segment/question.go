package segment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"homing/pkg/customer"
)

// A question is a call in an expression: something to be found out about a customer that
// is a yes or a no. Its arguments are in the expression as they are, so that all questions
// are known beforehand.
type question struct {
	function string
	words    []string
	numbers  []int
}

// function is what a call may ask.
type function struct {
	name    string
	example string
	words   int // arguments that are words, which come first
	most    int // arguments that are numbers
	least   int
	ask     func(q *question, in *Input) bool
}

// functions are all that an expression may call.
var functions = []function{
	{"bought", `bought("gift-card", 90)`, 1, 1, 0, boughtProduct},
	{"bought_category", `bought_category("Tea", 90)`, 1, 1, 0, boughtCategory},
	{"answered", `answered("shop", "recommend")`, 2, 0, 0, func(q *question, in *Input) bool { _, ok := in.answer(q); return ok }},
	{"chose", `chose("", "why_left", "too-expensive")`, 3, 0, 0, func(q *question, in *Input) bool {
		a, ok := in.answer(q)
		return ok && a.Chose(q.words[2])
	}},
	{"scored", `scored("shop", "recommend", 9, 10)`, 2, 2, 2, func(q *question, in *Input) bool {
		a, _ := in.answer(q)
		score, _, ok := a.Score()
		return ok && score >= q.numbers[0] && score <= q.numbers[1]
	}},
}

func functionOf(name string) (function, bool) {
	i := slices.IndexFunc(functions, func(f function) bool { return f.name == name })
	if i < 0 {
		return function{}, false
	}
	return functions[i], true
}

// ask makes the question of a call.
func (f function) question(args []ast.Node) (question, error) {
	q := question{function: f.name}
	for i, a := range args {
		switch a := a.(type) {
		case *ast.StringNode:
			if i < f.words {
				q.words = append(q.words, a.Value)
				continue
			}
		case *ast.IntegerNode:
			if i >= f.words && a.Value >= 0 {
				q.numbers = append(q.numbers, a.Value)
				continue
			}
		}
		return q, fmt.Errorf("the arguments of %s are written out, as in %s", f.name, f.example)
	}
	if len(q.words) != f.words || len(q.numbers) < f.least || len(q.numbers) > f.most {
		return q, fmt.Errorf("%s has other arguments: write it as %s", f.name, f.example)
	}
	if f.name == "scored" && q.numbers[0] > q.numbers[1] {
		return q, fmt.Errorf("no score is from %d to %d; the lower one comes first", q.numbers[0], q.numbers[1])
	}
	if f.most == 1 && len(q.numbers) == 1 && q.numbers[0] == 0 {
		return q, fmt.Errorf("%s within 0 days is nothing; leave the days out to ask for ever", f.name)
	}
	return q, nil
}

// String returns the question as it is written.
func (q question) String() string {
	args := make([]string, 0, len(q.words)+len(q.numbers))
	for _, w := range q.words {
		args = append(args, strconv.Quote(w))
	}
	for _, n := range q.numbers {
		args = append(args, strconv.Itoa(n))
	}
	return q.function + "(" + strings.Join(args, ", ") + ")"
}

// since returns from when on something counts that happened within the question's days.
func (q *question) since(now time.Time) time.Time {
	if len(q.numbers) == 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, -q.numbers[0])
}

// boughtProduct: some of the product was bought and kept.
func boughtProduct(q *question, in *Input) bool {
	return in.kept(q.since(in.Now), func(product string) bool { return product == q.words[0] })
}

// boughtCategory: some product that the catalog has in the category was.
func boughtCategory(q *question, in *Input) bool {
	return in.Category != nil && in.kept(q.since(in.Now), func(product string) bool { return in.Category(product) == q.words[0] })
}

// kept reports whether the customer bought any of some products since a time, and kept it.
func (in *Input) kept(since time.Time, wanted func(product string) bool) bool {
	for o := range in.Customer.Placed() {
		if at := o.Since(); at.After(in.Now) || at.Before(since) {
			continue
		}
		for i := range o.Lines {
			if product := o.Lines[i].Product; wanted(product) && o.Purchase(product).Gone == 0 {
				return true
			}
		}
	}
	return false
}

// answer returns the last answer to a question of a survey, about whichever order.
func (in *Input) answer(q *question) (last customer.Answer, given bool) {
	c := in.Customer
	if len(c.Answers) == 0 {
		return last, false
	}
	look := func(order string) {
		if a, ok := c.Answer(q.words[0], q.words[1], order); ok && (!given || a.At > last.At) {
			last, given = a, true
		}
	}
	look("")
	for i := range c.Orders {
		look(c.Orders[i].ID)
	}
	return last, given
}
