package running

import (
	"context"
	"time"

	"homing/pkg/doctor"
	"homing/pkg/localtime"
	"homing/pkg/studio"
)

// watchToday returns what Today shows.
func (s *section) watchToday(ctx context.Context) (string, error) {
	now, _, err := s.status.Now(ctx)
	if err != nil {
		return "", err
	}
	report, _, ok := s.examination.Last()
	return studio.Said(now.Stores, now.Workers, now.Intake, now.Rejected, worth(report), ok)
}

// watchWorkers returns what the pages of workers show.
func (s *section) watchWorkers(ctx context.Context) (string, error) {
	now, _, err := s.status.Now(ctx)
	if err != nil {
		return "", err
	}
	_, counted, _ := s.pending.Last()
	return studio.Said(now.Workers, counted)
}

// watchSystem returns what System shows.
func (s *section) watchSystem(ctx context.Context) (string, error) {
	now, _, err := s.status.Now(ctx)
	if err != nil {
		return "", err
	}
	_, looked, _ := s.examination.Last()
	return studio.Said(now.Templates, looked)
}

// age says how old an answer is, if that is worth saying.
func age(at time.Time) string {
	if d := time.Since(at); !at.IsZero() && d > 15*time.Second {
		return localtime.Age(d)
	}
	return ""
}

// worth are the findings that somebody has to do something about, the worst first.
func worth(r doctor.Report) (out []doctor.Finding) {
	for _, level := range []doctor.Level{doctor.Trouble, doctor.Warning} {
		for _, f := range r.Findings {
			if f.Level == level {
				out = append(out, f)
			}
		}
	}
	return out
}
