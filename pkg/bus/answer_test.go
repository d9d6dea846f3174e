package bus

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

func TestWhatFollowsFromAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name     string
		answer   error
		stopping bool
		want     action
		in       time.Duration
	}{
		{"done", nil, false, ack, 0},
		{"done while stopping", nil, true, ack, 0},
		{"again later", Later(time.Minute), false, nakLater, time.Minute},
		{"again later, wrapped", fmt.Errorf("planning: %w", Later(time.Second)), false, nakLater, time.Second},
		{"again later while stopping", Later(time.Minute), true, nakLater, time.Minute},
		{"soon again", Soon(time.Second), false, stay, time.Second},
		{"soon again, wrapped", fmt.Errorf("sending: %w", Soon(time.Second)), false, stay, time.Second},
		{"soon again while stopping", Soon(time.Second), true, nak, 0},
		{"never right", Bad("main", "not_json", "no"), false, reject, 0},
		{"never right, wrapped", fmt.Errorf("intake: %w", Bad("main", "not_json", "no")), false, reject, 0},
		{"never right while stopping", Bad("main", "not_json", "no"), true, reject, 0},
		{"given back", ErrShutdown, false, nak, 0},
		{"given back, wrapped", fmt.Errorf("sending: %w", ErrShutdown), false, nak, 0},
		{"given back while stopping", ErrShutdown, true, nak, 0},
		{"a server is down", io.ErrUnexpectedEOF, false, keep, 0},
		{"a server is down, joined", errors.Join(io.EOF, errors.New("redis")), false, keep, 0},
		{"a server is down while stopping", io.ErrUnexpectedEOF, true, nak, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if do, in := actionFor(c.answer, c.stopping); do != c.want || in != c.in {
				t.Errorf("action %d in %v, want %d in %v", do, in, c.want, c.in)
			}
		})
	}
}
