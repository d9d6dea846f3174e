package app

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/digest"
	"homing/pkg/mailer"
	"homing/pkg/numbers"
	"homing/pkg/programme"
	"homing/pkg/rejected"
	"homing/pkg/render"
	"homing/pkg/schedule"
)

// sendsDigests reports whether this process plans and sends weekly digests: it has the
// calendar, and somebody gets one. A role of their own would be a process for one email a week.
func (a *App) sendsDigests() bool {
	return slices.Contains(a.o.Roles, RoleCalendar) && slices.ContainsFunc(slices.Collect(maps.Values(a.o.Config.Stores)), func(s config.Store) bool { return len(s.DigestTo) > 0 })
}

// runDigests plans the weekly digests until ctx ends. What falls due is delivered as all
// emails are.
func (a *App) runDigests(ctx context.Context) {
	if !a.sendsDigests() {
		return
	}
	p := &digest.Planner{Stores: a.stores, Schedule: schedule.New(a.js, a.o.Scale), Scale: a.o.Scale, Log: a.log.Named("digest")}
	a.running.Go(func() { p.Run(ctx) })
}

// digestPatience is how long reading what a digest shows may take.
const digestPatience = 10 * time.Second

// DigestOf makes the digest of a store as of a business time, with its pictures.
func DigestOf(ctx context.Context, js jetstream.JetStream, c *config.Config, s *programme.Store, scale clock.Scale, now time.Time) (*render.Digest, []mailer.Picture, error) {
	ctx, cancel := context.WithTimeout(ctx, digestPatience)
	defer cancel()
	known, err := numbers.Read(ctx, js, s.ID)
	if err != nil {
		return nil, nil, err
	}
	about := digest.About{Store: s.ID, Zone: s.Zone, Locale: s.View.Locale, Currency: s.View.Currency, Numbers: known, Now: now}
	if c.Console.URL != "" {
		about.URL, err = url.JoinPath(c.Console.URL, "numbers")
		if err != nil {
			return nil, nil, fmt.Errorf("console.url: %w", err)
		}
		about.URL += "?store=" + url.QueryEscape(s.ID)
	}
	from, end := digest.Week(now, s.Zone)
	stream := rejected.New(js)
	for i, since := range []time.Time{from, from.AddDate(0, 0, -7)} {
		if about.Rejected[i], err = stream.CountSince(ctx, s.ID, scale.Real(since)); err != nil {
			return nil, nil, err
		}
	}
	after, err := stream.CountSince(ctx, s.ID, scale.Real(end))
	if err != nil {
		return nil, nil, err
	}
	about.Rejected[0], about.Rejected[1] = about.Rejected[0]-after, about.Rejected[1]-about.Rejected[0]
	made, drawn, err := digest.Of(about)
	var pictures []mailer.Picture
	for _, p := range drawn {
		pictures = append(pictures, mailer.Picture{ID: p.ID, Type: "image/png", Data: p.PNG})
	}
	return made, pictures, err
}
