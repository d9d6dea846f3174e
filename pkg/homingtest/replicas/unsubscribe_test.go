package replicas

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"homing/pkg/homingtest"
)

// Many emails to each customer wait on three replicas when some of the customers
// unsubscribe by the link in an email, at the gateway of one. From its answer on
// they get no marketing mail.
func TestAnUnsubscribeHoldsOnAllReplicas(t *testing.T) {
	t.Parallel()
	const people, each = 30, 30
	s := open(t, replicas, strings.Replace(paced, "100", "120", 1)+marketing, slow)
	l := s.follow()
	s.happens(orders("60", people, each)...)
	until(t, "mails", 30*time.Second, func() bool { return len(s.sink.Mails()) >= 2*people })
	left := map[string]time.Time{} // when the gateway had answered, by address
	for _, m := range s.sink.Mails() {
		link := homingtest.Unsubscribe(m.Raw)
		if link == "" {
			t.Fatalf("a marketing email without a way out:\n%s", m.Raw)
		}
		if _, ok := left[m.To]; ok || len(left) == people/2 {
			continue
		}
		s.leave(s.replicas[len(left)%2], link)
		left[m.To] = time.Now()
	}
	outcomes := l.wait(people * each)
	s.stop()
	s.audit(l, 0)
	crossed := 0
	for _, m := range s.sink.Mails() {
		at, ok := left[m.To]
		switch after := m.At.Sub(at); {
		case !ok || after <= 0:
		case after <= underWay:
			crossed++
		default:
			t.Errorf("an email came %v after the unsubscribe was answered", after)
		}
	}
	reasons := map[string]int{}
	for id, b := range outcomes {
		reasons[b.Reason]++
		if b.Reason != "sent" && b.Reason != "unsubscribed" {
			t.Errorf("%s: %s", id, b.Reason)
		}
	}
	if reasons["unsubscribed"] < people {
		t.Errorf("too few were left to be stopped: %v", reasons)
	}
	t.Logf("%v; %d emails were on their way when the gateway answered", reasons, crossed)
}

// underWay is how long an email may be on its way that was claimed before.
const underWay = time.Second

// leave follows a link as a mailbox provider does (RFC 8058), at one replica.
func (s *shop) leave(r *replica, link string) {
	s.t.Helper()
	at := fmt.Sprintf("http://127.0.0.1:%d", r.links)
	res, err := http.Post(strings.Replace(link, homingtest.PublicURL, at, 1), "application/x-www-form-urlencoded",
		strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("the gateway answers %s", res.Status)
	}
}
