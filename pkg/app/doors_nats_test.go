package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/link"
)

const (
	doorKey    = "0123456789abcdef0123456789abcdef"
	doorSecret = "a secret of webhooks"
)

// doorsAt is an app's doors in front of a NATS.
func doorsAt(t testing.TB, n *devstack.NATS) (*App, http.Handler) {
	t.Helper()
	c := config.Example()
	s := c.Stores["main"]
	s.APIKeys = config.APIKeys{{ID: "test", Key: doorKey}}
	s.WooCommerce.Secret, s.Shopify.Secret = doorSecret, doorSecret
	c.Stores["main"] = s
	nc, err := nats.Connect(n.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Setup(context.Background(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	links, err := link.New("https://shop.example/mail", []link.Key{{ID: "1", Secret: doorKey}})
	if err != nil {
		t.Fatal(err)
	}
	a := &App{o: Options{Config: &c}, nc: nc, js: js, metrics: newMetrics(), log: zap.NewNop(), links: links}
	return a, a.doorsHandler()
}

func startNATS(t testing.TB, dir string, port int) *devstack.NATS {
	t.Helper()
	n, err := devstack.StartNATS(devstack.NATSOptions{Dir: dir, Port: port, SyncInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Stop() })
	return n
}

func doorEvent(id string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"%s","source":"/test","type":"cart.updated","time":%q,"data":{"customer":{"id":"c-%s"},"cart":{"id":"%s","items":[]}}}`,
		id, time.Now().UTC().Format(time.RFC3339), id, id)
}

// tell posts an event until it is taken, as a shop does, and returns how often it was
// asked to try again.
func tell(t testing.TB, url, id string) (again int, taken bool) {
	for until := time.Now().Add(2 * time.Minute); time.Now().Before(until); again++ {
		r, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(doorEvent(id)))
		r.Header.Set("Authorization", "Bearer "+doorKey)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return again, false
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		switch res.StatusCode {
		case http.StatusOK:
			return again, true
		case http.StatusServiceUnavailable:
			if res.Header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
			time.Sleep(100 * time.Millisecond)
		default:
			t.Errorf("%s: %d", id, res.StatusCode)
			return again, false
		}
	}
	return again, false
}

// NATS is away in the midst of what comes in. What was answered with 200 is on the
// stream, once, and the rest was asked to come again.
func TestNothingThatADoorAcknowledgedIsLost(t *testing.T) {
	away, rate := 10*time.Second, 500
	if lengthy.RaceShort() {
		away, rate = time.Second, 100
	}
	dir := t.TempDir()
	n := startNATS(t, dir, 0)
	_, port, _ := net.SplitHostPort(n.Server().Addr().String())
	a, h := doorsAt(t, n)
	srv := httptest.NewServer(h)
	defer srv.Close()

	ids := make(chan string, 100_000)
	var shops sync.WaitGroup
	var mu sync.Mutex
	taken, asked := map[string]bool{}, 0
	for range 32 {
		shops.Go(func() {
			for id := range ids {
				again, ok := tell(t, srv.URL+"/mail/v1/events", id)
				mu.Lock()
				taken[id], asked = ok, asked+again
				mu.Unlock()
			}
		})
	}
	total := 0
	say := func(d time.Duration) {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for end := time.Now().Add(d); time.Now().Before(end); total++ {
			<-tick.C
			ids <- fmt.Sprintf("e-%d", total)
		}
	}
	say(time.Second)
	n.Stop()
	say(away)
	number, _ := strconv.Atoi(port)
	startNATS(t, dir, number)
	say(time.Second)
	close(ids)
	shops.Wait()

	stored := map[string]int{}
	for _, m := range messages(t, a.js, bus.Storefront) {
		e, err := events.Decode(events.Raw{Subject: m.Subject, Header: m.Header, Data: m.Data}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		stored[e.ID]++
	}
	for id, ok := range taken {
		if ok && stored[id] == 0 {
			t.Errorf("%s was acknowledged, and is not there", id)
		} else if !ok {
			t.Errorf("%s was not taken", id)
		}
	}
	if asked == 0 {
		t.Error("nobody was asked to try again: NATS was not away")
	}
	t.Logf("%d events, asked to come again %d times, %d stored twice", total, asked, len(stored)-total)
	for id, times := range stored {
		if times > 1 {
			t.Errorf("%s is there %d times", id, times)
		}
	}
}

// messages reads all that a stream has.
func messages(t testing.TB, js jetstream.JetStream, stream string) (out []*jetstream.RawStreamMsg) {
	t.Helper()
	s, err := js.Stream(t.Context(), stream)
	for err != nil && t.Context().Err() == nil { // it was just started
		time.Sleep(10 * time.Millisecond)
		s, err = js.Stream(t.Context(), stream)
	}
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// What cannot be read, and what a person has to do, is on REJECTED.
func TestAWebhookThatCannotBeReadIsOnREJECTED(t *testing.T) {
	a, h := doorsAt(t, startNATS(t, t.TempDir(), 0))
	body := `{"code": "woocommerce_rest_cannot_view", "message": "é"}`
	mac := hmac.New(sha256.New, []byte(doorSecret))
	_, _ = io.WriteString(mac, body)
	r := httptest.NewRequest(http.MethodPost, "/mail/in/woocommerce/main", strings.NewReader(body))
	r.Header.Set("X-WC-Webhook-Topic", "order.updated")
	r.Header.Set("X-WC-Webhook-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	got := messages(t, a.js, bus.Rejected)
	if len(got) != 1 || got[0].Subject != "rejected.main."+string(events.ReasonUnreadableWebhook) || string(got[0].Data) != body ||
		!strings.Contains(got[0].Header.Get(bus.HeaderDetail), "woocommerce_rest_cannot_view") || got[0].Header.Get(bus.HeaderSubject) != "in.woocommerce.main" {
		t.Errorf("%+v", got)
	}
}

// A full stream refuses, and the door says so and not yes.
func TestAFullStreamIsToldToWhoComes(t *testing.T) {
	a, h := doorsAt(t, startNATS(t, t.TempDir(), 0))
	if _, err := bus.Setup(t.Context(), a.js, bus.Limits{StorefrontMaxBytes: 1 << 10}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	codes := map[int]int{}
	for i := range 10 {
		r := httptest.NewRequest(http.MethodPost, "/mail/v1/events", strings.NewReader(doorEvent("c-"+strconv.Itoa(i))))
		r.Header.Set("Authorization", "Bearer "+doorKey)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		codes[w.Code]++
	}
	if stored := len(messages(t, a.js, bus.Storefront)); codes[200] != stored || codes[503] == 0 || codes[200]+codes[503] != 10 {
		t.Errorf("%v, %d stored", codes, stored)
	}
}
