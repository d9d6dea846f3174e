package main

import (
	"regexp"
	"strings"
)

// property is a title, or a part of one, that is the name of a CSS property.
var property = regexp.MustCompile(`^-?[a-z]+(-[a-z]+)*$`)

// element is a title such as "<video> element".
var element = regexp.MustCompile(`^<([a-z0-9]+)>`)

// named are features whose title does not say how they are recognised.
var named = map[string]string{
	"css-at-font-face": "at:font-face", "css-at-import": "at:import", "css-at-keyframes": "at:keyframes",
	"css-at-media": "at:media", "css-at-supports": "at:supports",
	"css-at-media-device-pixel-ratio":     "media:-webkit-device-pixel-ratio media:-webkit-min-device-pixel-ratio",
	"css-at-media-hover":                  "media:hover media:any-hover",
	"css-at-media-orientation":            "media:orientation",
	"css-at-media-prefers-color-scheme":   "media:prefers-color-scheme",
	"css-at-media-prefers-reduced-motion": "media:prefers-reduced-motion",
	"css-display-flex":                    "value:display:flex value:display:inline-flex",
	"css-display-grid":                    "value:display:grid value:display:inline-grid",
	"css-display-none":                    "value:display:none",
	"css-flex-direction":                  "value:flex-direction:column",
	"css-flex-wrap":                       "value:flex-wrap:wrap",
	"css-color-scheme":                    "prop:color-scheme",
	"css-font":                            "prop:font",
	"css-height":                          "prop:height",
	"css-width":                           "prop:width",
	"css-max-height":                      "prop:max-height",
	"css-min-height":                      "prop:min-height",
	"css-min-width":                       "prop:min-width",
	"css-important":                       "important:",
	"css-variables":                       "fn:var prop:--",
	"css-unit-calc":                       "fn:calc",
	"css-unit-percent":                    "",
	"css-unit-initial":                    "value:*:initial",
	"css-modern-color":                    "fn:lch fn:oklch fn:lab fn:oklab",
	"css-nesting":                         "",
	"css-comments":                        "",
	"css-sytem-ui":                        "value:font-family:system-ui",
	"css-intrinsic-size":                  "value:width:fit-content value:width:min-content value:width:max-content",
	"css-selector-attribute":              "selector:[",
	"css-selector-universal":              "selector:*",
	"css-selector-child":                  "selector:>",
	"css-selector-adjacent-sibling":       "selector:+",
	"css-selector-general-sibling":        "selector:~",
	"css-selector-id":                     "selector:#",
	"css-pseudo-class-has":                "pseudo:has",
	"css-pseudo-class-lang":               "pseudo:lang",
	"html-lists":                          "el:ul el:ol el:dl",
	"html-h1-h6":                          "el:h1 el:h2 el:h3 el:h4 el:h5 el:h6",
	"html-semantics":                      "el:article el:aside el:details el:figcaption el:figure el:footer el:header el:main el:mark el:nav el:section el:summary el:time",
	"html-svg":                            "el:svg",
	"html-image-maps":                     "el:map el:area",
	"html-srcset":                         "attr:srcset",
	"html-address":                        "el:address",
	"html-body":                           "", "html-doctype": "", "html-comments": "", "html-mailto-links": "", "html-anchor-links": "",
	"html-meta-color-scheme": "meta:color-scheme",
	"image-apng":             "image:apng", "image-avif": "image:avif", "image-bmp": "image:bmp", "image-hdr": "image:hdr", "image-heif": "image:heif image:heic",
	"image-ico": "image:ico", "image-mp4": "image:mp4", "image-svg": "image:svg", "image-tiff": "image:tif image:tiff", "image-webp": "image:webp",
	"image-base64": "image:data",
}

// grouped are features whose properties are in the keywords.
var grouped = map[string]bool{
	"css-border": true, "css-margin": true, "css-grid-template": true, "css-column-layout-properties": true, "css-inset": true,
	"css-border-radius-logical": true, "css-border-inline-block": true,
	"css-border-inline-block-individual": true, "css-border-inline-block-longhand": true,
	"css-block-inline-size": true, "css-overflow": true,
}

// marks are how a feature is recognised in an email, such as "prop:float" or "el:video";
// none for one that cannot be, or that a lint would have nothing to say about.
func (f *feature) marks() []string {
	if m, ok := named[f.Slug]; ok {
		return strings.Fields(m)
	}
	switch {
	case f.Category == "html":
		return f.htmlMarks()
	case f.Category != "css":
		return nil
	}
	var marks []string
	switch name := strings.TrimSuffix(f.Title, "()"); {
	case strings.HasPrefix(f.Title, ":"):
		return []string{"pseudo:" + strings.TrimLeft(f.Title, ":")}
	case strings.HasSuffix(f.Title, " unit"):
		return []string{"unit:" + strings.TrimSuffix(f.Title, " unit")}
	case name != f.Title && property.MatchString(name):
		return []string{"fn:" + name}
	}
	parts := strings.FieldsFunc(f.Title, func(r rune) bool { return r == ',' || r == '&' })
	if grouped[f.Slug] {
		parts = append(parts, strings.Split(f.Keywords, ",")...)
	}
	for _, p := range parts {
		if p = strings.TrimSpace(p); property.MatchString(p) {
			marks = append(marks, "prop:"+p)
		}
	}
	return marks
}

func (f *feature) htmlMarks() []string {
	if m := element.FindStringSubmatch(f.Title); m != nil {
		return []string{"el:" + m[1]}
	}
	if name, ok := strings.CutSuffix(f.Title, " attribute"); ok {
		return []string{"attr:" + name}
	}
	return nil
}
