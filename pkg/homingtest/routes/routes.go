// Package routes finds what packages serve by reading what they register, so that a test
// notices a route that nobody told it about.
package routes

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Console are the packages that serve the console, from the root of the module.
var Console = []string{"pkg/studio", "pkg/figures", "pkg/running", "pkg/bulletin", "pkg/triage", "pkg/support", "pkg/console"}

// Of returns the patterns that packages pass to Handle and HandleFunc, such as
// "POST /system", each once. What is no text of constants is returned as its source.
func Of(root string, dirs ...string) (out []string, err error) {
	for _, dir := range dirs {
		files, err := parse(filepath.Join(root, filepath.FromSlash(dir)))
		if err != nil {
			return nil, err
		}
		words := constants(files)
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) != 2 {
					return true
				}
				if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "HandleFunc" && f.Sel.Name != "Handle" {
					return true
				}
				pattern, ok := text(call.Args[0], words)
				if !ok {
					pattern = types.ExprString(call.Args[0])
				}
				out = append(out, pattern)
				return true
			})
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// parse reads a package without its tests.
func parse(dir string) (out []*ast.File, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("read routes: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("read routes: there is no package in %s", dir)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return nil, fmt.Errorf("read routes: %w", err)
		}
		out = append(out, f)
	}
	return out, nil
}

// constants are the texts that a package names.
func constants(files []*ast.File) map[string]string {
	words := map[string]string{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
				for i, name := range v.Names {
					if s, ok := text(v.Values[i], nil); ok {
						words[name.Name] = s
					}
				}
			}
			return true
		})
	}
	return words
}

// text is what an expression of strings and constants is.
func text(e ast.Expr, words map[string]string) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, err == nil && x.Kind == token.STRING
	case *ast.Ident:
		s, ok := words[x.Name]
		return s, ok
	case *ast.BinaryExpr:
		a, ok := text(x.X, words)
		b, also := text(x.Y, words)
		return a + b, ok && also
	}
	return "", false
}
