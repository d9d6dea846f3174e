package running

import (
	"context"
	"slices"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/numbers"
)

// past is what a worker did in a store up to the last night.
type past struct {
	Trouble string
	Done    []numbers.Done // nothing: no night counted yet
	Until   time.Time      // the days end before it
	Orders  bool           // its emails have a part in some
	Clicks  bool           // they are noted
	Window  string         // for how long an email has a part in orders
	Clicked string         // and for how long after a click; "": clicks are not noted
}

// periods are the days that are added up.
var periods = []int{7, 30, 90, 365}

// pastOf reads what the last night counted: nothing is read of what happened.
func (s *section) pastOf(ctx context.Context, worker, store string, tracked bool) (p past) {
	ctx, cancel := context.WithTimeout(ctx, nightTime)
	defer cancel()
	night, err := s.of.Night(ctx, store)
	if err != nil {
		p.Trouble = err.Error()
	}
	if night == nil {
		return p
	}
	p.Done, p.Until, p.Clicks = night.Done(worker, periods...), night.At, tracked
	p.Orders = slices.ContainsFunc(p.Done, func(d numbers.Done) bool { return d.Orders > 0 })
	p.Window = localtime.InWords(night.Windows.AfterSending)
	if night.Windows.AfterClick > 0 {
		p.Clicked = localtime.InWords(night.Windows.AfterClick)
	}
	return p
}
