package gateway

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/idna"

	"homing/pkg/brand"
	"homing/pkg/render"
)

//go:embed page.html settings.html page.css
var files embed.FS

// sheet is the style of all pages; what a store has of its own is in the variables that
// it uses.
var sheet = func() string {
	b, err := files.ReadFile("page.css")
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(b)
}()

// A dress is what the pages of a store look like: made once, when the process begins.
type dress struct {
	Style  template.CSS
	Scheme string // color-scheme
	Logo   render.Logo
	policy string // see dressed
}

// strict is what no answer goes beyond.
const strict = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// dressed makes the pages of a look. Their policy lets them show their own style and the
// store's logo, send their form back, and no more. The style is in the page, known by its
// hash: a second request would need a path that every proxy passes on.
func dressed(l *render.Look) *dress {
	if l == nil {
		l = render.PlainLook()
	}
	d := &dress{Scheme: "light dark", Logo: l.Logo}
	values := l.Values()
	if card := brand.Color(values["card"]); brand.Contrast(card, "#ffffff") > brand.Contrast(card, "#000000") {
		d.Scheme = "dark" // for what the browser draws itself
	}
	var light, dark strings.Builder
	for _, name := range brand.Names() {
		if of, is := strings.CutPrefix(name, "dark-"); is {
			dark.WriteString("--" + of + ": " + values[name] + "; ")
		} else {
			light.WriteString("--" + name + ": " + values[name] + "; ")
		}
	}
	css := ":root { color-scheme: " + d.Scheme + "; " + light.String() + "}\n" +
		"@media (prefers-color-scheme: dark) { :root { " + dark.String() + "} }\n" + sheet
	d.Style = template.CSS(css)
	images := ""
	if d.Logo.URL != "" {
		hosts := hostsOf(d.Logo.URL, d.Logo.DarkURL)
		if hosts == "" {
			d.Logo = render.Logo{} // the name is written
		} else {
			images = "; img-src" + hosts
		}
	}
	d.policy = strict + "; style-src 'sha256-" + hash(css) + "'" + images
	return d
}

// host is what may be written into a policy: nothing that could end a part of it.
var host = regexp.MustCompile(`^[a-z0-9.-]+(?::[0-9]{1,5})?$`)

// hostsOf returns where pictures come from, as a policy names it; empty if it cannot.
func hostsOf(pictures ...string) string {
	out := ""
	for _, p := range pictures {
		if p == "" {
			continue
		}
		u, err := url.Parse(p)
		if err != nil || u.Scheme != "https" {
			return ""
		}
		name, err := idna.Lookup.ToASCII(u.Hostname()) // as browsers compare it
		if err != nil {
			return ""
		}
		if port := u.Port(); port != "" {
			name += ":" + port
		}
		if !host.MatchString(name) {
			return ""
		}
		if from := " https://" + name; !strings.Contains(out+" ", from+" ") {
			out += from
		}
	}
	return out
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}
