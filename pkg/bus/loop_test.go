package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
)

var errDown = errors.New("a server is down")

// server is a NATS with all streams of one worker.
type server struct {
	t      *testing.T
	js     jetstream.JetStream
	nc     *nats.Conn
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when the loop has returned
	loop   *bus.Loop
}

var worker = bus.Worker{Name: "thank-you", Triggers: nil, Horizon: 72 * time.Hour}

func start(t *testing.T, dir string) *server {
	t.Helper()
	n := natstest.Start(t, dir)
	s := &server{t: t, js: n.JS, nc: n.Conn}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	t.Cleanup(s.stop)
	s.setup()
	return s
}

func (s *server) setup() []bus.Change {
	s.t.Helper()
	did, err := bus.Setup(s.ctx, s.js, bus.Limits{}, []bus.Worker{worker}, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return did
}

// run starts a loop on a consumer.
func (s *server) run(stream, consumer string, h bus.Handler, with ...func(o *bus.LoopOptions)) {
	o := bus.LoopOptions{Name: consumer, Consumer: bus.Consumer(s.js, stream, consumer), Handler: h,
		Reject: bus.RejectTo(s.js), Log: zap.NewNop()}
	for _, f := range with {
		f(&o)
	}
	s.loop, s.done = bus.NewLoop(o), make(chan struct{})
	go func() { defer close(s.done); s.loop.Run(s.ctx) }()
}

func (s *server) stop() {
	s.cancel()
	if s.done != nil {
		<-s.done
	}
}

func (s *server) publish(n int) {
	s.t.Helper()
	for i := range n {
		s.send(&nats.Msg{Subject: "storefront.main.order.placed", Data: fmt.Append(nil, i)})
	}
}

func (s *server) send(m *nats.Msg) {
	s.t.Helper()
	if _, err := s.js.PublishMsg(context.Background(), m); err != nil {
		s.t.Fatal(err)
	}
}

// pending says what the intake consumer still has to do.
func (s *server) pending() (unacked, undelivered, redelivered int) {
	s.t.Helper()
	c, err := s.js.Consumer(context.Background(), bus.Storefront, bus.IntakeConsumer)
	if err != nil {
		s.t.Fatal(err)
	}
	i := c.CachedInfo()
	return i.NumAckPending, int(i.NumPending), i.NumRedelivered
}

func (s *server) messages(stream string) []*jetstream.RawStreamMsg {
	s.t.Helper()
	st, err := s.js.Stream(context.Background(), stream)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []*jetstream.RawStreamMsg
	for seq := st.CachedInfo().State.FirstSeq; seq <= st.CachedInfo().State.LastSeq; seq++ {
		m, err := st.GetMsg(context.Background(), seq)
		if err == nil {
			out = append(out, m)
		}
	}
	return out
}

// journal notes what a handler is given.
type journal struct {
	mu    sync.Mutex
	seen  []string
	times []time.Time
}

func (j *journal) note(m *bus.Msg) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen, j.times = append(j.seen, string(m.Data())), append(j.times, time.Now())
}

func (j *journal) len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.seen)
}

// answering is a handler that answers every message with what f says.
func (j *journal) answering(f func(m *bus.Msg) error) bus.Handler {
	return func(_ context.Context, batch []*bus.Msg) {
		for _, m := range batch {
			j.note(m)
			m.Done(f(m))
		}
	}
}

// bubble runs f on fake time, with a server.
func bubble(t *testing.T, f func(s *server)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, dir)
		f(s)
		s.stop()
	})
}

func TestWhatIsAnsweredWithNothingIsDone(t *testing.T) {
	bubble(t, func(s *server) {
		var j journal
		s.run(bus.Storefront, bus.IntakeConsumer, j.answering(func(*bus.Msg) error { return nil }))
		s.publish(1000)
		time.Sleep(2 * bus.AckWait)
		if a, u, r := s.pending(); a+u+r != 0 || j.len() != 1000 || s.loop.Handled() != 1000 {
			s.t.Errorf("%d handled, %d counted; unacked %d, undelivered %d, redelivered %d", j.len(), s.loop.Handled(), a, u, r)
		}
	})
}

func TestLaterComesAgainLaterAndNotBefore(t *testing.T) {
	bubble(t, func(s *server) {
		var j journal
		s.run(bus.Storefront, bus.IntakeConsumer, j.answering(func(m *bus.Msg) error {
			if md, err := m.Metadata(); err != nil || md.NumDelivered > 1 {
				return err
			}
			return bus.Later(90 * time.Second)
		}))
		s.publish(1)
		time.Sleep(10 * time.Minute)
		s.stop()
		if len(j.times) != 2 {
			s.t.Fatalf("tried %d times, want twice", len(j.times))
		}
		if gap := j.times[1].Sub(j.times[0]); gap < 90*time.Second || gap > 100*time.Second {
			s.t.Errorf("came again after %v, want 90s", gap)
		}
	})
}

func TestABadMessageIsOnRejectedOnceAndDone(t *testing.T) {
	bubble(t, func(s *server) {
		var j journal
		s.run(bus.Storefront, bus.IntakeConsumer, j.answering(func(*bus.Msg) error {
			return bus.Bad("main", "not_json", "the body is not JSON: ä")
		}))
		const body = "\x00\xff not json {{"
		s.send(&nats.Msg{Subject: "storefront.main.order.placed", Data: []byte(body), Header: nats.Header{
			"Nats-Msg-Id": {"evt-1"}, "Nats-Expected-Stream": {bus.Storefront}, "Ce-Id": {"evt-1"}, "X-Two": {"a", "b"}}})
		time.Sleep(2 * bus.AckWait)
		got := s.messages(bus.Rejected)
		if len(got) != 1 || j.len() != 1 {
			s.t.Fatalf("%d messages on REJECTED after %d tries, want one after one", len(got), j.len())
		}
		m := got[0]
		if m.Subject != "rejected.main.not_json" || string(m.Data) != body {
			s.t.Errorf("%s: %q", m.Subject, m.Data)
		}
		for _, h := range []string{"Nats-Sequence", "Nats-Stream", "Nats-Subject", "Nats-Time-Stamp"} {
			m.Header.Del(h) // what reading a stream adds
		}
		want := nats.Header{"Ce-Id": {"evt-1"}, "X-Two": {"a", "b"}, bus.HeaderDetail: {"the body is not JSON: ä"},
			bus.HeaderSubject: {"storefront.main.order.placed"}, "Homing-Original-Nats-Msg-Id": {"evt-1"},
			"Homing-Original-Nats-Expected-Stream": {bus.Storefront}, "Nats-Msg-Id": {"STOREFRONT-1"}}
		if d := cmp.Diff(want, m.Header); d != "" {
			s.t.Errorf("headers (-want +got):\n%s", d)
		}
		if a, u, _ := s.pending(); a+u != 0 {
			s.t.Errorf("%d unacked, %d undelivered", a, u)
		}
	})
}

func TestARejectionThatFailsIsTriedAgainAndIsThereOnce(t *testing.T) {
	bubble(t, func(s *server) {
		var j journal
		reject, tries := bus.RejectTo(s.js), 0
		s.run(bus.Storefront, bus.IntakeConsumer, j.answering(func(*bus.Msg) error { return bus.Bad("main", "not_json", "no") }),
			func(o *bus.LoopOptions) {
				o.Reject = func(ctx context.Context, m jetstream.Msg, why *bus.BadError) error {
					if tries++; tries < 3 {
						return errors.Join(reject(ctx, m, why), errDown) // it is there, but nobody heard
					}
					return reject(ctx, m, why)
				}
			})
		s.publish(1)
		time.Sleep(time.Minute)
		s.stop()
		if got := s.messages(bus.Rejected); len(got) != 1 || tries != 3 {
			s.t.Errorf("%d messages on REJECTED after %d tries, want one after three", len(got), tries)
		}
		if a, u, _ := s.pending(); a+u != 0 {
			s.t.Errorf("%d unacked, %d undelivered", a, u)
		}
	})
}

// A due touch carries headers that steer its own stream. A stranger's subject
// may hold what no subject can.
func TestAnythingBadCanBeRejected(t *testing.T) {
	bubble(t, func(s *server) {
		var j journal
		stores := []string{"main", "", "a b", "x.>", "*"}
		s.run(bus.ScheduleStream(worker.Name), bus.DueConsumer(worker.Name), j.answering(func(m *bus.Msg) error {
			return bus.Bad(stores[len(m.Data())], "bad_touch", "no")
		}))
		for i := range stores {
			subject := fmt.Sprintf("thank-you.main.tok.thanks.%d", i)
			s.send(&nats.Msg{Subject: "due." + subject, Data: make([]byte, i), Header: nats.Header{
				jetstream.SchedulerHeader: {"schedule.main.tok.thank-you.thanks." + fmt.Sprint(i)}, jetstream.ScheduleNextHeader: {"purge"}}})
		}
		time.Sleep(time.Minute)
		var subjects []string
		for _, m := range s.messages(bus.Rejected) {
			subjects = append(subjects, m.Subject)
		}
		slices.Sort(subjects)
		want := []string{"rejected.main.bad_touch"}
		for range len(stores) - 1 {
			want = append(want, "rejected.unknown.bad_touch")
		}
		if d := cmp.Diff(want, subjects); d != "" {
			s.t.Errorf("REJECTED (-want +got):\n%s", d)
		}
		if s.loop.Waiting() {
			s.t.Error("the loop waits for a server")
		}
	})
}

// A server is down for longer than an AckWait. Nothing is lost, nothing comes
// twice, and no more is pulled in the meantime.
func TestWhileAServerIsDownTheLoopKeepsWhatItHasAndPullsNoMore(t *testing.T) {
	bubble(t, func(s *server) {
		var j journal
		var mu sync.Mutex
		down := true
		var told atomic.Int32
		s.run(bus.Storefront, bus.IntakeConsumer, j.answering(func(*bus.Msg) error {
			mu.Lock()
			defer mu.Unlock()
			if down {
				return errDown
			}
			return nil
		}), func(o *bus.LoopOptions) { o.Batch, o.Down = 4, func(error) { told.Add(1) } })
		s.publish(100)
		time.Sleep(5 * bus.AckWait)
		unacked, undelivered, redelivered := s.pending()
		if unacked > 12 || undelivered != 100-unacked || redelivered != 0 {
			s.t.Errorf("%d in flight (at most 12), %d undelivered, %d redelivered", unacked, undelivered, redelivered)
		}
		tries := j.len()
		if perMessage := tries / unacked; perMessage < 15 || perMessage > 60 {
			s.t.Errorf("%d tries a message in %v, want one about every 5 s", perMessage, 5*bus.AckWait)
		}
		if !s.loop.Waiting() || told.Load() == 0 {
			s.t.Errorf("waiting %v, told %d times", s.loop.Waiting(), told.Load())
		}
		mu.Lock()
		down = false
		mu.Unlock()
		time.Sleep(10 * time.Second)
		if n := j.len() - tries; n != 100 || s.loop.Waiting() || s.loop.Handled() != 100 {
			s.t.Errorf("when the server was back %d messages were handled, want 100; waiting: %v", n, s.loop.Waiting())
		}
		if a, u, r := s.pending(); a+u+r != 0 {
			s.t.Errorf("unacked %d, undelivered %d, redelivered %d", a, u, r)
		}
	})
}

func TestTheLoopTakesNoMoreThanItsHandlersCanHandle(t *testing.T) {
	bubble(t, func(s *server) {
		const batch, parallel = 4, 3
		var mu sync.Mutex
		running, most, largest := 0, 0, 0
		s.run(bus.Storefront, bus.IntakeConsumer, func(_ context.Context, b []*bus.Msg) {
			mu.Lock()
			running++
			most, largest = max(most, running), max(largest, len(b))
			mu.Unlock()
			time.Sleep(47 * time.Second) // longer than an AckWait, but alive
			for _, m := range b {
				m.Done(nil)
			}
			mu.Lock()
			running--
			mu.Unlock()
		}, func(o *bus.LoopOptions) { o.Batch, o.Parallel = batch, parallel })
		s.publish(60)
		for range 20 {
			time.Sleep(bus.AckWait / 2)
			if unacked, _, redelivered := s.pending(); unacked > batch*(parallel+1) || redelivered != 0 {
				s.t.Fatalf("%d in flight, want at most %d; %d redelivered", unacked, batch*(parallel+1), redelivered)
			}
		}
		time.Sleep(time.Hour)
		s.stop()
		if most != parallel || largest != batch || s.loop.Handled() != 60 {
			s.t.Errorf("at most %d calls of %d messages, want %d of %d; handled %d", most, largest, parallel, batch, s.loop.Handled())
		}
	})
}

// What was begun is finished, what was not is free at once: another replica must
// not wait for half a minute.
// Messages may be a thousand times as long as others: they are counted in bytes, too.
func TestTheLoopHasOnlySoManyBytesInFlight(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, dir)
		const n, size = 40, 900 << 10
		for range n {
			s.send(&nats.Msg{Subject: "storefront.main.order.placed", Data: make([]byte, size)})
		}
		free := make(chan struct{})
		var handled atomic.Int64
		s.run(bus.Storefront, bus.IntakeConsumer, func(_ context.Context, batch []*bus.Msg) {
			<-free
			handled.Add(int64(len(batch)))
			for _, m := range batch {
				m.Done(nil)
			}
		}, func(o *bus.LoopOptions) { o.Bytes = 10 << 20 })
		time.Sleep(10 * time.Second)
		if got := s.loop.InFlight(); got < 12 || got > 20 { // a pull of 8 MiB, and another one
			t.Errorf("%d messages of 900 KiB are in flight", got)
		}
		close(free)
		time.Sleep(10 * time.Second)
		if got := handled.Load(); got != n {
			t.Errorf("%d of %d messages were handled", got, n)
		}
	})
}

func TestStoppingGivesBackAtOnceWhatWasNotBegun(t *testing.T) {
	bubble(t, func(s *server) {
		begun := make(chan int, 10)
		s.run(bus.Storefront, bus.IntakeConsumer, func(ctx context.Context, b []*bus.Msg) {
			begun <- len(b)
			<-ctx.Done()
			time.Sleep(5 * time.Second) // an email is on its way
			for _, m := range b {
				m.Done(nil)
			}
		}, func(o *bus.LoopOptions) { o.Batch, o.Parallel = 4, 1 })
		s.publish(50)
		n := <-begun
		time.Sleep(time.Second)
		s.cancel()
		time.Sleep(200 * time.Millisecond)
		if free := s.free(60); free+n != 50 {
			s.t.Errorf("200 ms after the stop %d messages are free, and %d were begun, of 50", free, n)
		}
		stopped := time.Now()
		<-s.done
		if d := time.Since(stopped); d > 5*time.Second || s.loop.Handled() != uint64(n) {
			s.t.Errorf("stopping took %v, and %d were handled; want the %d that were begun", d, s.loop.Handled(), n)
		}
	})
}

// free takes up to n messages that are free for the taking, and counts them.
func (s *server) free(n int) int {
	s.t.Helper()
	c, err := s.js.Consumer(context.Background(), bus.Storefront, bus.IntakeConsumer)
	if err != nil {
		s.t.Fatal(err)
	}
	left, err := c.Fetch(n, jetstream.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		s.t.Fatal(err)
	}
	got := 0
	for range left.Messages() {
		got++
	}
	return got
}

func TestWhatWasKeptIsGivenBackWhenTheLoopStops(t *testing.T) {
	bubble(t, func(s *server) {
		var j journal
		s.run(bus.Storefront, bus.IntakeConsumer, j.answering(func(*bus.Msg) error { return errDown }))
		s.publish(5)
		time.Sleep(10 * time.Second)
		s.stop()
		time.Sleep(200 * time.Millisecond)
		if free := s.free(5); free != 5 {
			s.t.Errorf("%d of 5 messages are free at once", free)
		}
	})
}

func TestAConsumerOrStreamThatIsMadeAnewIsFoundAgain(t *testing.T) {
	bubble(t, func(s *server) {
		var j journal
		s.run(bus.Storefront, bus.IntakeConsumer, j.answering(func(*bus.Msg) error { return nil }))
		s.publish(3)
		time.Sleep(time.Second)
		if err := s.js.DeleteConsumer(s.ctx, bus.Storefront, bus.IntakeConsumer); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		s.setup()
		time.Sleep(5 * time.Second)
		if j.len() != 6 { // the new consumer begins at the beginning: harmless
			s.t.Errorf("%d messages after the consumer was made again, want 6", j.len())
		}
		if err := s.js.DeleteStream(s.ctx, bus.Storefront); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		s.setup()
		s.publish(2)
		time.Sleep(3 * time.Minute)
		if j.len() != 8 {
			s.t.Errorf("%d messages after the stream was made again, want 8", j.len())
		}
	})
}

func TestOnlyTheFirstAnswerCounts(t *testing.T) {
	bubble(t, func(s *server) {
		s.run(bus.Storefront, bus.IntakeConsumer, func(_ context.Context, b []*bus.Msg) {
			for _, m := range b {
				m.Done(nil)
				m.Done(bus.Bad("main", "second", "thought"))
			}
		})
		s.publish(1)
		time.Sleep(time.Minute)
		if n := len(s.messages(bus.Rejected)); n != 0 || s.loop.Handled() != 1 {
			s.t.Errorf("%d rejected, %d handled", n, s.loop.Handled())
		}
	})
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	if got := bus.Bad("main", "not_json", "line 1").Error(); got != "not_json: line 1" {
		t.Error(got)
	}
	if got := bus.Later(time.Minute).Error(); !strings.Contains(got, "1m") {
		t.Error(got)
	}
}

// What keeps failing may be one message, and no server: the others go on.
func TestOneMessageThatKeepsFailingDoesNotHoldUpTheOthers(t *testing.T) {
	bubble(t, func(s *server) {
		var j journal
		s.run(bus.Storefront, bus.IntakeConsumer, j.answering(func(m *bus.Msg) error {
			if string(m.Data()) == "0" {
				return errDown
			}
			return nil
		}), func(o *bus.LoopOptions) { o.Batch, o.Parallel = 1, 1 })
		s.publish(20)
		time.Sleep(10 * time.Minute) // longer than a pull lasts
		for i := 1; i < 20; i++ {
			s.send(&nats.Msg{Subject: "storefront.main.order.placed", Data: fmt.Append(nil, i)})
		}
		time.Sleep(10 * time.Minute)
		if got := s.loop.Handled(); got != 38 {
			s.t.Errorf("%d of the 38 other messages were handled", got)
		}
	})
}
