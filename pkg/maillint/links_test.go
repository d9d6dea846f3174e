package maillint

import "testing"

func TestLinksAreCountedAsFiltersDo(t *testing.T) {
	for _, c := range []struct {
		html, text string
		want       int
	}{
		{"<p>hello", "hello", 0},
		{`<a href="https://shop.example/a">https://shop.example/a</a>`, "", 1},
		{`<a href="HTTPS://shop.example/a">a</a><a href="https://shop.example/a">a</a>`, "", 2},
		{`<img src="https://cdn.example/a.png">`, "see https://shop.example/a, or http://shop.example/b", 3},
		{`<a href="mailto:a@shop.example">a</a><a href="#top">up</a>`, "a@shop.example", 0},
		{`<td background="https://cdn.example/a.png"></td>`, "", 0}, // no table: not an element
		{`<table background="https://cdn.example/a.png"></table>`, "", 1},
	} {
		if got := links(c.html, c.text); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.html, c.text, got, c.want)
		}
	}
}
