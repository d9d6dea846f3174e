package running

import (
	"testing"
	"time"

	"homing/pkg/installation"
)

func TestTheCalendarHasWeeksFromMondayAndEveryDayOnce(t *testing.T) {
	first := time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC) // a Wednesday
	counts := make([]int, days)
	counts[0], counts[5], counts[29] = 1, 100, 50
	p := workerPage{Store: "main"}
	p.Worker = "thank-you"
	p.fill(Pending{First: map[string]time.Time{"main": first}, Counts: []installation.DayCounts{
		{Store: "other", Worker: "thank-you", Days: make([]int, days)}, {Store: "main", Worker: "thank-you", FellDue: 2, Days: counts, Later: 7}}})
	if p.Sum != 160 || p.FellDue != 2 || p.Later != 7 {
		t.Errorf("sum %d, fell due %d, later %d", p.Sum, p.FellDue, p.Later)
	}
	seen := 0
	for n, week := range p.Weeks {
		if len(week) != 7 {
			t.Fatalf("week %d has %d days", n, len(week))
		}
		for i, d := range week {
			if d.Date.IsZero() {
				continue
			}
			if (int(d.Date.Weekday())+6)%7 != i || !d.Date.Equal(first.AddDate(0, 0, seen)) || d.Today != (seen == 0) || d.Count != counts[seen] {
				t.Errorf("day %d of week %d: %+v", i, n, d)
			}
			seen++
		}
	}
	if seen != days || !p.Weeks[0][1].Date.IsZero() {
		t.Errorf("%d days, in %d weeks", seen, len(p.Weeks))
	}
	for n, want := range map[int]int{0: 0, 1: 1, 20: 1, 21: 2, 99: 5, 100: 5} {
		if got := shadeOf(n, 100); got.Level != want || got.Count != n {
			t.Errorf("%d of 100: %+v, want level %d", n, got, want)
		}
	}
}

func TestReasonsAreCountedOverWorkers(t *testing.T) {
	of := func(worker string, hour, sent int, reasons ...installation.ReasonCount) installation.WorkerStatus {
		d := installation.Detail{Reasons: reasons}
		d.Hours[hour] = sent
		return installation.WorkerStatus{Worker: worker, Detail: &d}
	}
	all := []installation.WorkerStatus{{Worker: "too many to tell"},
		of("a", 9, 10, installation.ReasonCount{Outcome: "held", Reason: "quiet_hours", Count: 3}, installation.ReasonCount{Outcome: "dropped", Reason: "expired", Count: 4}),
		of("b", 10, 0, installation.ReasonCount{Outcome: "held", Reason: "quiet_hours", Count: 2}), of("c", 10, 5)}
	got := byReason(all)
	if len(got) != 2 || got[0].Count != 5 || got[0].Outcome != "held" || len(got[0].Workers) != 2 || got[1].Outcome != "not sent" || got[1].Means == "" {
		t.Errorf("%+v", got)
	}
	hours := byHour(all)
	if len(hours) != 3 || hours[0].Worker != "a" || hours[0].Hours[9] != (shade{10, 5}) || hours[2].Worker != "" || hours[2].Total != 15 {
		t.Errorf("%+v", hours)
	}
}
