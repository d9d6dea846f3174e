package main

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"homing/events"
)

func keys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// supplemental reads what is not of one locale.
func (g *generator) supplemental() {
	const dir = "supplemental"
	var parents struct {
		Supplemental struct {
			Version struct {
				CLDR string `json:"_cldrVersion"`
			}
			ParentLocales struct{ ParentLocale map[string]string }
		}
	}
	g.load(&parents, "cldr-core", dir, "parentLocales.json")
	g.parents = parents.Supplemental.ParentLocales.ParentLocale

	var pack struct{ Version string }
	g.load(&pack, "cldr-core", "package.json")
	g.version = pack.Version

	var levels struct{ EffectiveCoverageLevels map[string]string }
	g.load(&levels, "cldr-core", "coverageLevels.json")
	var available struct{ AvailableLocales struct{ Full []string } }
	g.load(&available, "cldr-core", "availableLocales.json")
	for _, name := range append(available.AvailableLocales.Full, "und") {
		if name == "und" || levels.EffectiveCoverageLevels[name] != "" { // at least basic
			g.names = append(g.names, name)
		}
	}
	slices.Sort(g.names)
	g.names = slices.Compact(g.names)

	var likely struct {
		Supplemental struct{ LikelySubtags map[string]string }
	}
	g.load(&likely, "cldr-core", dir, "likelySubtags.json")
	g.likely = likely.Supplemental.LikelySubtags
	for _, name := range g.names { // zh-SG is zh-Hans-SG, as Hans is what zh means
		part := strings.Split(name, "-")
		if len(part) != 3 {
			continue
		}
		tag := part[0] + "-" + part[2]
		if g.likely[tag] == "" && strings.Contains(g.likely[part[0]], "-"+part[1]+"-") {
			g.likely[tag] = name
		}
	}
	g.numbers(dir)
}

// numbers reads numbering systems, the digits of currencies and the rules for plurals.
func (g *generator) numbers(dir string) {
	var systems struct {
		Supplemental struct {
			NumberingSystems map[string]struct {
				Digits string `json:"_digits"`
			}
		}
	}
	g.load(&systems, "cldr-core", dir, "numberingSystems.json")
	g.digits = map[string]string{}
	for name, s := range systems.Supplemental.NumberingSystems {
		g.digits[name] = s.Digits
	}

	var currencies struct {
		Supplemental struct {
			CurrencyData struct {
				Region    map[string][]map[string]map[string]string
				Fractions map[string]struct {
					Digits string `json:"_digits"`
				}
			}
		}
	}
	g.load(&currencies, "cldr-core", dir, "currencyData.json")
	g.decimals = map[string]string{}
	for code, f := range currencies.Supplemental.CurrencyData.Fractions {
		if code != "DEFAULT" && f.Digits != "2" {
			g.decimals[code] = f.Digits
		}
	}

	g.euro = map[string]bool{}
	for region, history := range currencies.Supplemental.CurrencyData.Region {
		for _, tender := range history {
			for code, x := range tender {
				today := x["_to"] == "" && x["_tender"] != "false"
				if today && !events.IsCurrency(code) {
					fail("generate: people in %s pay in %s, which events/currency.go does not have", region, code)
				}
				g.euro[region] = g.euro[region] || today && code == "EUR"
			}
		}
	}

	var plurals struct {
		Supplemental struct {
			Cardinal map[string]map[string]string `json:"plurals-type-cardinal"`
		}
	}
	g.load(&plurals, "cldr-core", dir, "plurals.json")
	g.plurals = plurals.Supplemental.Cardinal

	var calendars struct {
		Supplemental struct{ CalendarPreferenceData map[string][]string }
	}
	g.load(&calendars, "cldr-core", dir, "calendarPreferenceData.json")
	g.buddhist = map[string]bool{}
	for region, order := range calendars.Supplemental.CalendarPreferenceData {
		if order[0] != "buddhist" {
			continue
		}
		for lang, full := range g.likely {
			if !strings.Contains(lang, "-") && strings.HasSuffix(full, "-"+region) {
				g.buddhist[lang] = true
			}
		}
	}
}
