package replicas

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/link"
)

// Mailbox providers post a flood of one-click unsubscribes (RFC 8058) at the gateways of
// two replicas while emails go out. Each is answered, soon, and from its answer on that
// customer gets no marketing email. HOMING_CLICKS says how many come, 2,000 a second (make
// clicks); without it there are few.
func TestAFloodOfClicksWhileEmailsLeave(t *testing.T) {
	lengthy.Always(t)
	clicks, rate, patience := 600, 300, 5*time.Second
	if n, err := strconv.Atoi(os.Getenv("HOMING_CLICKS")); err == nil {
		clicks, rate, patience = n, 2000, time.Second
	} else {
		t.Parallel()
	}
	const who = 100 // of those that an email is due to, and as many who stay
	s := open(t, 2, strings.Replace(paced, "100", "50", 1)+marketing, nil)
	l := s.follow()
	s.happens(orders("95", 2*who, 1)...) // c-0 and so on
	until(t, "the first emails", 30*time.Second, func() bool { return len(s.sink.Mails()) > 0 })

	var mu sync.Mutex
	var took []time.Duration
	answers, left := map[int]int{}, map[string]time.Time{}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	defer client.CloseIdleConnections()
	way := ways(t)
	var all sync.WaitGroup
	began := time.Now()
	for i := range clicks {
		c := fmt.Sprintf("c-%d", i)
		if i >= who {
			c = fmt.Sprintf("x-%d", i)
		}
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		pause(time.Until(due))
		all.Go(func() {
			code, err := click(client, s.replicas[i%2], way(c))
			at := time.Now()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("click %d: %v", i, err)
			}
			answers[code]++
			took = append(took, at.Sub(due))
			left[c+"@example.com"] = at
		})
	}
	all.Wait()
	lasted := time.Since(began)
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	t.Logf("%d clicks in %.1f s, %.0f a second: p50 %v, p99 %v, at most %v; answers %v; %d emails left",
		clicks, lasted.Seconds(), float64(clicks)/lasted.Seconds(), p50.Round(time.Millisecond/10), p99.Round(time.Millisecond/10), took[clicks-1], answers, len(s.sink.Mails()))
	if answers[200]+answers[202] != clicks {
		t.Errorf("answers %v, and %d clicks", answers, clicks)
	}
	if p99 > patience {
		t.Errorf("of a hundred clicks one waited %v for its answer", p99)
	}

	// Each of them is in force: for what was due, and for those who order again.
	again := min(clicks-who, 300)
	for i := range again {
		s.happens(event(fmt.Sprintf("again-%d", i), 31*time.Minute, homingtest.Order(fmt.Sprintf("x-%d", clicks-1-i), fmt.Sprintf("96%d", i))))
	}
	outcomes := l.wait(2*who + again)
	s.stop()
	s.audit(l, 0)
	reasons := map[string]int{}
	for _, b := range outcomes {
		reasons[b.Reason]++
	}
	if reasons["sent"]+reasons["unsubscribed"] != len(outcomes) || reasons["unsubscribed"] < again || reasons["sent"] < who {
		t.Errorf("outcomes: %v", reasons)
	}
	t.Logf("outcomes: %v", reasons)
	for _, m := range s.sink.Mails() {
		if at, ok := left[m.To]; ok && m.At.Sub(at) > underWay {
			t.Errorf("an email came %v after the click was answered", m.At.Sub(at))
		}
	}
}

// ways returns the links that emails to customers carry.
func ways(t *testing.T) func(who string) string {
	t.Helper()
	id, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := link.New(homingtest.PublicURL, []link.Key{{ID: link.DerivedKey, Secret: homingtest.Secret}})
	if err != nil {
		t.Fatal(err)
	}
	return func(who string) string {
		return signer.URL(link.Link{Purpose: link.Unsubscribe, Customer: id.Key("main", who), Worker: "thank-you"})
	}
}

// click posts what a mailbox provider does, at a replica.
func click(client *http.Client, r *replica, way string) (int, error) {
	at := strings.Replace(way, homingtest.PublicURL, fmt.Sprintf("http://127.0.0.1:%d", r.links), 1)
	res, err := client.Post(at, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, cmp.Or(err, res.Body.Close())
}
