package numbers

import (
	"encoding/base32"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What is looked at once, for all nights that were missed, is what each of them would have
// found, across a change of the clocks.
func TestNightsThatWereMissedSayWhatTheyWouldHaveSaid(t *testing.T) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	const nights, window = 90, 30 * 24 * time.Hour
	last := time.Date(2026, 4, 20, 4, 0, 0, 0, zone)
	r := rand.New(rand.NewPCG(1, 2))
	came := map[string]arrival{}
	for i := range 1200 {
		at := last.Add(-window - time.Duration(r.Int64N(int64(nights*24*time.Hour)))).UnixMilli()
		who := &buyer{tokens: []string{strings.ToLower(base32.StdEncoding.EncodeToString(fmt.Appendf(nil, "%06dtail", i)))}}
		if held := i%4 == 0; r.Float64() < map[bool]float64{true: 0.1, false: 0.4}[held] {
			who.orders = append(who.orders, order{at: at + 1000, currency: "GBP", minor: 1000 + r.Int64N(5000)})
		}
		came[who.tokens[0]] = arrival{at, i%4 == 0, who}
	}
	begun := Trial{Worker: "win-back", Share: 0.25, Window: 30, Since: last.AddDate(0, 0, -nights-31), Through: last.AddDate(0, 0, -nights-1).Add(-window)}
	once := trial{Trial: begun, until: last.Add(-window), came: came}
	all := once.close(last, zone)
	each := begun
	for n := nights; n >= 0; n-- {
		now := last.AddDate(0, 0, -n)
		tonight := trial{Trial: each, until: now.Add(-window), came: map[string]arrival{}}
		for token, a := range came {
			if at := time.UnixMilli(a.at); at.After(each.Through) && !at.After(tonight.until) {
				tonight.came[token] = a
			}
		}
		each = tonight.close(now, zone)
	}
	if d := cmp.Diff(each, all); d != "" || len(all.Looks) < nights/2 {
		t.Errorf("%d looks; night by night (-), and once (+):\n%s", len(all.Looks), d)
	}
}
