package homingtest_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/devstack"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/link"
)

// oneClick is what a mailbox provider posts (RFC 8058).
var oneClick = url.Values{"List-Unsubscribe": {"One-Click"}}

// firstMail has ann order, waits for her email and returns the link in it.
func firstMail(t *testing.T, w *homingtest.World) string {
	t.Helper()
	w.Publish("main", homingtest.Order("ann", "1001"))
	time.Sleep(time.Hour)
	mails := w.Sink.Mails()
	if len(mails) != 1 {
		t.Fatalf("%d emails, want 1", len(mails))
	}
	link := homingtest.Unsubscribe(mails[0].Raw)
	if link == "" || !strings.Contains(mails[0].Raw, "\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n") {
		t.Fatalf("no way out in\n%s", mails[0].Raw)
	}
	return link
}

// afterFirstMail runs a test in a world in which ann has her first email. way is the
// link in it; with says what differs there from the start.
func afterFirstMail(t *testing.T, test func(t *testing.T, w *homingtest.World, way string), with ...func(w *homingtest.World)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, marketing)
		for _, f := range with {
			f(w)
		}
		w.Start()
		test(t, w, firstMail(t, w))
	})
}

// unsubscribes returns the events by which customers left.
func unsubscribes(w *homingtest.World) []events.Event {
	return slices.DeleteFunc(w.Timeline(), func(e events.Event) bool { return e.Type != events.TypeCustomerUnsubscribed })
}

// A click on the link of one email is in force for the next, which is pending.
func TestACustomerWhoLeavesByTheLinkGetsNoPendingEmail(t *testing.T) {
	for _, c := range []struct {
		name string
		form url.Values
		want string
	}{
		{"one click", oneClick, "all"},
		{"this kind of mail, on the page", url.Values{"scope": {"thank-you"}}, "thank-you"},
	} {
		t.Run(c.name, func(t *testing.T) {
			afterFirstMail(t, func(t *testing.T, w *homingtest.World, link string) {
				w.Publish("main", homingtest.Order("ann", "1002"))
				time.Sleep(time.Minute)
				for _, method := range []string{"GET", "HEAD"} {
					if code, _, _ := w.Request(method, link, nil); code != 200 {
						t.Errorf("%s: %d", method, code)
					}
				}
				if got := unsubscribes(w); len(got) > 0 {
					t.Fatalf("GET or HEAD unsubscribed: %+v", got)
				}
				for range 2 { // a click, and the same once more
					if code, _, body := w.Request("POST", link, c.form); code != 200 || !strings.Contains(body, "unsubscribed") {
						t.Fatalf("%d %s", code, body)
					}
					time.Sleep(20 * time.Second)
				}
				got := unsubscribes(w)
				if len(got) != 1 {
					t.Fatalf("%d events, want 1", len(got))
				}
				u := got[0].Data.(*events.CustomerUnsubscribed)
				if u.Scope != c.want || u.Customer.ID != "ann" || u.Customer.Email != "" || got[0].Source != "/homing/gateway" {
					t.Errorf("%+v from %s", u, got[0].Source)
				}
				time.Sleep(17 * time.Hour) // the cap lets the next go after sixteen
				if d := cmp.Diff([]string{"sent", "unsubscribed"}, outcomes(w)); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// A customer who comes back, by a yes of their own, can leave again by the same old
// link, even if the shop's clock is ahead.
func TestTheSameLinkWorksAgain(t *testing.T) {
	afterFirstMail(t, func(t *testing.T, w *homingtest.World, link string) {
		w.Request("POST", link, oneClick)
		time.Sleep(17 * time.Hour)
		ahead := time.Now().Add(2 * time.Minute)
		w.PublishEvent(events.Event{ID: "back", Source: "/test", Type: events.TypeCustomerUpdated, Store: "main", Time: ahead,
			Data: &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.Subscribed, At: &ahead}}}})
		w.Publish("main", homingtest.Order("ann", "1002"))
		time.Sleep(time.Second)
		w.Request("POST", link, oneClick)
		time.Sleep(time.Hour)
		if d := cmp.Diff([]string{"sent", "unsubscribed"}, outcomes(w)); d != "" {
			t.Error(d)
		}
	})
}

// The way out does not wait for intake: here intake does not run at all.
func TestLeavingDoesNotWaitForIntake(t *testing.T) {
	afterFirstMail(t, func(t *testing.T, w *homingtest.World, link string) {
		w.Publish("main", homingtest.Order("ann", "1002"))
		time.Sleep(time.Minute)
		w.Stop()
		w.Start("gateway", "thank-you")
		if code, _, _ := w.Request("POST", link, oneClick); code != 200 {
			t.Fatal(code)
		}
		time.Sleep(17 * time.Hour)
		if d := cmp.Diff([]string{"sent", "unsubscribed"}, outcomes(w)); d != "" {
			t.Error(d)
		}
	})
}

// While NATS is away nothing is "done".
func TestWithoutNATSNobodyIsToldItIsDone(t *testing.T) {
	afterFirstMail(t, func(t *testing.T, w *homingtest.World, link string) {
		w.NATS.Stop()
		time.Sleep(time.Second)
		if code, _, _ := w.Request("GET", link, nil); code != 200 {
			t.Errorf("the page needs no server: %d", code)
		}
		code, header, body := w.Request("POST", link, oneClick)
		if code != 503 || header.Get("Retry-After") == "" || !strings.Contains(body, "try again") {
			t.Errorf("%d, Retry-After %q, %s", code, header.Get("Retry-After"), body)
		}
	})
}

// The headers of the way out are covered by the signature.
func TestTheWayOutIsSigned(t *testing.T) {
	key := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(key, newKey(t), 0o600); err != nil {
		t.Fatal(err)
	}
	afterFirstMail(t, func(t *testing.T, w *homingtest.World, link string) {
		mail := w.Sink.Mails()[0].Raw
		signed := signedHeaders(t, mail)
		for _, name := range []string{"list-unsubscribe", "list-unsubscribe-post", "from"} {
			if !slices.Contains(signed, name) {
				t.Errorf("%s is not signed; signed are %v", name, signed)
			}
		}
		for _, part := range parts(t, mail) {
			if !strings.Contains(part, link) || !strings.Contains(part, "1 High Street, Exampleton") {
				t.Errorf("no link or no postal address in\n%s", part)
			}
		}
	}, func(w *homingtest.World) {
		s := w.Config.Stores["main"]
		s.DKIM.Domain, s.DKIM.Selector, s.DKIM.KeyFile = "shop.example", "homing", key
		w.Config.Stores["main"] = s
	})
}

// Keys change; the links in emails that were sent do not.
func TestLinksOutliveAChangeOfKeys(t *testing.T) {
	afterFirstMail(t, func(t *testing.T, w *homingtest.World, first string) {
		w.Stop()
		w.Config.LinkKeys = []config.LinkKey{{ID: "k2026", Secret: "a link key that only tests use, 32+ bytes"}}
		w.Start()
		w.Publish("main", homingtest.Order("bob", "1002"))
		time.Sleep(time.Hour)
		mails := w.Sink.Mails()
		second := homingtest.Unsubscribe(mails[len(mails)-1].Raw)
		if !strings.HasPrefix(second, homingtest.PublicURL+"/u/k2026.") {
			t.Errorf("the new key does not sign: %s", second)
		}
		for _, link := range []string{first, second} {
			if code, _, _ := w.Request("POST", link, oneClick); code != 200 {
				t.Errorf("%d for %s", code, link)
			}
		}
		w.Stop()
		w.Config.LinkKeys = nil // it has leaked
		w.Start()
		if code, _, _ := w.Request("POST", second, oneClick); code != 403 {
			t.Errorf("%d for a link of a key that was taken away", code)
		}
		if n := len(unsubscribes(w)); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
	})
}

// A gateway alone, with real servers: while NATS is away nothing is "done", and when it
// is back it is. Without Redis it is left for intake.
func TestAServerThatIsAwayAndComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, err := devstack.StartNATS(devstack.NATSOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	redis := homingtest.StartRedis(t)
	c := homingtest.Config(t, "")
	c.NATS.URL, c.Redis.URL = config.URL(server.URL()), config.URL(redis.URL())
	c.HTTP.Listen, c.HTTP.Gateway = "127.0.0.1:0", "127.0.0.1:0"
	a, err := app.New(app.Options{Config: c, Roles: []string{app.RoleGateway}, Log: zap.NewNop(), Templates: homingtest.Templates(), Load: homingtest.Load})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(t.Context()) })
	customers := 0
	post := func(want int) {
		t.Helper()
		customers++ // who has left a moment ago need not leave again
		to := "http://" + a.GatewayAddr() + linkOf(t, fmt.Sprint("customer-", customers))[len(homingtest.PublicURL):]
		var code int
		for range 150 {
			res, err := http.PostForm(to, oneClick)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if code = res.StatusCode; code == want {
				return
			}
			<-time.After(100 * time.Millisecond)
		}
		t.Fatalf("%d, want %d", code, want)
	}
	post(200)
	redis.Kill()
	post(202) // in force before the next email
	port := server.Server().Addr().(*net.TCPAddr).Port
	server.Stop()
	post(503)
	redis.Restart()
	post(503)
	if server, err = devstack.StartNATS(devstack.NATSOptions{Dir: dir, Port: port}); err != nil {
		t.Fatal(err)
	}
	post(200)
}

// Redis takes connections and answers nothing: everybody gets an answer in time, and
// where NATS hangs too is asked to come again.
func TestWhileRedisHangsEveryClickIsAnswered(t *testing.T) {
	lengthy.Always(t)
	t.Parallel()
	dir := t.TempDir()
	server, err := devstack.StartNATS(devstack.NATSOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	redis := homingtest.StartRedis(t)
	c := homingtest.Config(t, "")
	c.NATS.URL, c.Redis.URL = config.URL(server.URL()), config.URL(redis.URL())
	c.HTTP.Listen, c.HTTP.Gateway = "127.0.0.1:0", "127.0.0.1:0"
	a, err := app.New(app.Options{Config: c, Roles: []string{app.RoleGateway}, Log: zap.NewNop(), Templates: homingtest.Templates(), Load: homingtest.Load})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	post := func(who string) (int, string, error) {
		res, err := http.PostForm("http://"+a.GatewayAddr()+linkOf(t, who)[len(homingtest.PublicURL):], oneClick)
		if err != nil {
			return 0, "", err
		}
		_ = res.Body.Close()
		return res.StatusCode, res.Header.Get("Retry-After"), nil
	}
	works := func(who string) {
		t.Helper()
		for range 300 {
			if code, _, err := post(who); err == nil && code == 200 {
				return
			}
			<-time.After(100 * time.Millisecond)
		}
		t.Fatal("not recorded after half a minute")
	}
	works("first")
	redis.Hang()
	t.Cleanup(redis.Wake)
	clicks := func(want int, retry bool) {
		t.Helper()
		var all sync.WaitGroup
		for i := range 60 { // more than are recorded at once
			all.Go(func() {
				if code, again, err := post(fmt.Sprint("c", i)); err != nil || code != want || (again != "") != retry {
					t.Errorf("click %d: %d, Retry-After %q, %v", i, code, again, err)
				}
			})
		}
		all.Wait()
	}
	clicks(202, false)
	res, err := http.Get("http://" + a.Addr() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 503 {
		t.Errorf("ready, and Redis hangs: %d", res.StatusCode)
	}
	port := server.Server().Addr().(*net.TCPAddr).Port
	server.Stop()
	clicks(503, true)
	if server, err = devstack.StartNATS(devstack.NATSOptions{Dir: dir, Port: port}); err != nil {
		t.Fatal(err)
	}
	redis.Wake()
	works("c0")
}

// linkOf is the link that an email to the customer would carry.
func linkOf(t *testing.T, who string) string {
	t.Helper()
	id, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	s, err := link.New(homingtest.PublicURL, []link.Key{{ID: link.DerivedKey, Secret: homingtest.Secret}})
	if err != nil {
		t.Fatal(err)
	}
	return s.URL(link.Link{Purpose: link.Unsubscribe, Customer: id.Key("main", who), Worker: "thank-you"})
}

// A shop whose clock is ahead told of a yes under another id of hers. Who leaves by the
// link leaves after that.
func TestANoByTheLinkIsLaterThanAYesUnderAnotherId(t *testing.T) {
	afterFirstMail(t, func(t *testing.T, w *homingtest.World, link string) {
		var address string
		for _, e := range w.Timeline() {
			if d, ok := e.Data.(*events.OrderPlaced); ok {
				address = d.Email
			}
		}
		ahead := time.Now().Add(4 * time.Minute).UTC()
		d := &events.CustomerUpdated{Customer: events.Customer{ID: "ann-2", Email: address, Consent: &events.Consent{Email: events.Subscribed, At: &ahead}}}
		w.PublishEvent(events.Event{ID: "yes", Source: "/shop", Store: "main", Type: d.Type(), Time: ahead, Data: d})
		time.Sleep(time.Second)
		if code, _, _ := w.Request("POST", link, oneClick); code != 200 {
			t.Fatalf("unsubscribing: %d", code)
		}
		if got := unsubscribes(w); len(got) != 1 || got[0].Time.Before(ahead.Truncate(time.Millisecond)) {
			t.Errorf("she left with %+v, before the yes of %s", got, ahead)
		}
	})
}
