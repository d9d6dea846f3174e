package delivery_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/email"
	"homing/pkg/homingtest"
	"homing/pkg/reason"
	"homing/pkg/stdwebhook"
	"homing/pkg/touch"
	"homing/pkg/webhook"
)

// bySMS has the rig's worker go by a channel.
func (r *rig) bySMS(e *homingtest.Endpoint) func(o *delivery.Options) {
	r.t.Helper()
	key, err := stdwebhook.Key(homingtest.EndpointSecret)
	if err != nil {
		r.t.Fatal(err)
	}
	words := email.New(email.Options{Store: r.programme(), Templates: func() (email.Renderer, string) { return renderer{r}, "12" },
		Unsubscribe: func(customer.Key, string) string { return "https://mail.shop.example/u" }})
	return func(o *delivery.Options) {
		o.Stores["main"].Workers[0].Policy.Channel = "sms"
		c := webhook.New(webhook.Options{Name: "sms", Store: "main", URL: "http://sms.test/homing", Keys: [][]byte{key}, Fields: []string{"locale", "email"},
			Timeout: 20 * time.Second, Connections: 4, Write: words.Write, Dial: e.Dial})
		r.t.Cleanup(c.Close)
		o.Routes["main"] = delivery.Route{Channel: c, Rate: r.rate}
	}
}

// byClass is a series of one step, of a class.
func byClass(c touch.Class) *series {
	return &series{steps: []touch.Step{{Name: "offer", Template: "win-back/offer", Class: c, Expires: 14 * day}}}
}

// told returns what became of touches, by their facts: "held throughput, sent sent". It is of
// some occasions, or of all.
func (r *rig) told(occasions ...string) string {
	var out []string
	for _, e := range r.timeline() {
		if f, ok := e.Event.Data.(events.Fact); ok && (len(occasions) == 0 || slices.Contains(occasions, f.Body().Occasion)) {
			if f.Body().Channel != "sms" || !strings.HasPrefix(string(f.Type()), "webhook.") {
				r.t.Errorf("%s is not of the channel: %+v", f.Type(), f.Body())
			}
			out = append(out, f.Type().Action()+" "+f.Body().Reason)
		}
	}
	return strings.Join(out, ", ")
}

func TestAMessageByAChannelSaysWhoAndWhat(t *testing.T) {
	bubble(t, byClass(touch.Marketing), func(r *rig) {
		e := homingtest.NewEndpoint(r.t)
		r.known("ann")
		due := r.touch("ann", "offer", "a", time.Minute, &touch.Snapshot{Order: "1001", To: "else@example.com", FirstName: "Ann",
			Items: []events.Item{{ProductID: "tea", Name: "Assam", Quantity: 2}}})
		r.start(r.bySMS(e))
		time.Sleep(time.Hour)
		got := e.Received()
		if len(got) != 1 || len(r.sink.Mails()) != 0 || r.told() != "sent sent" {
			t.Fatalf("%d requests, %d emails, %s", len(got), len(r.sink.Mails()), r.told())
		}
		if want := strings.ReplaceAll(due.ID(), ".", ":"); got[0].ID != want {
			t.Errorf("the id is %s, want %s", got[0].ID, want)
		}
		about := map[string]any{"order": "1001", "items": []any{map[string]any{"product_id": "tea", "name": "Assam", "quantity": 2.0}}}
		want := map[string]any{
			"channel": "sms", "store": "main", "touch": due.ID(), "worker": "win-back", "step": "offer", "occasion": "a", "class": "marketing",
			"due": due.Due.Format(time.RFC3339Nano), "customer": map[string]any{"id": "ann", "email": "ann@example.com"},
			"subject": "none", "text": "win-back/offer", "about": about,
		}
		if d := cmp.Diff(want, got[0].Data); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// status answers all requests but the first few with 200.
func status(code, few int, headers ...string) func(int, http.ResponseWriter) {
	return func(n int, w http.ResponseWriter) {
		if n > few {
			return
		}
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// mute takes the request and answers nothing.
func mute(int, http.ResponseWriter) { time.Sleep(time.Hour) }

// dropping takes the request and closes the connection.
func dropping(_ int, _ http.ResponseWriter) { panic(http.ErrAbortHandler) }

func TestWhatAnEndpointAnswersDecidesWhatBecomesOfAMessage(t *testing.T) {
	cases := map[string]struct {
		step     string
		answer   func(int, http.ResponseWriter)
		told     string
		requests int
		after    time.Duration // of the second request, at least
	}{
		"taken":         {"ask", status(200, 0), "sent sent", 1, 0},
		"500-twice":     {"ask", status(500, 2), "held throughput, held throughput, sent sent", 3, time.Minute},
		"429-in-10-min": {"ask", status(429, 1, "Retry-After", "600"), "held throughput, sent sent", 2, 10 * time.Minute},
		"503-at-three":  {"ask", status(503, 1, "Retry-After", "Sat, 01 Jan 2000 03:00:00 GMT"), "held throughput, sent sent", 2, 2 * time.Hour},
		"410":           {"ask", status(410, 9), "dropped unsubscribed", 1, 0},
		"422":           {"ask", status(422, 9), "dropped rejected_by_server", 1, 0},
		"401-then-good": {"ask", status(401, 1), "held throughput, sent sent", 2, 15 * time.Minute},
		"a-redirect":    {"ask", status(302, 1, "Location", "http://elsewhere.test/"), "held throughput, sent sent", 2, 15 * time.Minute},
		"slow":          {"ask", mute, "uncertain uncertain", 1, 0},
		"dropping":      {"ask", dropping, "uncertain uncertain", 1, 0},
		"504":           {"ask", status(504, 9), "uncertain uncertain", 1, 0},
		"told-slow":     {"tell", mute, "held throughput, held throughput, uncertain uncertain", 3, time.Minute},
		"told-dropping": {"tell", func(n int, w http.ResponseWriter) {
			if n == 1 {
				dropping(n, w)
			}
		}, "held throughput, sent sent", 2, time.Minute},
	}
	both := &series{steps: []touch.Step{{Name: "ask", Template: "win-back/offer", Class: touch.Marketing, Expires: 14 * day},
		{Name: "tell", Template: "win-back/offer", Class: touch.Transactional, Expires: 14 * day}}}
	bubble(t, both, func(r *rig) {
		e := homingtest.NewEndpoint(r.t)
		e.Answers(func(got homingtest.Received, n int, w http.ResponseWriter) {
			cases[got.Data["occasion"].(string)].answer(n, w)
		})
		for name, c := range cases {
			r.known(name)
			r.touch(name, c.step, name, time.Minute, nil)
		}
		p := r.start(r.bySMS(e))
		time.Sleep(8 * time.Hour)
		p.stop()
		of := map[string][]time.Time{}
		for _, got := range e.Received() {
			of[got.ID] = append(of[got.ID], got.At)
		}
		if len(of) != len(cases) {
			t.Errorf("%d ids, want %d", len(of), len(cases))
		}
		for name, c := range cases {
			at := of[strings.Join([]string{worker, c.step, r.key(name).Token, name}, ":")]
			if told := r.told(name); told != c.told || len(at) != c.requests {
				t.Errorf("%s: %s, %d requests", name, told, len(at))
			}
			if len(at) > 1 && at[1].Sub(at[0]) < c.after {
				t.Errorf("%s: the second came after %s", name, at[1].Sub(at[0]))
			}
		}
	})
}

func TestWhileAnEndpointIsAwayMessagesWait(t *testing.T) {
	bubble(t, byClass(touch.Marketing), func(r *rig) {
		e := homingtest.NewEndpoint(r.t)
		e.Away(true)
		r.known("ann", "bob")
		r.touch("ann", "offer", "a", time.Minute, nil)
		r.touch("bob", "offer", "b", time.Minute, nil)
		r.start(r.bySMS(e))
		time.Sleep(time.Hour)
		if r.told() != "" || r.held(reason.ChannelDown) == 0 || r.held(reason.SMTPDown) != 0 {
			t.Errorf("%s, %v", r.told(), r.holds)
		}
		e.Away(false)
		time.Sleep(time.Hour)
		if len(e.Received()) != 2 || r.told() != "sent sent, sent sent" {
			t.Errorf("%d requests, %s", len(e.Received()), r.told())
		}
	})
}

// Whenever the process dies, and another takes over: no message is sent twice, and none
// is lost without a word.
func TestAProcessThatDiesSendsNoMessageByAChannelTwice(t *testing.T) {
	for act, want := range map[string]string{
		"save":                   "sent sent",           // before the claim
		"saved":                  "uncertain uncertain", // after it: it may have left
		"append webhook.sent":    "sent sent",           // it has left, and the claim says so
		"mark webhook.sent":      "sent sent",
		"saved after it left":    "sent sent",
		"save after it has left": "uncertain uncertain",
	} {
		t.Run(act, func(t *testing.T) {
			bubble(t, byClass(touch.Marketing), func(r *rig) {
				e := homingtest.NewEndpoint(r.t)
				r.known("ann")
				r.touch("ann", "offer", "a", time.Minute, nil)
				n := 1
				if op, _, later := strings.Cut(act, " after"); later {
					act, n = op, 2
				}
				r.setFault(dieAt(act, n))
				p := r.start(r.bySMS(e))
				time.Sleep(2 * time.Minute)
				p.stop()
				r.setFault(nil)
				r.start(r.bySMS(e))
				time.Sleep(time.Hour)
				told := r.told()
				if first, _, _ := strings.Cut(told, ", "); first != want || strings.ReplaceAll(told, want+", ", "") != want {
					t.Errorf("%s, want %s", told, want)
				}
				if got := len(e.Received()); got > 1 || got == 0 && want == "sent sent" {
					t.Errorf("%d requests", got)
				}
			})
		})
	}
}

// A no to a channel, which its endpoint or the customer says, stops what goes by it, and no
// email; an address that bounced stops email alone.
func TestAChannelAndEmailAreRefusedEachForItself(t *testing.T) {
	bubble(t, byClass(touch.Transactional), func(r *rig) {
		e := homingtest.NewEndpoint(r.t)
		e.Answers(func(got homingtest.Received, _ int, w http.ResponseWriter) {
			if got.Data["occasion"] == "a" {
				w.WriteHeader(http.StatusGone)
			}
		})
		r.known("ann", "bob")
		r.touch("ann", "offer", "a", time.Minute, nil)
		p := r.start(r.bySMS(e))
		time.Sleep(time.Hour)
		bounced := customer.Entry{Key: r.ids.AddressKey("main", r.address("bob")), Event: events.Event{ID: "b", Source: "/test", Type: events.TypeAddressBounced,
			Store: "main", Time: time.Now(), Data: &events.AddressBounced{}}}
		if err := r.store.Fold(context.Background(), []customer.Entry{bounced}); err != nil {
			t.Fatal(err)
		}
		r.touch("ann", "offer", "b", time.Minute, nil)
		r.touch("bob", "offer", "b", time.Minute, nil)
		time.Sleep(time.Hour)
		if got := r.told(); got != "dropped unsubscribed, dropped unsubscribed, sent sent" && got != "dropped unsubscribed, sent sent, dropped unsubscribed" || len(e.Received()) != 2 {
			t.Errorf("%s, %d requests", got, len(e.Received()))
		}
		if c := r.customer("ann"); !c.Unsubscribed("channel-sms") || c.Unsubscribed(events.ScopeAll) || c.Unsubscribed(events.ScopeEverything) {
			t.Errorf("%+v", c.Stops)
		}
		p.stop()
		r.touch("ann", "offer", "c", time.Minute, nil)
		r.start()
		time.Sleep(time.Hour)
		if n := len(r.sink.Mails()); n != 1 {
			t.Errorf("%d emails", n)
		}
	})
}
