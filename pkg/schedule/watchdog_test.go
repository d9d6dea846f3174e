package schedule

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/trace"
)

func TestWhenAScheduleIsStuck(t *testing.T) {
	now := time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		header string
		want   bool
	}{
		{"@at 2025-06-10T11:57:59Z", true},
		{"@at 2025-06-10T11:57:59.999999999Z", true},
		{"@at 2025-06-10T11:58:00Z", false},
		{"@at 2025-06-10T13:00:00Z", false},
		{"@at 2025-06-10T13:00:00+02:00", true},
		{"@at yesterday", false},
		{"@every 1s", false},
		{"", false},
	} {
		m := nats.NewMsg("schedule.x")
		m.Header.Set(jetstream.ScheduleHeader, c.header)
		if got := stuck(m, now); got != c.want {
			t.Errorf("%q: stuck %v, want %v", c.header, got, c.want)
		}
	}
}

// The server cannot be made to forget a schedule here. What it forgot looks like
// one that is there long after its time: a stream without schedules has such.
func TestASweepPublishesWhatIsOverdueAgainUnchanged(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := natstest.Start(t, dir)
		js := n.JS
		stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: bus.ScheduleStream("w"), Subjects: []string{"schedule.>", "due.>"},
			Retention: jetstream.WorkQueuePolicy, MaxMsgsPerSubject: 1, AllowDirect: true, AllowMsgSchedules: true})
		if err != nil {
			t.Fatal(err)
		}
		const many = page + 500
		for i := range many {
			at := time.Now().Add(48 * time.Hour)
			if i%2_000 == 0 {
				at = time.Now().Add(24 * time.Hour)
			}
			m := nats.NewMsg("schedule.main.tok.w.s." + string(rune('a'+i%26)) + time.Duration(i).String())
			m.Data = []byte("body")
			m.Header.Set(bus.HeaderTouch, "w.s.tok.o")
			m.Header.Set(trace.Parent, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
			m.Header.Set(jetstream.ScheduleHeader, "@at "+at.Format(time.RFC3339Nano))
			m.Header.Set(jetstream.ScheduleTargetHeader, "due.w."+m.Subject)
			if _, err := js.PublishMsgAsync(m, jetstream.WithStallWait(10*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		<-js.PublishAsyncComplete()
		w := &Watchdog{JS: js, Worker: "w", Log: zap.NewNop()}
		all := 0
		for from := uint64(1); ; {
			msgs, err := bus.DirectGet(t.Context(), js, bus.ScheduleStream("w"), map[string]any{"seq": from, "next_by_subj": "schedule.>", "batch": page})
			if err != nil {
				t.Fatal(err)
			}
			if len(msgs) == 0 {
				break
			}
			all += len(msgs)
			md := msgs[len(msgs)-1].Header.Get(jetstream.SequenceHeader)
			if from, err = after(md); err != nil {
				t.Fatal(err)
			}
		}
		if all != many {
			t.Errorf("walked %d schedules, want %d", all, many)
		}

		first, err := stream.GetMsg(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		m := &nats.Msg{Subject: first.Subject, Data: first.Data, Header: first.Header}
		m.Header.Set(jetstream.SubjectHeader, first.Subject)
		if _, err := w.again(t.Context(), m, 1); err != nil {
			t.Fatal(err)
		}
		got, err := stream.GetLastMsgForSubject(t.Context(), first.Subject)
		if err != nil {
			t.Fatal(err)
		}
		if got.Sequence == 1 || string(got.Data) != "body" {
			t.Errorf("published again as %d: %q", got.Sequence, got.Data)
		}
		for _, h := range []string{bus.HeaderTouch, trace.Parent, jetstream.ScheduleHeader, jetstream.ScheduleTargetHeader} {
			if got.Header.Get(h) != first.Header.Get(h) || got.Header.Get(h) == "" {
				t.Errorf("%s is %q, was %q", h, got.Header.Get(h), first.Header.Get(h))
			}
		}
		if _, err := w.again(t.Context(), m, 1); err != nil {
			t.Errorf("a schedule that was replaced in the meantime is an error: %v", err)
		}
		if last, err := stream.GetLastMsgForSubject(t.Context(), first.Subject); err != nil || last.Sequence != got.Sequence {
			t.Errorf("the replacement was overwritten: %v", err)
		}
	})
}

// after returns the sequence behind one.
func after(seq string) (uint64, error) {
	n, err := strconv.ParseUint(seq, 10, 64)
	return n + 1, err
}
