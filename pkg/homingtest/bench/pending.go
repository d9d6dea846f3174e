package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/schedule"
	"homing/pkg/touch"
	"homing/workers/thankyou"
)

// Pending touches are put as planners do: so many at a time, by so many at once.
const (
	putAtOnce = 2
	putBatch  = 1024
)

// seconds is the unit of what takes long.
const seconds = "s"

// runPending measures what pending touches take of a NATS server, how long it takes to
// start with them, and how late those are that fall due.
func (b *bench) runPending(ctx context.Context) error {
	for _, n := range b.pending {
		if err := b.pendingOf(ctx, n); err != nil {
			return fmt.Errorf("%s: %w", thousands(float64(n)), err)
		}
	}
	return nil
}

func (b *bench) pendingOf(ctx context.Context, n int) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	like, err := b.oneTouch(ctx, s)
	if err != nil {
		return err
	}
	dir := filepath.Join(s.dir, taskNATS)
	disk, rss := folderSize(dir), status(s.nats.ready.PID, "VmRSS:")
	what := thousands(float64(n)) + " pending touches"
	b.progress("pending: putting %s of %d bytes", what, len(like.Data))
	m := meterOf(s.pids())
	began := time.Now()
	if err := putMany(ctx, s, like.Data, 0, n, func(int) time.Time { return began.Add(30 * 24 * time.Hour) }); err != nil {
		return err
	}
	took := time.Since(began)
	b.report.CPU = append(b.report.CPU, m.cost(partPending, what+", each put", n))
	if err := exactly(ctx, s, bus.ScheduleStream(thankyou.Name), "", n+1); err != nil {
		return err
	}
	grown, files := status(s.nats.ready.PID, "VmRSS:")-rss, folderSize(dir)-disk
	bare, err := b.barePuts(ctx, s, like, min(n, b.pending[0]))
	if err != nil {
		return err
	}
	b.report.add(rowOf(partPending, what+", put", perSecond, rate(n, took), bare))
	b.report.add(row{Part: partPending, What: what + ", disk for each", Unit: bytesUnit, Homing: float64(files) / float64(n), Bare: float64(len(like.Data))})
	b.report.add(row{Part: partPending, What: what + ", memory of NATS after putting, for each", Unit: bytesUnit, Homing: float64(grown) / float64(n)})
	if err := b.restarts(ctx, s, what, n, rss); err != nil {
		return err
	}
	return b.fallDue(ctx, s, like.Data, what, n, min(10_000, n/10))
}

// oneTouch has Homing plan one touch, and returns its message.
func (b *bench) oneTouch(ctx context.Context, s *stack) (*jetstream.RawStreamMsg, error) {
	if err := publish(ctx, s.js, 1, func(int) (*nats.Msg, error) { return message(order(1, 1, 3, time.Now())) }); err != nil {
		return nil, err
	}
	h, err := startHoming(ctx, s, homingSpec{Roles: []string{app.RoleIntake, thankyou.Name}, Paused: true})
	if err != nil {
		return nil, err
	}
	defer h.child.stop()
	if err := until(ctx, "a touch to be planned", 1, func() (int, error) { return held(ctx, s, bus.ScheduleStream(thankyou.Name), "schedule.>") }); err != nil {
		return nil, err
	}
	if _, err := h.stop(); err != nil {
		return nil, err
	}
	st, err := s.js.Stream(ctx, bus.ScheduleStream(thankyou.Name))
	if err != nil {
		return nil, err
	}
	return st.GetMsg(ctx, st.CachedInfo().State.FirstSeq)
}

// putMany schedules n touches like one, each of another customer, numbered from first.
func putMany(ctx context.Context, s *stack, like []byte, first, n int, wake func(i int) time.Time) error {
	model, err := schedule.Decode(like)
	if err != nil {
		return err
	}
	to := schedule.New(s.js, clock.Scale{})
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range putAtOnce {
		g.Go(func() error {
			for {
				end := int(next.Add(putBatch))
				from := end - putBatch
				if from >= n || ctx.Err() != nil {
					return ctx.Err()
				}
				var ts []touch.Touch
				for i := from; i < min(end, n); i++ {
					t := model
					t.Customer.Token = fmt.Sprintf("%0*d", len(t.Customer.Token), first+i)
					t.Customer.Bucket = uint8(i)
					t.Wake = wake(i)
					t.Due = t.Wake
					ts = append(ts, t)
				}
				if err := putPatiently(ctx, to, ts); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

// putPatiently puts touches, and again while the server has no time for them, as a
// planner does whose event comes back. What is put twice is there once.
func putPatiently(ctx context.Context, to *schedule.Schedule, ts []touch.Touch) error {
	for end := time.Now().Add(stallAfter); ; {
		err := to.Put(ctx, ts)
		if err == nil || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}

// barePuts returns how many messages of the same bytes a second can be published to a
// stream of the same shape, without a schedule.
func (b *bench) barePuts(ctx context.Context, s *stack, like *jetstream.RawStreamMsg, n int) (float64, error) {
	b.progress("pending: the bare loop publishes %d messages as large", n)
	shape, err := s.js.Stream(ctx, bus.ScheduleStream(thankyou.Name))
	if err != nil {
		return 0, err
	}
	c := shape.CachedInfo().Config
	c.Name, c.Subjects, c.Description = bareStream, []string{"bare.>"}, ""
	if _, err := s.js.CreateStream(ctx, c); err != nil {
		return 0, err
	}
	h := nats.Header{bus.HeaderTouch: like.Header[bus.HeaderTouch]}
	began := time.Now()
	if err := publish(ctx, s.js, n, func(i int) (*nats.Msg, error) {
		return &nats.Msg{Subject: fmt.Sprintf("bare.%s.main.token%d.thanks.%d", thankyou.Name, i, i), Data: like.Data, Header: h}, nil
	}); err != nil {
		return 0, err
	}
	took := time.Since(began)
	return rate(n, took), s.js.DeleteStream(ctx, bareStream)
}

// restarts starts the NATS server again, after it was stopped and after it was killed.
func (b *bench) restarts(ctx context.Context, s *stack, what string, n int, rss int64) error {
	empty, err := newStack(ctx)
	if err != nil {
		return err
	}
	bare, err := empty.restartNATS(ctx, false)
	empty.stop()
	if err != nil {
		return err
	}
	for _, kill := range []bool{false, true} {
		how := "after a stop"
		if kill {
			how = "after a kill"
		}
		b.progress("pending: nats-server starts again %s", how)
		took, err := s.restartNATS(ctx, kill)
		if err != nil {
			return err
		}
		if err := exactly(ctx, s, bus.ScheduleStream(thankyou.Name), "", n+1); err != nil {
			return err
		}
		b.report.add(row{Part: partPending, What: what + ", nats-server starts " + how, Unit: seconds, Homing: took.Seconds(), Bare: bare.Seconds()})
	}
	grown := status(s.nats.ready.PID, "VmRSS:") - rss
	b.report.add(row{Part: partPending, What: what + ", memory of NATS after its start, for each", Unit: bytesUnit, Homing: float64(max(0, grown)) / float64(n)})
	return nil
}

// restartNATS ends the NATS server, starts it again on its files, and returns how long
// the start took.
func (s *stack) restartNATS(ctx context.Context, kill bool) (time.Duration, error) {
	s.nc.Close()
	if kill {
		if err := s.nats.cmd.Process.Kill(); err != nil {
			return 0, err
		}
		_ = s.nats.stop() // it says that it was killed
	} else if err := s.nats.stop(); err != nil {
		return 0, err
	}
	began := time.Now()
	var err error
	if s.nats, err = spawn(ctx, taskNATS, dirSpec{filepath.Join(s.dir, taskNATS)}); err != nil {
		return 0, err
	}
	took := time.Since(began)
	s.nc, s.js, err = connect(s.nats.ready.Addr)
	return took, err
}

// dueFor is over how long touches fall due.
const dueFor = 10 * time.Second

// fallDue puts n touches that fall due evenly while others wait, and measures by how much
// each misses its time.
func (b *bench) fallDue(ctx context.Context, s *stack, like []byte, what string, others, n int) error {
	b.progress("pending: %d of them fall due within %v", n, dueFor)
	start := time.Now().Add(2*time.Second + time.Duration(n/1000)*time.Second).Round(0)
	wake := func(i int) time.Time { return start.Add(dueFor * time.Duration(i) / time.Duration(n)) }
	if err := putMany(ctx, s, like, others, n, wake); err != nil {
		return err
	}
	if !time.Now().Before(start) {
		return errors.New("this machine is too slow to put the touches before they fall due")
	}
	st, err := s.js.Stream(ctx, bus.ScheduleStream(thankyou.Name))
	if err != nil {
		return err
	}
	c, err := st.Consumer(ctx, bus.DueConsumer(thankyou.Name))
	if err != nil {
		return err
	}
	late := make([]float64, 0, n)
	for len(late) < n {
		batch, err := c.Fetch(min(bareBatch, n-len(late)), jetstream.FetchMaxWait(stallAfter))
		if err != nil {
			return err
		}
		got := len(late)
		for m := range batch.Messages() {
			t, err := schedule.Decode(m.Data())
			if err != nil {
				return err
			}
			md, err := m.Metadata()
			if err != nil {
				return err
			}
			late = append(late, ms(md.Timestamp.Sub(t.Wake)))
			if err := m.Ack(); err != nil {
				return err
			}
		}
		if err := errors.Join(batch.Error(), ctx.Err()); err != nil || len(late) == got {
			return errors.Join(err, broken("%d of %d touches fell due", len(late), n))
		}
	}
	b.addPercentiles(partPending, fmt.Sprintf("%s, %d more fall due within %v: late by", what, n, dueFor), late)
	return nil
}

// folderSize is what the files of a folder take.
func folderSize(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil // a file that is gone since takes nothing
	})
	return n
}
