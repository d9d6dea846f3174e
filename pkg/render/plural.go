package render

import (
	"reflect"
	"slices"
	"text/template/parse"
)

// categories are CLDR's names of the forms that languages have of a word, by number.
var categories = [...]string{"zero", "one", "two", "few", "many", "other"}

const howPlural = `write plural .More "item" "items", or each form after its name, as in plural .More "one" "plik" "few" "pliki" "many" "plików"`

// plural checks a call of the function: a number with two forms, or with more, each
// after its name. A misspelt name would never be found again.
func (c *compiler) plural(s *scope, n parse.Node, args []reflect.Type) {
	for i, a := range args {
		want := typeString
		if i == 0 {
			want = typeInt
		}
		if a != nil && a != want {
			c.problem(s, n, "plural takes %s here, not %s", describe(want), describe(a))
			return
		}
	}
	switch {
	case len(args) == 3:
		return
	case len(args) < 5 || len(args)%2 == 0 || len(args) > 1+2*len(categories):
		c.problem(s, n, "plural does not take %d values: %s", len(args), howPlural)
		return
	}
	cmd, ok := n.(*parse.CommandNode)
	if !ok || len(cmd.Args) != 1+len(args) {
		c.problem(s, n, "plural takes its forms in one place: %s", howPlural)
		return
	}
	seen := map[string]bool{}
	for i := 2; i < len(cmd.Args); i += 2 {
		name, ok := cmd.Args[i].(*parse.StringNode)
		switch {
		case !ok:
			c.problem(s, n, "plural takes the name of a form here, not a value: %s", howPlural)
		case !slices.Contains(categories[:], name.Text):
			c.problem(s, n, "plural: %q is no name of a form%s", name.Text, didYouMean(name.Text, categories[:]))
		case seen[name.Text]:
			c.problem(s, n, "plural has two forms for %q", name.Text)
		default:
			seen[name.Text] = true
		}
	}
}
