package brand

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"homing/pkg/problem"
)

// Readable is the least contrast of text: WCAG 2.2, level AA.
const Readable = 4.5

// names are the values that a style may use, each written var(--name). The colours have
// another of the same name for dark mode: var(--dark-name).
var (
	colors = []string{"accent", "button-text", "link", "ink", "soft", "paper", "card", "tint", "line"}
	others = []string{"text-font", "heading-font", "radius"}
)

// Names returns the names of all values, in the order of a Palette.
func Names() []string {
	var dark []string
	for _, c := range colors {
		dark = append(dark, "dark-"+c)
	}
	return slices.Concat(colors, dark, others)
}

// tones are the colours of one mode.
type tones struct{ accent, buttonText, link, ink, soft, paper, card, tint, line rgb }

func (t *tones) list() []rgb {
	return []rgb{t.accent, t.buttonText, t.link, t.ink, t.soft, t.paper, t.card, t.tint, t.line}
}

// Palette returns the values of Names, as they are written into styles. The brand is
// valid.
func (b Brand) Palette() []string {
	light, _ := b.Colors.light()
	dark := light.dark()
	var out []string
	for _, c := range slices.Concat(light.list(), dark.list()) {
		out = append(out, c.String())
	}
	tidy := func(font string) string { return strings.Join(strings.Fields(font), " ") }
	return append(out, tidy(b.Fonts.Text), tidy(b.Fonts.Heading), strconv.Itoa(b.Radius)+"px")
}

// light reads the colours, and adds those that follow from them; false if one is none.
func (c Colors) light() (t tones, ok bool) {
	ok = true
	get := func(c Color) rgb {
		v, is := c.read()
		ok = ok && is
		return v
	}
	t.accent, t.ink, t.soft, t.paper, t.card = get(c.Accent), get(c.Ink), get(c.Soft), get(c.Paper), get(c.Card)
	t.link, t.buttonText = t.accent, rgb{1, 1, 1}
	if contrast(t.ink, t.accent) > contrast(t.buttonText, t.accent) {
		t.buttonText = t.ink
	}
	if c.Link != "" {
		t.link = get(c.Link)
	}
	if c.ButtonText != "" {
		t.buttonText = get(c.ButtonText)
	}
	t.tint = mix(t.card, t.accent, 0.06).rounded()
	t.line = mix(t.card, t.ink, 0.13).rounded()
	return t, ok
}

// dark derives the colours of dark mode: the same hues on dark ground, and light enough
// to be read on it. A shop whose card is dark already keeps its colours.
func (t tones) dark() tones {
	if t.card.luminance() < 0.18 {
		return t
	}
	var d tones
	d.paper, d.card, d.tint = t.paper.at(0.19, 0.012), t.card.at(0.24, 0.012), t.accent.at(0.30, 0.025)
	d.line = t.ink.at(0.40, 0.012)
	d.ink = t.ink.at(0.95, 0.008).lighter(7, d.card, d.paper, d.tint)
	d.soft = t.soft.at(0.76, 0.015).lighter(Readable+0.5, d.card, d.paper, d.tint)
	d.accent = t.accent.at(max(t.accent.lab().l, 0.76), 0.13).lighter(6, d.card, d.tint)
	d.link = t.link.at(max(t.link.lab().l, 0.78), 0.13).lighter(6, d.card, d.paper, d.tint)
	d.buttonText = t.accent.at(0.20, 0.03)
	return d
}

// check reports what is no colour; it returns whether all are.
func (c Colors) check(l *problem.List) bool {
	good := true
	for _, v := range []struct {
		key      string
		color    Color
		required bool
	}{
		{"accent", c.Accent, true}, {"button_text", c.ButtonText, false}, {"link", c.Link, false}, {"ink", c.Ink, true},
		{"soft", c.Soft, true}, {"paper", c.Paper, true}, {"card", c.Card, true},
	} {
		if _, is := v.color.read(); is || v.color == "" && !v.required {
			continue
		}
		good = false
		l.Add("colors."+v.key, "%q is not a colour; write it with # and three or six digits, in quotes: \"#2a3f54\"", string(v.color))
	}
	return good
}

// contrast reports the pairs that cannot be read.
func (b Brand) contrast(l *problem.List) {
	t, _ := b.Colors.light()
	link := "colors.link"
	if b.Colors.Link == "" {
		link = "colors.accent"
	}
	text := "colors.button_text"
	const change = "choose a darker or a lighter one"
	for _, p := range []struct {
		key, on   string
		text, bed rgb
		todo      string
	}{
		{"colors.ink", "colors.card", t.ink, t.card, change},
		{"colors.ink", "the tint of boxes, which follows from card and accent,", t.ink, t.tint, change},
		{"colors.soft", "colors.card", t.soft, t.card, change},
		{"colors.soft", "the tint of boxes, which follows from card and accent,", t.soft, t.tint, change},
		{"colors.soft", "colors.paper", t.soft, t.paper, change},
		{link, "colors.card", t.link, t.card, "choose another, or set colors.link"},
		{link, "the tint of boxes, which follows from card and accent,", t.link, t.tint, "choose another, or set colors.link"},
		{link, "colors.paper", t.link, t.paper, "choose another, or set colors.link"},
		{text, "colors.accent", t.buttonText, t.accent, change},
	} {
		if got := contrast(p.text, p.bed); got < Readable {
			l.Add(p.key, "%s on %s %s has a contrast of %s:1, and text needs 4.5:1; %s", p.text, p.on, p.bed, ratio(got), p.todo)
		}
	}
}

// ratio writes a contrast, never as more than it is.
func ratio(f float64) string { return fmt.Sprintf("%.1f", float64(int(f*10))/10) }
