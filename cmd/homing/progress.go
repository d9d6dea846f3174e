package main

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a file has come: a bar on a terminal, else a line
// every two seconds.
type progress struct {
	meter
	total int
	sum   *summary
}

// meter is what shows how far something has come.
type meter struct {
	p     *program
	bar   *progressbar.ProgressBar // nil: lines
	since time.Time
	last  time.Time // of the lines, or of the times the bar was drawn
	of    int64     // how much there is, as the bar shows it; 0: not known
}

// say prints a line next to the bar.
func (g *meter) say(line string) {
	if g.bar != nil {
		_ = g.bar.Clear()
	}
	fmt.Fprintln(g.p.err, line)
}

// every is how often it is shown.
func (g *meter) every() time.Duration {
	if isTerminal(g.p.err) {
		return 100 * time.Millisecond
	}
	return lineEvery
}

// show shows how much of something is done, if it was not shown just before: with a bar on
// a terminal, else by a line. Of what has no end that is known, total is 0. It reports
// whether it did.
func (g *meter) show(what string, done, total int64, line func() string) bool {
	now := time.Now()
	if now.Sub(g.last) < g.every() {
		return false
	}
	g.last = now
	if !isTerminal(g.p.err) {
		fmt.Fprintln(g.p.err, line())
		return true
	}
	if g.bar == nil || total != g.of {
		g.finish()
		end := total
		if g.of = total; total == 0 {
			end = -1
		}
		g.bar = progressbar.NewOptions64(end, progressbar.OptionSetWriter(g.p.err), progressbar.OptionSetWidth(30), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish())
	}
	g.bar.Describe(what)
	_ = g.bar.Set64(done) // a bar that cannot be drawn is not a reason to stop
	return true
}

func (g *meter) finish() {
	if g.bar != nil {
		_ = g.bar.Finish()
	}
}

const lineEvery = 2 * time.Second

func (p *program) newProgress(total int, sum *summary) *progress {
	now := time.Now()
	return &progress{meter: meter{p: p, bar: p.bar(total, "events"), since: now, last: now}, total: total, sum: sum}
}

// bar draws a bar on a terminal; nil: there is none.
func (p *program) bar(total int, of string) *progressbar.ProgressBar {
	if !isTerminal(p.err) {
		return nil
	}
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(p.err), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString(of), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
}

func (g *progress) step() {
	if g.bar != nil {
		_ = g.bar.Add(1) // a bar that cannot be drawn is not a reason to stop
		return
	}
	if g.sum.Published%256 != 0 || time.Since(g.last) < lineEvery {
		return
	}
	g.last = time.Now()
	rate := float64(g.sum.Published) / time.Since(g.since).Seconds()
	fmt.Fprintf(g.p.err, "%s of %s events (%s/s)\n", number(g.sum.Published), number(g.total), number(int(rate)))
}
