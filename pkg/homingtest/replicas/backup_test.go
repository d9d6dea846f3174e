package replicas

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest/lengthy"
)

// A backup is taken while emails go out, and the original goes on for a while before it is
// lost with its NATS and its Redis. The backup is brought back to new servers, with the
// commands that an operator has: it sends nothing until it is adopted. Then no email that
// the original handed over leaves again, also of orders that the backup does not know and
// the shop publishes again, and what falls due after the end of the original leaves once.
func TestABackupIsBroughtBackToNewServers(t *testing.T) {
	lengthy.Always(t)
	t.Parallel()
	const now, later, unknown, fresh = 60, 20, 10, 10
	pacing := `pacing: {quiet_hours: {from: "00:00", to: "00:00"}, throughput: {per_second: 15}, frequency: []}` + "\n"
	s := &shop{t: t, nats: startNATS(t), copies: 1, partitions: 2, more: pacing + marketing}
	s.natsURL = s.nats.url
	s.open(1, nil)
	l := s.follow()
	due := map[string]time.Time{} // of each order's email
	placed := func(prefix string, n int, ago time.Duration) (out []events.Event) {
		for i := range n {
			number := fmt.Sprint(prefix, "-", i)
			e := ordered("c-"+number, number, ago)
			due[number] = e.Time.Add(30 * time.Minute)
			out = append(out, e)
		}
		return out
	}
	s.happens(placed("now", now, 31*time.Minute)...)
	s.happens(placed("later", later, 30*time.Minute-16*time.Second)...)
	s.takenIn()
	until(t, "emails", time.Minute, func() bool { return l.count() >= now/6 })
	dir := filepath.Join(t.TempDir(), "backup")
	s.homing("backup", dir)
	inBackup := l.count() // or a few less
	since := placed("since", unknown, 31*time.Minute)
	s.happens(since...)
	s.takenIn()
	until(t, "more emails", time.Minute, func() bool { return l.count() >= now/2 })
	s.replicas[0].kill()
	end := time.Now().UTC().Add(time.Second).Truncate(time.Second) // as --until has it
	pause(time.Until(end))
	s.nats.kill()
	s.redis.Kill()
	before := len(s.sink.Mails())

	twin := &shop{t: t, nats: startNATS(t), copies: 1, partitions: 2, more: s.more, relay: s.sinkAddr}
	twin.natsURL = twin.nats.url
	twin.open(0, nil)
	r := twin.prepare()
	twin.replicas = []*replica{r}
	twin.homing("restore", dir)
	r.start()
	twin.unadopted(r)
	twin.homing("rebuild")
	twin.happens(since...)
	pause(time.Second)
	twin.unadopted(r)
	if n := len(s.sink.Mails()); n != before {
		t.Fatalf("the copy sent %d emails before it was adopted", n-before)
	}
	twin.homing("adopt", "--yes", "--until", end.Format(time.RFC3339))
	r.awaitReady()
	twin.happens(placed("fresh", fresh, 30*time.Minute-time.Until(end.Add(time.Second)))...)
	known := twin.follow()
	until(t, "all that was planned being done with", 2*time.Minute, func() bool {
		return twin.left(bus.Storefront) == 0 && twin.left(bus.Timeline) == 0 && twin.left("SCHEDULE-thank-you") == 0
	})
	twin.stop()
	outcomes := map[string]events.Email{} // of each order
	for touch, b := range known.outcomes() {
		outcomes[touch[strings.LastIndex(touch, ".")+1:]] = b
	}

	mails := map[string]int{} // of each order
	for _, m := range s.sink.Mails() {
		who, _, _ := strings.Cut(m.To, "@")
		mails[strings.TrimPrefix(who, "c-")]++
	}
	reasons := map[string]int{}
	for number, at := range due {
		b, is := outcomes[number]
		if !is { // done with while the backup was taken: on neither of two streams
			b.Reason = "unknown"
		}
		reasons[b.Reason]++
		switch n := mails[number]; {
		case n > 1:
			t.Errorf("the email about %s left %d times", number, n)
		case at.After(end) && b.Reason != "sent",
			n == 0 && b.Reason != "uncertain",
			b.Reason != "sent" && b.Reason != "uncertain" && b.Reason != "unknown":
			t.Errorf("%s, due %v after the original had ended: %d emails, %s %s", number, at.Sub(end), n, b.Reason, b.Detail)
		}
	}
	t.Logf("the backup knows of about %d emails, the original sent %d, its copy %d; of %d touches it says %v", inBackup, before, len(s.sink.Mails())-before, len(due), reasons)
	if before <= inBackup || reasons["uncertain"] == 0 || len(s.sink.Mails()) < before+fresh {
		t.Error("the original sent nothing after the backup, or its copy nothing: nothing is shown")
	}
}

// left is how many messages are still to be done with: of the streams with a name, or one
// that begins so, by Homing.
func (s *shop) left(stream string) (n int) {
	s.t.Helper()
	for name := range s.js.StreamNames(s.t.Context()).Name() {
		if name != stream && !strings.HasPrefix(name, stream+"-") {
			continue
		}
		x, err := s.js.Stream(s.t.Context(), name)
		if err != nil {
			s.t.Fatal(err)
		}
		for c := range x.ListConsumers(s.t.Context()).Info() {
			if c.Config.Durable != "" { // others are of tests, and a backup has those too
				n += int(c.NumPending) + c.NumAckPending
			}
		}
		if strings.HasPrefix(name, "SCHEDULE-") {
			n += int(x.CachedInfo().State.Msgs)
		}
	}
	return n
}

// unadopted waits until a replica says that this may be a copy.
func (s *shop) unadopted(r *replica) {
	s.t.Helper()
	until(s.t, "a replica that waits to be adopted", time.Minute, func() bool {
		res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", r.listen))
		if err != nil {
			return false
		}
		defer res.Body.Close()
		said, err := io.ReadAll(res.Body)
		return err == nil && res.StatusCode == http.StatusServiceUnavailable && strings.Contains(string(said), "unadopted")
	})
}
