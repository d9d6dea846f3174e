package replicas

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// shares are a process that takes events in, and one for each of two partitions.
var shares = [][]string{{"intake"}, {"thank-you", "--partitions", "0"}, {"thank-you", "--partitions", "1"}}

// in returns n ids of customers of one of two partitions.
func in(t *testing.T, partition, n int) (out []string) {
	id, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; len(out) < n; i++ {
		who := fmt.Sprint("c-", i)
		if bus.Partitions(2).Of(id.Key("main", who).Bucket) == partition {
			out = append(out, who)
		}
	}
	return out
}

// ordered is an order of somebody, some time ago.
func ordered(who, number string, ago time.Duration) events.Event {
	return event("e-"+number, ago, homingtest.Order(who, number))
}

// mailsTo returns when emails arrived at the addresses of some ids.
func (s *shop) mailsTo(ids []string) map[string][]time.Time {
	out := map[string][]time.Time{}
	for _, m := range s.sink.Mails() {
		out[m.To] = append(out[m.To], m.At)
	}
	mails := map[string][]time.Time{}
	for _, who := range ids {
		if at := out[who+"@example.com"]; at != nil {
			mails[who] = at
		}
	}
	return mails
}

// Two partitions, each with a process of its own. That of the second is killed: emails of
// the first leave at their time, its own wait, and leave once each when it is back.
// Then all processes are killed again and again. Nothing is lost, nothing is doubled, and
// people with an id in each partition get what the cap allows one person.
func TestPartitionsWithProcessesOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := &shop{t: t, nats: startNATS(t), copies: 1, partitions: 2, shares: shares,
		more: `pacing: {quiet_hours: {from: "00:00", to: "00:00"}, throughput: {per_second: 0}, frequency: [{limit: 2, window: 1h}]}` + "\n" + marketing}
	s.natsURL = s.nats.url
	s.open(len(shares), slow)
	l := s.follow()
	const each = 60
	s.oneIsKilled(l, in(t, 0, each), in(t, 1, each))

	n := kills(8)
	first, second := in(t, 0, each+60*n), in(t, 1, each+60*n)
	first, second = first[each:], second[each:]
	const people, limit = 30, 2 // with an id in each, and two orders of each id
	var orders []events.Event
	for i := range people {
		for _, who := range []string{first[i], second[i], first[i], second[i]} {
			e := ordered(who, fmt.Sprint("both-", len(orders)), 31*time.Minute)
			e.Data.(*events.OrderPlaced).Customer.Email = fmt.Sprintf("both-%d@example.com", i)
			orders = append(orders, e)
		}
	}
	for _, who := range slices.Concat(first[people:], second[people:]) {
		orders = append(orders, ordered(who, "later-"+who, 31*time.Minute))
	}
	s.happens(orders...)
	killed := make([]int, len(shares))
	for range n {
		pause(time.Duration(200+rand.IntN(300)) * time.Millisecond)
		i := rand.IntN(len(shares))
		killed[i]++
		s.replicas[i].restart()
	}
	touches := 2*each + len(orders)
	l.wait(touches - people*2*limit + people*limit)
	until(t, "a word on each touch", time.Minute, func() bool { return len(l.all()) >= touches })
	s.stop()
	f := s.audit(l, n)
	t.Logf("intake and the partitions were killed %v times: %d emails, %d doubled, %d uncertain", killed, f.mails, f.doubled, f.uncertain)
	if want := touches - people*(4-limit); f.mails > want || f.mails+f.uncertain < want {
		t.Errorf("%d emails and %d uncertain, of %d that the cap allows", f.mails, f.uncertain, want)
	}
	both := map[string]int{}
	for _, m := range s.sink.Mails() {
		both[m.To]++
	}
	for i := range people {
		if who := fmt.Sprintf("both-%d@example.com", i); both[who] > limit {
			t.Errorf("%s got %d emails under two ids, and may get %d", who, both[who], limit)
		}
	}
}

// oneIsKilled kills the process of the second partition under emails that fall due.
func (s *shop) oneIsKilled(l *ledger, first, second []string) {
	s.t.Helper()
	due := map[string]time.Time{}
	var all []events.Event
	for i := range first {
		for _, who := range []string{first[i], second[i]} {
			e := ordered(who, "due-"+who, 30*time.Minute-4*time.Second-time.Duration(i)*50*time.Millisecond)
			due[who] = e.Time.Add(30 * time.Minute)
			all = append(all, e)
		}
	}
	s.happens(all...)
	s.takenIn()
	until(s.t, "emails of both", time.Minute, func() bool { return len(s.mailsTo(first)) > 3 && len(s.mailsTo(second)) > 3 })
	s.replicas[2].kill()
	killed := time.Now()
	pause(200 * time.Millisecond) // what it had handed over arrives
	before := len(s.mailsTo(second))
	until(s.t, "the emails of the partition that has a process", time.Minute, func() bool { return len(s.mailsTo(first)) == len(first) })
	last := due[second[len(second)-1]]
	pause(time.Until(last.Add(2 * time.Second)))
	if now := len(s.mailsTo(second)); now != before {
		s.t.Errorf("%d emails of a partition left without its process", now-before)
	}
	var late []time.Duration
	for who, at := range s.mailsTo(first) {
		if due[who].After(killed) {
			late = append(late, at[0].Sub(due[who]))
		}
	}
	slices.Sort(late)
	if len(late) == 0 || before == len(second) {
		s.t.Fatal("nothing fell due while the process was away: nothing is shown")
	}
	began := time.Now()
	s.replicas[2].start()
	// What was under way when it was killed may remain uncertain, as the audit allows.
	until(s.t, "a word on the emails that waited", 2*time.Minute, func() bool { return l.count() == len(first)+len(second) })
	if n := len(s.mailsTo(second)); n < len(second)-connections {
		s.t.Errorf("%d emails of the second partition arrived, of %d", n, len(second))
	}
	s.t.Logf("without a process for the second partition %d emails of the first left %v after their time, at most %v; %d of the second waited, and had left %v after its process was started again",
		len(late), late[len(late)/2].Round(time.Millisecond), late[len(late)-1].Round(time.Millisecond), len(second)-before, time.Since(began).Round(time.Millisecond))
}

// The server that leads the streams of the second partition, in a cluster of three that
// keep three copies, is killed, and stays away while emails of both partitions leave. Nothing
// is lost, and nothing is sent twice.
func TestTheLeaderOfAPartitionIsKilled(t *testing.T) {
	t.Parallel()
	lengthy.Always(t)
	members, urls := startCluster(t)
	s := &shop{t: t, natsURL: urls, copies: 3, partitions: 2, shares: shares,
		more: `pacing: {quiet_hours: {from: "00:00", to: "00:00"}, throughput: {per_second: 40}, frequency: []}` + "\n" + marketing}
	s.open(len(shares), nil)
	l := s.follow()
	const each = 200
	first, second := in(t, 0, each), in(t, 1, each)
	var all []events.Event
	for i := range first {
		all = append(all, ordered(first[i], "o-"+first[i], 31*time.Minute), ordered(second[i], "o-"+second[i], 31*time.Minute))
	}
	victim := s.apart()
	s.happens(all...)
	left := func(ids []string) int { return len(s.mailsTo(ids)) }
	until(t, "emails of both", time.Minute, func() bool { return left(first) > 10 && left(second) > 10 })
	killed := time.Now()
	for _, m := range members {
		if m.name == victim {
			m.kill()
		}
	}
	a, b := left(first), left(second)
	until(t, "emails of the other partition", time.Minute, func() bool { return left(first) > a+10 })
	other := time.Since(killed)
	until(t, "emails of the partition, which has another leader", time.Minute, func() bool { return left(second) > b+10 })
	t.Logf("%s, which led the second partition alone, was killed: ten emails of the first had left %v later, ten of the second %v later",
		victim, other.Round(time.Millisecond), time.Since(killed).Round(time.Millisecond))
	for _, m := range members {
		if m.name == victim {
			m.start(t)
		}
	}
	outcomes := l.wait(2 * each)
	s.stop()
	s.audit(l, 0)
	allSent(t, outcomes, 2*each)
	t.Logf("the longest silence: %v of the first partition, %v of the second", s.silence(first, killed), s.silence(second, killed))
}

// silence is the longest time without an email to any of some ids, from a time on.
func (s *shop) silence(ids []string, from time.Time) (longest time.Duration) {
	at := []time.Time{from}
	for _, m := range s.mailsTo(ids) {
		at = append(at, m...)
	}
	slices.SortFunc(at, time.Time.Compare)
	for i := 1; i < len(at); i++ {
		if !at[i-1].Before(from) {
			longest = max(longest, at[i].Sub(at[i-1]))
		}
	}
	return longest.Round(time.Millisecond)
}

// apart returns the name of the server that leads the second partition's timeline, once it
// leads nothing that the first partition needs: what it leads of that is told to find
// another leader.
func (s *shop) apart() (victim string) {
	s.t.Helper()
	n := s.partitions
	timeline, schedule := n.Timeline(0), n.Schedule("thank-you", 0)
	until(s.t, "a leader for each partition", time.Minute, func() bool {
		victim = s.leader(n.Timeline(1))
		apart := victim != ""
		move := func(leads, what string) {
			if leads == victim {
				apart = false
				_, _ = s.js.Conn().Request("$JS.API."+what, nil, time.Second)
				pause(200 * time.Millisecond)
			}
		}
		for _, stream := range []string{bus.Storefront, timeline, schedule, "KV_" + bus.ControlsBucket} {
			move(s.leader(stream), "STREAM.LEADER.STEPDOWN."+stream)
		}
		for stream, consumer := range map[string]string{bus.Storefront: bus.IntakeConsumer, timeline: n.Plan("thank-you", 0), schedule: n.Due("thank-you", 0)} {
			c, err := s.js.Consumer(s.t.Context(), stream, consumer)
			if err != nil || c.CachedInfo().Cluster == nil {
				apart = false
				continue
			}
			move(c.CachedInfo().Cluster.Leader, "CONSUMER.LEADER.STEPDOWN."+stream+"."+consumer)
		}
		return apart
	})
	return victim
}
