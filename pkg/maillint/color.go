package maillint

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"homing/pkg/brand"
)

var hexColor = regexp.MustCompile(`^#([0-9a-f]{3}|[0-9a-f]{6})$`)

// parseColor reads the colours that emails are written with: #rgb, #rrggbb, rgb(…) and
// two names. What it does not know is no colour, and is not judged.
func parseColor(s string) (brand.Color, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch {
	case s == "white":
		return "#ffffff", true
	case s == "black":
		return "#000000", true
	case hexColor.MatchString(s):
		return brand.Color(s), true
	}
	args, ok := strings.CutPrefix(s, "rgb(")
	parts := strings.FieldsFunc(strings.TrimSuffix(args, ")"), func(r rune) bool { return r == ',' || r == ' ' })
	if !ok || len(parts) != 3 {
		return "", false
	}
	var hex strings.Builder
	hex.WriteString("#")
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return "", false
		}
		hex.WriteString(fmt.Sprintf("%02x", n))
	}
	return brand.Color(hex.String()), true
}
