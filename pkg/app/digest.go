package app

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
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

// digestsMade are the last digests of stores. A store's goes to several people at the same
// moment, and reading the numbers and drawing the charts is most of what it costs.
type digestsMade struct {
	mu sync.Mutex
	by map[string]madeDigest
}

type madeDigest struct {
	at       time.Time // business time
	digest   *render.Digest
	pictures []mailer.Picture
}

// digestLasts is for how long a digest is the one that the next recipient gets.
const digestLasts = 5 * time.Minute

// of returns a store's digest as of a time: the last one if that is hardly older. It may be
// called by several at once, of whom one makes it. Nobody changes what it returns.
func (m *digestsMade) of(store string, now time.Time, make func() (*render.Digest, []mailer.Picture, error)) (*render.Digest, []mailer.Picture, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last, ok := m.by[store]; ok && !now.Before(last.at) && now.Sub(last.at) < digestLasts {
		return last.digest, last.pictures, nil
	}
	made, pictures, err := make()
	if err != nil {
		return nil, nil, err
	}
	if m.by == nil {
		m.by = map[string]madeDigest{}
	}
	m.by[store] = madeDigest{now, made, pictures}
	return made, pictures, nil
}

// Inlined is the HTML of an email with its pictures within it, as a browser shows it.
func Inlined(html string, pictures []mailer.Picture) string {
	for _, x := range pictures {
		html = strings.ReplaceAll(html, "cid:"+x.ID, "data:"+x.Type+";base64,"+base64.StdEncoding.EncodeToString(x.Data))
	}
	return html
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
