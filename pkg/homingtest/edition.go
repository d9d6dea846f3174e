package homingtest

import (
	"fmt"
	"strings"

	"homing/pkg/templatestore"
)

// Edition returns templates whose thanks say a number in their subject, preheader,
// layout, HTML and text, each as "V<n>.": an email of more than one edition shows it. What it
// lacks comes with Homing.
func Edition(n int) templatestore.Files {
	out := templatestore.Files{}
	for path, text := range map[string]string{
		"thank-you/thanks.html": `---
subject: VN. Thank you{{with .Customer.FirstName}}, {{.}}{{end}}
preheader: VN. of the templates
layout: edition
---
<h1>VN. Thank you</h1>
<p>Thank you for your order{{with .Order}} {{.ID}}{{end}}.</p>
{{template "edition" .}}
`,
		"thank-you/thanks.txt": "VN. Thank you for your order{{with .Order}} {{.ID}}{{end}}.\n",
		"thank-you/thanks.sample.yaml": `data:
  store: {name: Example Shop, url: https://shop.example, postal_address: "1 High Street, Exampleton", locale: en-GB, currency: GBP}
  customer: {first_name: Ann}
  order: {id: "1001", placed_at: 2026-03-14T10:26:00Z, total: 5.00 GBP, items: [{product_id: tea, name: Tea, quantity: 1, price: 5.00 GBP}]}
samples: {plain: {}}
`,
		"partials/edition.html": "<p>VN. of a partial</p>\n",
		"layouts/edition.html": `<!doctype html>
<html lang="{{.Lang}}" dir="{{.Dir}}"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body><p>VN. {{.Preheader}}</p>{{template "content" .}}<p>{{.Store.Name}}, {{.Store.PostalAddress}}{{with .UnsubscribeURL}} <a href="{{.}}">Unsubscribe</a>{{end}}</p></body></html>
`,
		"layouts/edition.txt": "VN.\n\n{{template \"content\" .}}\n{{.Store.Name}}, {{.Store.PostalAddress}}\n{{with .UnsubscribeURL}}Unsubscribe: {{.}}\n{{end}}",
	} {
		out[path] = []byte(strings.ReplaceAll(text, "VN.", fmt.Sprintf("V%d.", n)))
	}
	return out
}
