package webhook_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/stdwebhook"
	"homing/pkg/touch"
	"homing/pkg/webhook"
)

// lease is a claim that is confirmed, or has run out.
type lease struct{ err error }

func (l lease) Confirm() error      { return l.err }
func (l lease) Deadline() time.Time { return time.Now().Add(time.Hour) }

// to is a channel to an address over real TCP, and a message for it.
func to(t *testing.T, url string, with ...func(*webhook.Options)) (*webhook.Channel, channel.Message) {
	t.Helper()
	o := webhook.Options{Name: "sms", Store: "main", URL: url, Keys: [][]byte{[]byte("a key of twenty-four bytes")}, Timeout: 5 * time.Second, Connections: 2,
		Write: func(channel.Content) (channel.Words, error) {
			return channel.Words{Template: "a/b", Copy: channel.Copy{Subject: "Hello", Text: "Hello, Ann"}}, nil
		}}
	for _, change := range with {
		change(&o)
	}
	c := webhook.New(o)
	t.Cleanup(c.Close)
	m, err := c.Compose(channel.Content{ID: "a.b.token.c", Touch: touch.Touch{Worker: "a", Step: "b", Occasion: "c"}, Customer: &customer.Customer{}, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return c, m
}

func send(t *testing.T, ctx context.Context, c *channel.Outcome, by *webhook.Channel, m channel.Message, l channel.Lease) {
	t.Helper()
	conn, err := by.Open(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	*c = conn.Send(ctx, m, l)
}

func sent(t *testing.T, by *webhook.Channel, m channel.Message, l channel.Lease) (out channel.Outcome) {
	t.Helper()
	send(t, t.Context(), &out, by, m, l)
	return out
}

// served starts a server, and counts the requests of which it got all.
func served(t *testing.T, h http.HandlerFunc) (url string, whole *atomic.Int32) {
	whole = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		whole.Add(1)
		if !stdwebhook.Signed([]string{"a key of twenty-four bytes"}, r.Header.Get, body, time.Now()) {
			t.Errorf("not signed: %v", r.Header)
		}
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/secret-path", whole
}

func TestNothingLeavesWithoutTheClaim(t *testing.T) {
	url, whole := served(t, func(http.ResponseWriter, *http.Request) {})
	c, m := to(t, url)
	if out := sent(t, c, m, lease{channel.ErrLeaseLost}); out.Meaning != channel.LeaseEnded || whole.Load() != 0 {
		t.Errorf("%v, %d requests", out.Meaning, whole.Load())
	}
	if out := sent(t, c, m, lease{}); out.Meaning != channel.Accepted || whole.Load() != 1 {
		t.Errorf("%v, %d requests", out.Meaning, whole.Load())
	}
}

// A loop that stops takes back what has not left, and waits for what has.
func TestAStopTakesBackWhatHasNotLeft(t *testing.T) {
	stop, stopped := context.WithCancelCause(t.Context())
	reason := errors.New("stopping")
	url, whole := served(t, func(http.ResponseWriter, *http.Request) { stopped(reason) })
	c, m := to(t, url)
	var out channel.Outcome
	if send(t, stop, &out, c, m, lease{}); out.Meaning != channel.Accepted {
		t.Errorf("%+v: it had left", out)
	}
	if send(t, stop, &out, c, m, lease{}); !errors.Is(out.Err, reason) || whole.Load() != 1 {
		t.Errorf("%+v, %d requests", out, whole.Load())
	}
}

func TestAnEndpointThatCannotBeReachedIsLeftAlone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String() + "/secret-path"
	_ = l.Close()
	c, m := to(t, url)
	out := sent(t, c, m, lease{})
	if out.Meaning != channel.Unreachable || strings.Contains(out.Detail+out.Err.Error(), "secret-path") {
		t.Errorf("%+v", out)
	}
	if err := c.Ready("", true); !errors.Is(err, channel.ErrDown) {
		t.Errorf("%v", err)
	}
	if _, err := c.Open(t.Context(), m); !errors.Is(err, channel.ErrDown) {
		t.Errorf("%v", err)
	}
}

// A server closes a connection that was used before: where nothing of the request was taken,
// it is made again; where it may have been, it is not.
func TestARequestThatMayHaveArrivedIsNotMadeAgain(t *testing.T) {
	n := 0
	url, whole := served(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == 2 {
			panic(http.ErrAbortHandler)
		}
	})
	c, m := to(t, url)
	for i, want := range []channel.Meaning{channel.Accepted, channel.Unknown, channel.Accepted} {
		if out := sent(t, c, m, lease{}); out.Meaning != want || strings.Contains(out.Detail, "secret-path") {
			t.Errorf("request %d: %+v, want %v", i+1, out, want)
		}
	}
	if whole.Load() != 3 {
		t.Errorf("%d requests arrived, want 3", whole.Load())
	}
}

func TestASlowEndpointIsNotWaitedForLonger(t *testing.T) {
	release := make(chan struct{})
	url, whole := served(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	c, m := to(t, url, func(o *webhook.Options) { o.Timeout = 50 * time.Millisecond })
	if out := sent(t, c, m, lease{}); out.Meaning != channel.Unknown || out.Detail != "the endpoint did not answer within 50ms" || whole.Load() != 1 {
		t.Errorf("%+v, %d requests", out, whole.Load())
	}
}
