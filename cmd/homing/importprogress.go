package main

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
)

// importProgress shows how far an import has come, once it takes longer than two
// seconds: a bar on a terminal, else a line now and then. How much there is is known by
// the size of the file, or by the shop.
type importProgress struct {
	meter
	m *importing
}

// far returns how much was read, and of how much; 0: not known.
func (g *importProgress) far() (done, total int64) {
	switch m := g.m; {
	case m.counted != nil:
		return m.counted.n, m.size
	case len(m.lists) > 0:
		return int64(m.records), int64(m.lists[0].Total())
	}
	return 0, 0
}

func (g *importProgress) step() {
	if g.m.records%64 != 0 {
		return
	}
	every := lineEvery
	if g.bar != nil {
		every = 100 * time.Millisecond
	}
	now := time.Now()
	if now.Sub(g.since) < lineEvery || now.Sub(g.last) < every {
		return
	}
	g.last = now
	done, total := g.far()
	rate := float64(g.m.records) / now.Sub(g.since).Seconds()
	text := fmt.Sprintf("%s records (%s/s)", number(g.m.records), number(int(rate)))
	if isTerminal(g.p.err) && total > 0 {
		if g.bar == nil {
			g.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(g.p.err), progressbar.OptionSetWidth(30),
				progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish())
		}
		g.bar.Describe(text + left(now.Sub(g.since), done, total))
		_ = g.bar.Set64(min(done, total)) // a bar that cannot be drawn is not a reason to stop
		return
	}
	if total > 0 {
		text += fmt.Sprintf(", %d %% of it", 100*min(done, total)/total)
	}
	fmt.Fprintln(g.p.err, text+left(now.Sub(g.since), done, total))
}

// left says how long the rest takes, if it goes on like that.
func left(passed time.Duration, done, total int64) string {
	if total <= 0 || done <= 0 || done >= total {
		return ""
	}
	rest := time.Duration(float64(passed) * float64(total-done) / float64(done))
	return ", about " + rest.Round(time.Second).String() + " left"
}
