package app

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"homing/pkg/announcement"
	"homing/pkg/bulletin"
	"homing/pkg/numbers"
	"homing/pkg/reason"
	"homing/pkg/studio"
)

// Announcements tells the console of announcements. Who paused, resumed or called off one is
// in the log.
type Announcements struct {
	*Customers
	nights *Nights
}

// Trial implements bulletin.Announcements.
func (a Announcements) Trial(ctx context.Context, store, id string) (*numbers.Trial, error) {
	night, err := a.nights.Read(ctx, store)
	if err != nil || night == nil {
		return nil, err
	}
	return night.Trial(announcement.Worker, id), nil
}

// All implements bulletin.Announcements.
func (a Announcements) All(ctx context.Context) ([]*announcement.Announcement, error) {
	return a.at.Announcements().All(ctx)
}

// Get implements bulletin.Announcements.
func (a Announcements) Get(ctx context.Context, store, id string) (*announcement.Announcement, error) {
	return a.at.Announcements().Get(ctx, store, id)
}

// Pending implements bulletin.Announcements.
func (a Announcements) Pending(ctx context.Context, d *announcement.Definition) (scheduled, due int, err error) {
	return a.at.AnnouncementPending(ctx, d)
}

// Held implements bulletin.Announcements.
func (a Announcements) Held(ctx context.Context, d *announcement.Definition) (map[reason.Reason]int, error) {
	return a.at.AnnouncementHeld(ctx, d)
}

// Turn implements bulletin.Announcements.
func (a Announcements) Turn(ctx context.Context, do bulletin.Action, store, id string) (changed bool, err error) {
	switch e := a.at.Announcements(); do {
	case bulletin.Pause:
		_, changed, err = e.Pause(ctx, store, id, a.at.Now())
	case bulletin.Resume:
		_, changed, err = e.Resume(ctx, store, id)
	case bulletin.Cancel:
		_, changed, err = e.Cancel(ctx, store, id, a.at.Now())
	default:
		return false, fmt.Errorf("%q: nothing like that can be done", do)
	}
	if changed {
		a.log.Info("an announcement is changed", zap.String("did", string(do)), zap.String("store", store), zap.String("announcement", id), zap.String("by", studio.VisitorOf(ctx).Name))
	}
	return changed, err
}
