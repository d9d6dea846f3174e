package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

func numbered(subject, who string, n int) []*nats.Msg {
	out := make([]*nats.Msg, n)
	for i := range out {
		out[i] = &nats.Msg{Subject: subject, Data: fmt.Appendf(nil, "%s %d", who, i)}
	}
	return out
}

func TestEachMessageGetsItsSequenceWhileOthersPublish(t *testing.T) {
	bubble(t, func(s *server) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		want := map[uint64]string{}
		for who := range 3 {
			wg.Go(func() {
				for round := range 4 {
					msgs := numbered("timeline.main.1.order.placed", fmt.Sprint(who, round), 300)
					seqs, err := bus.Publish(s.ctx, s.nc, msgs)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for i, seq := range seqs {
						want[seq] = string(msgs[i].Data)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		got := map[uint64]string{}
		for _, m := range s.messages(bus.Timeline) {
			got[m.Sequence] = string(m.Data)
		}
		if d := cmp.Diff(want, got); d != "" || len(got) != 3*4*300 {
			t.Errorf("%d messages (-told +stand):\n%.1000s", len(got), d)
		}
	})
}

func TestWhatTheStreamRefusesIsAnError(t *testing.T) {
	bubble(t, func(s *server) {
		if _, err := s.js.CreateStream(s.ctx, jetstream.StreamConfig{
			Name: "FULL", Subjects: []string{"full"}, MaxMsgs: 5, Discard: jetstream.DiscardNew,
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := bus.Publish(s.ctx, s.nc, numbered("full", "a", 6)); err == nil {
			t.Error("six were published to a stream for five, and no error")
		}
		_, err := bus.Publish(s.ctx, s.nc, numbered("full", "a", 1))
		if api, ok := errors.AsType[*jetstream.APIError](err); !ok || api.ErrorCode == 0 {
			t.Errorf("%v, want the server's own words", err)
		}
		if _, err := bus.Publish(s.ctx, s.nc, numbered("nowhere", "a", 1)); !errors.Is(err, jetstream.ErrNoStreamResponse) {
			t.Errorf("without a stream: %v", err)
		}
		if seqs, err := bus.Publish(s.ctx, s.nc, nil); err != nil || len(seqs) != 0 {
			t.Errorf("nothing: %v, %v", seqs, err)
		}
	})
}

// A stream that is not there is played by a subscription that says what it
// likes to three messages.
func TestOnlyAsManySequencesAsMessagesAreAConfirmation(t *testing.T) {
	ack := func(seq int) string { return fmt.Sprintf(`{"stream":"TIMELINE","seq":%d}`, seq) }
	for name, c := range map[string]struct {
		answers []string
		again   bool // the connection is lost before the answers
		want    []uint64
	}{
		"as it should be":            {answers: []string{ack(4), ack(5), ack(9)}, want: []uint64{4, 5, 9}},
		"in another order":           {answers: []string{ack(5), ack(9), ack(4)}, want: []uint64{4, 5, 9}},
		"in another form":            {answers: []string{`{ "seq": 4, "stream": "X" }`, `{"stream":"X","domain":"hub","seq":5}`, `{"stream":"X","seq":6,"duplicate":true}`}, want: []uint64{4, 5, 6}},
		"one twice":                  {answers: []string{ack(4), ack(4), ack(5)}},
		"one missing":                {answers: []string{ack(4), ack(5)}},
		"one no sequence":            {answers: []string{ack(4), ack(5), ack(0)}},
		"one refused":                {answers: []string{ack(4), ack(5), `{"error":{"code":503,"err_code":10077,"description":"full"},"stream":"TIMELINE","seq":0}`}},
		"one refused, with sequence": {answers: []string{ack(4), ack(5), `{"error":{"code":503,"err_code":10077,"description":"full"},"stream":"TIMELINE","seq":6}`}},
		"one of a batch's":           {answers: []string{ack(4), ack(5), ""}},
		"rubbish":                    {answers: []string{ack(4), ack(5), `{"stream":"TIMELINE","seq":6`}},
		"after a new connection":     {answers: []string{ack(4), ack(5), ack(6)}, again: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := start(t, dir)
				heard := 0
				if _, err := s.nc.Subscribe("played", func(m *nats.Msg) {
					if heard++; heard < 3 {
						return
					}
					if c.again {
						if err := s.nc.ForceReconnect(); err != nil {
							t.Error(err)
						}
						for s.nc.Stats().Reconnects == 0 {
							time.Sleep(time.Millisecond)
						}
					}
					for _, a := range c.answers {
						if err := s.nc.Publish(m.Reply, []byte(a)); err != nil {
							t.Error(err)
						}
					}
				}); err != nil {
					t.Fatal(err)
				}
				got, err := bus.Publish(s.ctx, s.nc, numbered("played", "a", 3))
				if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
					t.Errorf("%v, %v; want %v", got, err, c.want)
				}
			})
		})
	}
}

func TestAPublisherMayGiveUpWaiting(t *testing.T) {
	bubble(t, func(s *server) {
		if _, err := s.nc.SubscribeSync("silent"); err != nil {
			t.Fatal(err)
		}
		if _, err := bus.Publish(s.ctx, s.nc, numbered("silent", "a", 1)); !errors.Is(err, bus.ErrNoAck) {
			t.Errorf("%v, want ErrNoAck", err)
		}
		ctx, cancel := context.WithTimeout(s.ctx, time.Second)
		defer cancel()
		if _, err := bus.Publish(ctx, s.nc, numbered("silent", "a", 1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the context's end", err)
		}
	})
}
