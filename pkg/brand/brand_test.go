package brand

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheDefaultIsValidAndHasAValueForEachName(t *testing.T) {
	b := Default()
	if err := b.Validate(); err != nil {
		t.Error(err)
	}
	if names, values := Names(), b.Palette(); len(names) != len(values) {
		t.Errorf("%d names, %d values", len(names), len(values))
	}
}

func TestWhatCannotBeUsedIsNamedWithItsKey(t *testing.T) {
	for _, tc := range []struct {
		change func(*Brand)
		want   string
	}{
		{func(b *Brand) { b.Colors.Accent = "blue" }, `colors.accent: "blue" is not a colour`},
		{func(b *Brand) { b.Colors.Accent = "#12345" }, `colors.accent: "#12345" is not a colour`},
		{func(b *Brand) { b.Colors.Ink = "" }, `colors.ink: "" is not a colour`},
		{func(b *Brand) { b.Colors.Link = "#fff;x" }, `colors.link: "#fff;x" is not a colour`},
		{func(b *Brand) { b.Logo.URL = "http://shop.example/logo.png" }, "logo.url: \"http://shop.example/logo.png\" is not https"},
		{func(b *Brand) { b.Logo.URL = "logo.png" }, `logo.url: "logo.png" is not an address on the web`},
		{func(b *Brand) { b.Logo.URL = `https://shop.example/"onload="x` }, `logo.url: `},
		{func(b *Brand) { b.Logo.DarkURL = "https://shop.example/d.png" }, "logo.dark_url: is set, but logo.url is not"},
		{func(b *Brand) { b.Logo.Width = 5000 }, "logo.width: 5000 is not between"},
		{func(b *Brand) { b.Fonts.Text = "Arial" }, `fonts.text: "Arial" must end with`},
		{func(b *Brand) { b.Fonts.Heading = `"Fancy"; color: red` }, `fonts.heading: `},
		{func(b *Brand) { b.Fonts.Text = "x</style>, serif" }, `fonts.text: `},
		{func(b *Brand) { b.Radius = -1 }, "radius: -1 is not between 0 and 40"},
		{func(b *Brand) { b.Social = []Social{{Name: "X", URL: "x.example"}} }, `social[0].url: "x.example" is not an address`},
		{func(b *Brand) { b.Social = []Social{{URL: "https://x.example"}} }, "social[0].name: is empty"},
		{func(b *Brand) { b.Footer = "a\nb" }, "footer: has line breaks"},
		{func(b *Brand) { b.Footer = strings.Repeat("a", 401) }, "footer: is longer than 400"},
		{func(b *Brand) { b.Colors.Ink = "#999999" }, "colors.ink: #999999 on colors.card #ffffff has a contrast of 2.8:1"},
		{func(b *Brand) { b.Colors.Accent = "#ffd400" }, "colors.accent: #ffd400 on colors.card #ffffff has a contrast of 1.4:1"},
		{func(b *Brand) { b.Colors.ButtonText = "#333333" }, "colors.button_text: #333333 on colors.accent #2a3f54 has a contrast of 1.1:1"},
	} {
		b := Default()
		tc.change(&b)
		if err := b.Validate(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("want %q, got %v", tc.want, err)
		}
	}
}

func TestABrightAccentIsFineWithALinkOfItsOwn(t *testing.T) {
	b := Default()
	b.Colors.Accent, b.Colors.Link = "#ffd400", "#1a1a1a"
	if err := b.Validate(); err != nil {
		t.Error(err)
	}
	if got := b.Palette()[1]; got != string(b.Colors.Ink) {
		t.Errorf("button text %s", got)
	}
}

// Whatever a shop chooses, what is derived for dark mode can be read.
func TestTheDerivedDarkColoursCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		color := func(name string, least, most float64) Color {
			part := rapid.Float64Range(least, most)
			return Color(rgb{part.Draw(t, name), part.Draw(t, name), part.Draw(t, name)}.String())
		}
		b := Default()
		b.Colors = Colors{Accent: color("accent", 0, 1), Link: color("link", 0, 0.4), Ink: color("ink", 0, 0.4), Soft: color("soft", 0, 0.4), Paper: color("paper", 0.8, 1), Card: color("card", 0.8, 1)}
		if rapid.Bool().Draw(t, "dark card") {
			b.Colors.Link, b.Colors.Ink, b.Colors.Soft, b.Colors.Paper, b.Colors.Card = color("link", 0.8, 1), color("ink", 0.8, 1), color("soft", 0.8, 1), color("paper", 0, 0.2), color("card", 0, 0.2)
		}
		if b.Validate() != nil {
			t.Skip()
		}
		values := b.Palette()
		of := func(name string) Color { return Color(values[slices.Index(Names(), "dark-"+name)]) }
		for _, p := range [][2]string{{"ink", "card"}, {"ink", "tint"}, {"ink", "paper"}, {"soft", "card"}, {"soft", "paper"}, {"soft", "tint"}, {"link", "card"}, {"link", "tint"}, {"link", "paper"}, {"button-text", "accent"}} {
			if got := Contrast(of(p[0]), of(p[1])); got < Readable {
				t.Errorf("%s %s on %s %s: %.2f", p[0], of(p[0]), p[1], of(p[1]), got)
			}
		}
	})
}

func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, tc := range []struct {
		a, b Color
		want string
	}{{"#fff", "#000000", "21.0"}, {"#777777", "#ffffff", "4.4"}, {"#767676", "#ffffff", "4.5"}, {"#f00", "#ffffff", "3.9"}} {
		if got := ratio(Contrast(tc.a, tc.b)); got != tc.want {
			t.Errorf("%s on %s: %s, want %s", tc.a, tc.b, got, tc.want)
		}
	}
}
