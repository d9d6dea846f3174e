package segment

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"homing/events"
)

// env is what an expression may name. Numbers that aren't known are NaN, so that no
// comparison with them holds.
type env struct {
	Group    string  `expr:"group"`
	R        float64 `expr:"r"`
	F        float64 `expr:"f"`
	M        float64 `expr:"m"`
	CLV      string  `expr:"clv"`
	Churn    string  `expr:"churn"`
	Orders   int     `expr:"orders"`
	Days     float64 `expr:"days_since_order"`
	Expected float64 `expr:"expected_orders"`
	Spent    float64 `expr:"spent"`
	Currency string  `expr:"currency"`
	Language string  `expr:"language"`
	Country  string  `expr:"country"`
	Tier     string  `expr:"tier"`
	Holdout  bool    `expr:"holdout"`

	Answers []bool `expr:"_answers"` // to the questions of a Set, by their places
}

// answers is the name of env.Answers, which no expression can write.
const answers = "_answers"

// A field is what an expression may name, and how it is told.
type field struct {
	name  string
	words []string // that it may be; nil: any, or a number
	tell  func(p *Profile, now time.Time) string
}

// fields are all of them.
var fields = []field{
	{"group", wordsOf(append(Groups(), None)), func(p *Profile, _ time.Time) string { return string(p.Group) }},
	{"r", nil, func(p *Profile, _ time.Time) string { return score(p.R) }},
	{"f", nil, func(p *Profile, _ time.Time) string { return score(p.F) }},
	{"m", nil, func(p *Profile, _ time.Time) string { return score(p.M) }},
	{"clv", wordsOf(append(Levels(), Unknown)), func(p *Profile, _ time.Time) string { return string(p.CLV) }},
	{"churn", wordsOf(append(Levels(), Unknown)), func(p *Profile, _ time.Time) string { return string(p.Churn) }},
	{"orders", nil, func(p *Profile, _ time.Time) string { return strconv.Itoa(p.Orders) }},
	{"days_since_order", nil, func(p *Profile, now time.Time) string { return number(math.Floor(days(p.LastOrder, now))) }},
	{"expected_orders", nil, func(p *Profile, _ time.Time) string { return number(p.Expected) }},
	{"spent", nil, func(p *Profile, _ time.Time) string {
		if p.Spent.Orders == 0 {
			return unknown
		}
		return p.Spent.Money.String()
	}},
	{"currency", nil, func(p *Profile, _ time.Time) string { return word(p.Spent.Currency) }},
	{"language", nil, func(p *Profile, _ time.Time) string { return word(p.Language) }},
	{"country", nil, func(p *Profile, _ time.Time) string { return word(p.Country) }},
	{tier, nil, func(p *Profile, _ time.Time) string {
		if p.Tier == "" {
			return "none"
		}
		return p.Tier
	}},
	{"holdout", nil, func(p *Profile, _ time.Time) string { return yesOrNo(p.Holdout) }},
}

// tier is the name of the one field that is found out only where it is asked for: it
// follows from a ledger of all that the customer did.
const tier = "tier"

const unknown = "not known"

func wordsOf[S ~string](all []S) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return out
}

func word(s string) string {
	if s == "" {
		return unknown
	}
	return s
}

func score(n int) string {
	if n == 0 {
		return unknown
	}
	return strconv.Itoa(n)
}

func number(x float64) string {
	if math.IsNaN(x) {
		return unknown
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", x), "0"), ".")
}

func yesOrNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// known makes a score a number that is NaN where there is none.
func known(score int) float64 {
	if score == 0 {
		return math.NaN()
	}
	return float64(score)
}

// names puts a profile into what expressions name, at a time.
func (e *env) names(p *Profile, now time.Time) {
	*e = env{Group: string(p.Group), R: known(p.R), F: known(p.F), M: known(p.M), CLV: string(p.CLV), Churn: string(p.Churn),
		Orders: p.Orders, Days: days(p.LastOrder, now), Expected: p.Expected, Spent: math.NaN(), Currency: p.Spent.Currency,
		Language: p.Language, Country: p.Country, Tier: p.Tier, Holdout: p.Holdout, Answers: e.Answers}
	if p.Spent.Orders > 0 {
		e.Spent = float64(p.Spent.Minor) / math.Pow10(events.Digits(p.Spent.Currency))
	}
}
