package brand

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// A Color is "#1a2b3c" or "#123"; empty, it is not set.
type Color string

var hex = regexp.MustCompile(`^#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$`)

// rgb is a colour in sRGB, each part from 0 to 1.
type rgb [3]float64

// read returns what a colour is; false if it is none.
func (c Color) read() (rgb, bool) {
	s := string(c)
	if !hex.MatchString(s) {
		return rgb{}, false
	}
	if len(s) == 4 {
		s = string([]byte{'#', s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	return rgb{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, err == nil
}

// String writes a colour as mail programs understand it: six digits.
func (c rgb) String() string {
	part := func(f float64) int { return int(math.Round(min(max(f, 0), 1) * 255)) }
	return fmt.Sprintf("#%02x%02x%02x", part(c[0]), part(c[1]), part(c[2]))
}

// rounded is the colour that String writes.
func (c rgb) rounded() rgb {
	r, _ := Color(c.String()).read()
	return r
}

// mix is a, with a share of b.
func mix(a, b rgb, share float64) rgb {
	for i := range a {
		a[i] += (b[i] - a[i]) * share
	}
	return a
}

// Contrast is how well two colours can be told apart, from 1 to 21: the contrast ratio
// of WCAG 2.2. Text needs 4.5.
func Contrast(a, b Color) float64 {
	x, _ := a.read()
	y, _ := b.read()
	return contrast(x, y)
}

func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func (c rgb) luminance() float64 {
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

func linear(f float64) float64 {
	if f <= 0.04045 {
		return f / 12.92
	}
	return math.Pow((f+0.055)/1.055, 2.4)
}

func gamma(f float64) float64 {
	if f <= 0.0031308 {
		return 12.92 * f
	}
	return 1.055*math.Pow(f, 1/2.4) - 0.055
}

// lab is a colour in Oklab (https://bottosson.github.io/posts/oklab/), in which a step
// of lightness looks the same for every hue.
type lab struct{ l, a, b float64 }

func (c rgb) lab() lab {
	r, g, b := linear(c[0]), linear(c[1]), linear(c[2])
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return lab{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

func (c lab) rgb() rgb {
	l := c.l + 0.3963377774*c.a + 0.2158037573*c.b
	m := c.l - 0.1055613458*c.a - 0.0638541728*c.b
	s := c.l - 0.0894841775*c.a - 1.2914855480*c.b
	l, m, s = l*l*l, m*m*m, s*s*s
	return rgb{
		gamma(max(0, 4.0767416621*l-3.3077115913*m+0.2309699292*s)),
		gamma(max(0, -1.2684380046*l+2.6097574011*m-0.3413193965*s)),
		gamma(max(0, -0.0041960863*l-0.7034186147*m+1.7076147010*s)),
	}
}

// at is the colour of the same hue with another lightness, and at most so much of it.
func (c rgb) at(lightness, chroma float64) rgb {
	o := c.lab()
	if have := math.Hypot(o.a, o.b); have > chroma {
		o.a, o.b = o.a*chroma/have, o.b*chroma/have
	}
	o.l = lightness
	return o.rgb().rounded()
}

// lighter returns the colour, made lighter until it can be read on each of the others.
func (c rgb) lighter(least float64, on ...rgb) rgb {
	o := c.lab()
	chroma := math.Hypot(o.a, o.b)
	for l := o.l; l < 1; l += 0.01 {
		next, good := c.at(l, chroma), true
		for _, b := range on {
			good = good && contrast(next, b) >= least
		}
		if good {
			return next
		}
	}
	return rgb{1, 1, 1}
}
