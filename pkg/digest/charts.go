package digest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-analyze/charts"
	"golang.org/x/text/language"

	"homing/events"
	"homing/pkg/localtime"
	"homing/pkg/numbers"
	"homing/pkg/render"
)

// A Picture is that of a chart.
type Picture struct {
	ID  string // like a Message-ID
	PNG []byte
}

const (
	// chartWeeks is how many weeks charts show.
	chartWeeks = 12
	// shown is how wide a chart is in an email, in pixels. It is drawn twice as large, for
	// screens that have twice the pixels, and with words that can be read on a phone, where it
	// is 300 wide.
	shown         = 520
	width, height = 2 * shown, 520
	words         = 26 // points, at 92 dots an inch
	labels        = 4  // of the axis of time
	fewer         = -4 // labels of the other axis than by default: they are large
)

// The colours are those of light email: a chart has its own ground, in dark mode too.
var (
	ink    = charts.ColorRGB(70, 76, 84)
	soft   = charts.ColorRGB(228, 231, 235)
	muted  = charts.ColorRGB(160, 180, 200)
	accent = charts.ColorRGB(42, 63, 84)
	theme  = charts.ThemeOption{
		AxisStrokeColor: soft, AxisSplitLineColor: soft, BackgroundColor: charts.ColorWhite, TextColor: ink,
	}
)

// A series is what a chart of weeks shows.
type series struct {
	kind, unit string
	digits     int // that values have after the decimal sign and the axis does not show
	values     []int
}

// draw makes the charts of a digest.
func draw(a About, w weeks) ([]render.Chart, []Picture, error) {
	var out []render.Chart
	var pictures []Picture
	add := func(c render.Chart, png []byte, err error) error {
		c.Width = shown
		c.ID = fmt.Sprintf("%s-%s@%s.digest", c.Kind, w.last().from, a.Store)
		out, pictures = append(out, c), append(pictures, Picture{c.ID, png})
		return err
	}
	known := w[slices.IndexFunc(append(slices.Clone(w), week{known: true}), func(x week) bool { return x.known }):]
	if len(known) > 1 {
		for _, s := range []series{money(a, known), {kind: "emails", values: known.of(func(x *week) int { return x.sent })}} {
			png, err := bars(a, known, s)
			if err := add(s.chart(), png, err); err != nil {
				return nil, nil, err
			}
		}
	}
	if t := trialOf(a.Numbers); t != nil {
		looks := t.Looks[max(0, len(t.Looks)-7*chartWeeks):]
		last := looks[len(looks)-1]
		png, err := band(a, looks)
		c := render.Chart{Kind: "lift", Name: t.Worker, Weeks: (len(looks) + 6) / 7, Last: tenths(last.Is), Low: tenths(last.In.Low), High: tenths(last.In.High)}
		if err := add(c, png, err); err != nil {
			return nil, nil, err
		}
	}
	return out, pictures, nil
}

func (w weeks) of(f func(*week) int) (out []int) {
	for i := range w {
		out = append(out, f(&w[i]))
	}
	return out
}

// money is the revenue by week in one currency, the store's own if it took any, or else the
// orders.
func money(a About, w weeks) series {
	in := w.currencies(a.Currency)
	if len(in) == 0 {
		return series{kind: "orders", values: w.of(func(x *week) int { return x.orders })}
	}
	return series{"revenue", in[0], events.Digits(in[0]), w.of(func(x *week) int { return int(x.revenue[in[0]]) })}
}

func (s series) chart() render.Chart {
	c := render.Chart{Kind: s.kind, Weeks: len(s.values), Last: s.values[len(s.values)-1], Most: slices.Max(s.values)}
	if s.unit != "" {
		c.Amount, c.Peak = events.Money{Minor: int64(c.Last), Currency: s.unit}, events.Money{Minor: int64(c.Most), Currency: s.unit}
		c.Last, c.Most = 0, 0
	}
	return c
}

// bars draws a bar a week, and the last one darker.
func bars(a About, w weeks, s series) ([]byte, error) {
	before, last := make([]float64, len(w)), make([]float64, len(w))
	var dates []string
	for i, v := range s.values {
		x := float64(v) / math.Pow10(s.digits)
		if before[i] = x; i == len(w)-1 {
			before[i], last[i] = 0, x
		}
		dates = append(dates, dayIn(a.Locale, w[i].from.At(0, time.UTC)))
	}
	opt := charts.NewBarChartOptionWithData([][]float64{before, last})
	look := theme
	look.SeriesColors = []charts.Color{muted, accent}
	opt.Theme, opt.Padding, opt.StackSeries, opt.Legend.Show = charts.MakeTheme(look), room(s.unit), new(true), new(false)
	opt.CategoryAxis.Labels, opt.CategoryAxis.LabelCount, opt.CategoryAxis.LabelFontStyle = dates, min(labels, len(dates)), font
	opt.ValueAxis[0].LabelFontStyle, opt.ValueAxis[0].LabelCountAdjustment, opt.ValueAxis[0].Min = font, fewer, new(0.0)
	opt.ValueFormatter = short
	p := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputPNG, Width: width, Height: height})
	if err := p.BarChart(opt); err != nil {
		return nil, err
	}
	return finished(p, s.unit)
}

// band draws a difference night by night, between the ends of its interval, and nothing at 0.
func band(a About, looks []numbers.Look) ([]byte, error) {
	values := make([][]float64, 4)
	var dates []string
	for _, l := range looks {
		for i, f := range []float64{0, l.In.Low, l.In.High, l.Is} {
			values[i] = append(values[i], 100*f)
		}
		at, _ := time.Parse(time.DateOnly, l.Date)
		dates = append(dates, dayIn(a.Locale, at))
	}
	opt := charts.NewLineChartOptionWithData(values)
	look := theme
	look.SeriesColors = []charts.Color{ink, muted, muted, accent}
	opt.Theme, opt.Padding, opt.Legend.Show = charts.MakeTheme(look), room("%"), new(false)
	opt.LineStrokeWidth, opt.Symbol = 6, charts.Symbol{Shape: charts.SymbolNone}
	opt.XAxis.Labels, opt.XAxis.LabelCount, opt.XAxis.LabelFontStyle, opt.XAxis.BoundaryGap = dates, min(labels, len(dates)), font, new(false)
	opt.YAxis[0].LabelFontStyle, opt.YAxis[0].LabelCountAdjustment = font, fewer
	opt.ValueFormatter = short
	p := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputPNG, Width: width, Height: height})
	if err := p.LineChart(opt); err != nil {
		return nil, err
	}
	return finished(p, "%")
}

var font = charts.FontStyle{FontSize: words, FontColor: ink}

// room is what is left free around a chart, with that of its unit.
func room(unit string) charts.Box {
	b := charts.Box{Left: 24, Top: 28, Right: 40, Bottom: 20, IsSet: true}
	if unit != "" {
		b.Top += 56
	}
	return b
}

// finished is the picture, which says above its axis what that counts in.
func finished(p *charts.Painter, unit string) ([]byte, error) {
	if unit != "" {
		b := room(unit)
		p.Text(unit, b.Left, b.Top-36, 0, font)
	}
	return p.Bytes()
}

// trialOf is the trial whose nights are drawn: that of all marketing, or else the one with
// the most people; nil: there is none of more than one night.
func trialOf(s *numbers.Snapshot) *numbers.Trial {
	var out *numbers.Trial
	for i := range s.Trials {
		t := &s.Trials[i]
		switch {
		case len(t.Looks) < 2 || !t.Ended.IsZero() || t.Occasion != "":
		case t.Worker == numbers.AllMarketing:
			return t
		case out == nil || cmp.Compare(t.Emailed.People, out.Emailed.People) > 0:
			out = t
		}
	}
	return out
}

// short writes a value of an axis: 950, 1.25k, 2M.
func short(v float64) string {
	for _, of := range []struct {
		least, by float64
		sign      string
	}{{1e6, 1e6, "M"}, {1e3, 1e3, "k"}} {
		if math.Abs(v) >= of.least {
			return strconv.FormatFloat(math.Round(100*v/of.by)/100, 'f', -1, 64) + of.sign
		}
	}
	return strconv.FormatFloat(math.Round(10*v)/10, 'f', -1, 64)
}

// dayIn writes a day in as few characters as a language has for it.
func dayIn(locale string, t time.Time) string {
	tag, _ := language.Parse(locale)
	base, _ := tag.Base()
	region, _ := tag.Region()
	switch {
	case base.String() == "en" && region.String() == "US":
		return t.Format("Jan 2")
	case base.String() == "en":
		return t.Format("2 Jan")
	case base.String() == "de":
		return t.Format("2.1.")
	case slices.Contains([]string{"fr", "es", "it", "pt", "nl"}, base.String()):
		return t.Format("2/1")
	}
	return strings.TrimPrefix(localtime.DateOf(t).String(), strconv.Itoa(t.Year())+"-")
}
