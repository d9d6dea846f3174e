package mailview

import "regexp"

var (
	darkQuery   = regexp.MustCompile(`(?i)\(\s*prefers-color-scheme\s*:\s*dark\s*\)`)
	lightQuery  = regexp.MustCompile(`(?i)\(\s*prefers-color-scheme\s*:\s*light\s*\)`)
	schemeStyle = regexp.MustCompile(`(?i)(color-scheme\s*:\s*)light dark`)
	schemeMeta  = regexp.MustCompile(`(?i)(<meta name="(?:supported-)?color-schemes?" content=")light dark(")`)
)

// always and never are media conditions that every browser knows.
const (
	always = "(min-width: 0)"
	never  = "(max-width: 0)"
)

// InScheme returns the HTML of an email as a mail program shows it that is dark, or
// light, whatever the browser that shows it is set to.
func InScheme(email string, dark bool) string {
	asked, other, scheme := lightQuery, darkQuery, "light"
	if dark {
		asked, other, scheme = darkQuery, lightQuery, "dark"
	}
	email = asked.ReplaceAllLiteralString(email, always)
	email = other.ReplaceAllLiteralString(email, never)
	email = schemeStyle.ReplaceAllString(email, "${1}"+scheme)
	return schemeMeta.ReplaceAllString(email, "${1}"+scheme+"${2}")
}
