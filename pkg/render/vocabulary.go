package render

import (
	"embed"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"sync"
)

//go:embed data.go digest.go brand.go ask.go
var dataSource embed.FS

// Vocabulary is everything a template may use, with its meaning, for editors that
// complete and explain it.
type Vocabulary struct {
	// Types has the fields of each type, "Data" being that of a template's dot.
	Types     map[string][]Field `json:"types"`
	Functions []Function         `json:"functions"`
}

// A Field is one field of a type.
type Field struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // the key of Types, or string, int, bool, money or time
	List    bool   `json:"list,omitempty"`
	Pointer bool   `json:"pointer,omitempty"` // may be missing as a whole: use {{with}}
	Doc     string `json:"doc"`
}

// A Function is one that templates may call.
type Function struct {
	Name string `json:"name"`
	Use  string `json:"use"` // an example of a call
	Doc  string `json:"doc"`
}

// Words returns the vocabulary. Fields are explained by the comments of their types in
// this package, so that there is one text of each.
var Words = sync.OnceValue(func() Vocabulary {
	v := Vocabulary{Types: map[string][]Field{}, Functions: functionWords}
	docs := map[string]string{}
	for _, name := range []string{"data.go", "digest.go", "brand.go", "ask.go"} {
		src, _ := dataSource.ReadFile(name)
		if file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments); err == nil { // it compiled, so it parses
			comments(file, docs)
		}
	}
	v.add(typeData, docs)
	v.add(reflect.TypeFor[Link](), docs)
	v.add(reflect.TypeFor[Image](), docs)
	v.add(reflect.TypeFor[Scale](), docs)
	return v
})

// comments notes those of all fields, by "Type.Field".
func comments(file *ast.File, docs map[string]string) {
	ast.Inspect(file, func(n ast.Node) bool {
		t, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		st, ok := t.Type.(*ast.StructType)
		if !ok {
			return false
		}
		for _, f := range st.Fields.List {
			doc := f.Comment.Text()
			if doc == "" {
				doc = f.Doc.Text()
			}
			for _, name := range f.Names {
				docs[t.Name.Name+"."+name.Name] = strings.Join(strings.Fields(doc), " ")
			}
		}
		return false
	})
}

// add adds a type, and those of its fields.
func (v *Vocabulary) add(t reflect.Type, docs map[string]string) {
	if _, been := v.Types[t.Name()]; been || t.Kind() != reflect.Struct || t == typeMoney || t == typeTime {
		return
	}
	v.Types[t.Name()] = []Field{}
	var fields []Field
	for f := range t.Fields() {
		if !offered(f) {
			continue
		}
		x, of := Field{Name: f.Name, Doc: docs[t.Name()+"."+f.Name]}, f.Type
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			x.Pointer, x.List = x.Pointer || of.Kind() == reflect.Pointer, x.List || of.Kind() == reflect.Slice
			of = of.Elem()
		}
		if x.Type = of.Name(); of == typeMoney || of == typeTime {
			x.Type = strings.ToLower(x.Type)
		}
		fields = append(fields, x)
		v.add(of, docs)
	}
	v.Types[t.Name()] = fields
}

// functionWords explain each function that a template may call.
var functionWords = []Function{
	{"money", "{{money .Total}}", "An amount as the shop writes it: £12.95, 12,95 €. Empty if it is not known."},
	{"times", "{{money (times .Price .Quantity)}}", "The price of several pieces."},
	{"number", "{{number .Orders}}", "A number as the language writes it: 1,234."},
	{"percent", "{{percent .Share}}", "Tenths of a per cent, as the language writes them: 12.3%."},
	{"tenths", "{{tenths .Difference}}", "Tenths, as the language writes them: 1.2."},
	{"ordinal", "{{ordinal .Ordinal}}", "A place in an order: 10th."},
	{"plural", `{{plural .More "item" "items"}}`, "The form of a word that goes with a number."},
	{"date", "{{date .PlacedAt}}", "A date: 14 March 2026."},
	{"day", "{{day .Expires}}", "A day without its year: Saturday 14 March."},
	{"truncate", "{{truncate 40 .Name}}", "At most so many characters, cut at a word."},
	{"default", `{{default "friend" .Customer.FirstName}}`, "The value, or the words before it if it is empty."},
	{"parameter", `{{parameter .URL "utm_source" "email"}}`, "A link with one more parameter."},
	{"link", `{{template "button" (link "Visit the shop" .Store.URL)}}`, "A label and where it leads, for a button."},
	{"scale", `{{template "scale" (scale .Ask "csat" "happy")}}`, "A question that is answered with a score: its scale, csat or nps, and its name, with that of its survey before it if there is one (\"after-delivery/happy\")."},
	{"image", `{{template "image" (image "https://img.shop.example/spring.jpg" "Tulips" .Store.URL)}}`, "A picture, what it shows, and where a click on it leads."},
	{"eq", `{{if eq .Variant "first"}}…{{end}}`, "Whether two values are the same."},
	{"ne", `{{if ne .Variant "first"}}…{{end}}`, "Whether two values differ."},
	{"lt", "{{if lt .Orders 5}}…{{end}}", "Whether the first is less."},
	{"le", "{{if le .Orders 5}}…{{end}}", "Whether the first is less, or the same."},
	{"gt", "{{if gt .More 0}}…{{end}}", "Whether the first is greater."},
	{"ge", "{{if ge .Orders 5}}…{{end}}", "Whether the first is greater, or the same."},
	{"and", "{{if and .Offer .Cart}}…{{end}}", "Whether both are there."},
	{"or", "{{if or .Order .Cart}}…{{end}}", "Whether one of them is there."},
	{"not", "{{if not .Offer}}…{{end}}", "Whether it is missing."},
	{"len", "{{len .Items}}", "How many there are."},
}
