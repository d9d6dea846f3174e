package homingtest

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"homing/pkg/stdwebhook"
)

// Endpoint is what the messages of a channel are sent to: an HTTP server over pipes, which
// verifies what it is sent.
type Endpoint struct {
	*pipes
	mu     sync.Mutex
	got    []Received
	answer func(got Received, n int, w http.ResponseWriter)
	away   bool
}

// Received is a request that was signed as it should be.
type Received struct {
	ID   string
	At   time.Time
	Data map[string]any
}

// What channels of tests are configured with.
const (
	EndpointURL    = "http+insecure://sms.test/homing"
	EndpointSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
)

// NewEndpoint starts one that accepts everything. In a bubble it is made inside.
func NewEndpoint(t *testing.T) *Endpoint {
	e := &Endpoint{pipes: newPipes()}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil { // the sender took it back
			return
		}
		var message struct {
			Type string         `json:"type"`
			Data map[string]any `json:"data"`
		}
		switch err := json.Unmarshal(body, &message); {
		case err != nil || message.Type != "message.due" || r.URL.Path != "/homing" || r.Method != http.MethodPost:
			t.Errorf("%s %s, %v: %s", r.Method, r.URL.Path, err, body)
		case !stdwebhook.Signed([]string{EndpointSecret}, r.Header.Get, body, time.Now()):
			t.Errorf("not signed: %v", r.Header)
		}
		e.mu.Lock()
		got, n, answer := Received{r.Header.Get(stdwebhook.HeaderID), time.Now(), message.Data}, 1, e.answer
		for _, before := range e.got {
			if before.ID == got.ID {
				n++
			}
		}
		e.got = append(e.got, got)
		e.mu.Unlock()
		if answer != nil {
			answer(got, n, w)
		}
	})}
	go func() { _ = s.Serve(e.pipes) }()
	t.Cleanup(func() { _ = s.Close() })
	return e
}

// Answers has requests answered; n counts those of one id, from 1.
func (e *Endpoint) Answers(answer func(got Received, n int, w http.ResponseWriter)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = answer
}

// Away has connections refused, or not any more.
func (e *Endpoint) Away(away bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.away = away
}

// Dial connects to it, whatever the address.
func (e *Endpoint) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	e.mu.Lock()
	away := e.away
	e.mu.Unlock()
	if away {
		return nil, &net.OpError{Op: "dial", Net: network, Err: net.UnknownNetworkError("refused by the test")}
	}
	return e.dial(ctx, network, addr)
}

// Received returns the requests so far, oldest first.
func (e *Endpoint) Received() []Received {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.got)
}
