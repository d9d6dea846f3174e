package doctor_test

import (
	"strings"
	"testing"
	"time"

	"homing/pkg/doctor"
)

// says fails unless one of the findings is of a level, and says this and what to do.
func says(t *testing.T, found []doctor.Finding, level doctor.Level, text, do string) {
	t.Helper()
	for _, f := range found {
		if f.Level == level && strings.Contains(f.About+": "+f.Text, text) && strings.Contains(f.Do, do) {
			return
		}
	}
	t.Errorf("no %s with %q and what to do, %q, in %+v", level, text, do, found)
}

func TestClocksThatDiffer(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration
		level doctor.Level
		text  string
	}{
		{0, doctor.OK, "agrees with that of Redis"},
		{2 * time.Second, doctor.OK, "2s ahead of"},
		{-2100 * time.Millisecond, doctor.Warning, "2.1s behind that of Redis"},
		{5001 * time.Millisecond, doctor.Trouble, "5s ahead of"},
		{-10 * time.Minute, doctor.Trouble, "10m0s behind"},
	} {
		do := "chronyc"
		if c.level == doctor.OK {
			do = ""
		}
		says(t, doctor.JudgeClocks([]doctor.Clock{{Whose: "Redis", Ahead: c.ahead}}), c.level, c.text, do)
	}
	says(t, doctor.JudgeClocks([]doctor.Clock{{Whose: "Redis", Err: "no answer in time"}}), doctor.Warning, "could not be looked at", "--timeout")
}

func TestWhatWaits(t *testing.T) {
	q := func(first, later uint64, pulls int, held string) doctor.Queue {
		return doctor.Queue{Consumer: "due-birthday", Role: "birthday", Waiting: first, Later: later, Between: 2 * time.Second, Pulls: pulls, Held: held}
	}
	for _, c := range []struct {
		queue    doctor.Queue
		roles    string
		level    doctor.Level
		text, do string
	}{
		{q(0, 0, 1, ""), "birthday", doctor.OK, "nothing waits", ""},
		{q(50, 60, 1, ""), "birthday", doctor.OK, "60 messages wait, and somebody works on it", ""},
		{q(5000, 9000, 1, ""), "birthday", doctor.Warning, "9,000 messages wait, and it grows by 2,000 a second", "homing run birthday"},
		{q(9000, 5000, 0, ""), "birthday", doctor.Note, "shrinks by 2,000 a second: empty in about 3s", ""},
		{q(5000, 5000, 0, ""), "birthday", doctor.Warning, "does not get shorter", "/readyz"},
		{q(7, 7, 0, ""), "intake", doctor.Trouble, "no process asks for them", "homing run birthday"},
		{q(7, 7, 0, "paused"), "intake", doctor.Note, "held: paused", "homing resume birthday"},
	} {
		says(t, doctor.JudgeLag([]doctor.Queue{c.queue}, []string{c.roles}), c.level, c.text, c.do)
	}
}

// What cannot be seen of one server with real ones.
func TestServersThatAreNotWell(t *testing.T) {
	item := doctor.Item{Kind: "stream", Name: "TIMELINE", Offline: []string{"n3"}, Differ: []doctor.Difference{{Field: "replicas", Have: "1", Want: "3"}}}
	found := doctor.JudgeStreams([]doctor.Item{item})
	says(t, found, doctor.Warning, "a server that is away: n3", "start that server again")
	says(t, found, doctor.Warning, "replicas is 1, and homing setup would make it 3", "nats.replicas")
	says(t, doctor.JudgeStreams([]doctor.Item{{Kind: "bucket", Name: "controls", Missing: true}, {Kind: "stream", Name: "TIMELINE"}}), doctor.Trouble, "what was paused", "--pause-all")

	found = doctor.JudgeStreams([]doctor.Item{{Kind: "stream", Name: "TIMELINE", Err: "no answer in time"}, {Kind: "bucket", Name: "controls", Err: "no answer in time"}})
	if len(found) != 1 {
		t.Errorf("%+v", found)
	}
	says(t, found, doctor.Trouble, "no answer in time", "nats.domain")

	node := doctor.RedisNode{Addr: "r1", Version: "6.2.1", Policy: "noeviction", Limit: 1 << 30, Used: 1 << 20, AOF: true, AOFBad: true, SaveBad: true, Evicted: 3, Replica: true}
	found = doctor.JudgeRedis([]doctor.RedisNode{node})
	for text, do := range map[string]string{"is Redis 6.2.1": "update", "could not write its append-only file": "free space", "last snapshot": "free space", "thrown away 3 keys": "homing rebuild", "is a replica": "redis+sentinel"} {
		says(t, found, doctor.Trouble, text, do)
	}

	says(t, doctor.JudgeRedis([]doctor.RedisNode{{Version: "6.2.1", Policy: "noeviction", AOF: true}}), doctor.Trouble, "is Redis 6.2.1", "update") // its memory is not known

	store := doctor.Store{Limit: 100 << 30, Used: 1 << 30, Reserved: 97 << 30, Disk: &doctor.Disk{Server: "n1", Limit: 100 << 30, Used: 1 << 30, Free: 1 << 20}}
	store.Streams = []doctor.StreamSize{{Name: "TIMELINE", Bytes: 85 << 20, Max: 100 << 20, Refuses: true, First: time.Now().Add(-85 * 24 * time.Hour), Last: time.Now()}}
	found = doctor.JudgeStorage(store, "")
	says(t, found, doctor.Trouble, "NATS account: 97.0 GiB of 100 GiB", "max_store")
	says(t, found, doctor.Trouble, "less than max_file_store promises", "free space")
	says(t, found, doctor.Warning, "TIMELINE: 85.0 MiB of 100 MiB used; full in about 15 days", "nats.streams.timeline.max_bytes")

	found = doctor.JudgeVersions(doctor.VersionFacts{TooOld: "this is nats-server 2.10", ZonesOld: "the time zones are of 2020a; update the package tzdata"})
	says(t, found, doctor.Trouble, "nats-server 2.10", "2.12")
	says(t, found, doctor.Warning, "2020a", "tzdata")
}

// What is advised about one of several partitions names what there is: a worker, a key.
func TestAdviceAboutAPartitionNamesWhatThereIs(t *testing.T) {
	for _, stream := range []string{"SCHEDULE-win-back", "SCHEDULE-win-back-0", "SCHEDULE-win-back-13"} {
		found := doctor.JudgeStreams([]doctor.Item{{Kind: "stream", Name: stream, Differ: []doctor.Difference{{Field: "max_age", Vital: true, Have: "24h0m0s", Want: "0s"}}}})
		if !strings.HasSuffix(found[0].Do, "homing replan win-back") {
			t.Errorf("%s: %+v", stream, found)
		}
	}
	for stream, key := range map[string]string{"TIMELINE": "nats.streams.timeline.max_bytes to", "TIMELINE-1": "nats.streams.timeline.max_bytes to what you mean (it is for all partitions together)"} {
		says(t, doctor.JudgeStreams([]doctor.Item{{Kind: "stream", Name: stream, Differ: []doctor.Difference{{Field: "max_bytes", Have: "1024", Want: "2048"}}}, {Kind: "stream", Name: "MAILS"}}),
			doctor.Note, "max_bytes is 1.0 KiB", key)
	}
	store := doctor.Store{Streams: []doctor.StreamSize{{Name: "TIMELINE-13", Bytes: 85 << 20, Max: 100 << 20, Refuses: true}}}
	says(t, doctor.JudgeStorage(store, ""), doctor.Warning, "85.0 MiB of 100 MiB", "raise nats.streams.timeline.max_bytes (it is for all partitions together)")
}

// registered is right for the domains of this test.
func registered(domain string) string {
	labels := strings.Split(domain, ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

func TestSendersThatNobodyVouchesFor(t *testing.T) {
	sender := func(from, returns, signs, dmarc string) doctor.Sender {
		return doctor.Sender{Store: "main", From: from, ReturnPath: returns, Own: true, Registered: registered, DKIM: doctor.DKIMFacts{Domain: signs},
			DMARC: doctor.DMARCFacts{At: registered(from), Answer: doctor.Answer{Records: []string{dmarc}}}}
	}
	for _, c := range []struct {
		sender doctor.Sender
		level  doctor.Level
		text   string
	}{
		{sender("shop.example", "bounces.shop.example", "shop.example", "v=DMARC1; p=reject"), doctor.OK, "satisfied by the DKIM signature"},
		{sender("news.shop.example", "shop.example", "shop.example", "v=DMARC1; p=reject; adkim=s"), doctor.Warning, "does not count for news.shop.example"},
		{sender("shop.example", "relay.test", "relay.test", "v=DMARC1; p=reject"), doctor.Trouble, "neither the DKIM signature (relay.test) nor the return path"},
		{sender("shop.example", "relay.test", "relay.test", "v=DMARC1; p=none"), doctor.Warning, "neither the DKIM signature"},
		{sender("shop.example", "shop.example", "", "v=DMARC1; p=quarantine"), doctor.Warning, "only SPF vouches"},
		{sender("shop.example", "relay.test", "", "v=DMARC1; p=quarantine"), doctor.Trouble, "nothing vouches for shop.example"},
	} {
		do := "dkim.domain"
		if c.level == doctor.OK {
			do = ""
		}
		says(t, doctor.JudgeSender(c.sender), c.level, c.text, do)
	}
}

func TestARelayThatWorksAndShouldBeBetter(t *testing.T) {
	now := time.Now()
	r := doctor.RelayFacts{Addr: "mail.shop.example:25", User: true, Offers: map[string]string{"SIZE": "100000", "AUTH": "PLAIN"}, Certificate: now.Add(24 * time.Hour)}
	found := doctor.JudgeRelay(r, now)
	says(t, found, doctor.Trouble, "password for the relay goes over the network in the clear", "smtps://")
	says(t, found, doctor.Warning, "97.7 KiB at most", "message_size_limit")
	says(t, found, doctor.Warning, "its certificate ends on", "renew it")
	says(t, found, doctor.Note, "does not offer PIPELINING", "")
	r = doctor.RelayFacts{Addr: "127.0.0.1:25", Near: true, Offers: map[string]string{"STARTTLS": "", "PIPELINING": ""}}
	says(t, doctor.JudgeRelay(r, now), doctor.Note, "offers STARTTLS", "")
}

func TestAReportIsAsBadAsItsWorstFinding(t *testing.T) {
	r := doctor.NewReport(time.Now(), []doctor.Finding{{Check: doctor.Files, Level: doctor.Trouble}, {Check: doctor.Lag, Level: doctor.OK}, {Check: doctor.Lag, Level: doctor.Warning}})
	if r.Level != doctor.Trouble || r.Findings[0].Level != doctor.Warning || r.Findings[2].Check != doctor.Files {
		t.Errorf("%+v", r)
	}
	if r = doctor.NewReport(time.Now(), nil); r.Level != doctor.OK || r.Findings == nil {
		t.Errorf("%+v", r)
	}
}

func TestTheEndpointOfAChannel(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	judge := func(c doctor.ChannelFacts) []doctor.Finding {
		c.Name, c.Host, c.Stores = "sms", "sms.shop.example:443", []string{"main"}
		return doctor.JudgeChannels([]doctor.ChannelFacts{c}, now)
	}
	says(t, doctor.JudgeChannels(nil, now), doctor.OK, "everything goes by email", "")
	says(t, judge(doctor.ChannelFacts{TLS: true, Certificate: now.Add(90 * 24 * time.Hour)}), doctor.OK, "channel sms at sms.shop.example:443: takes connections, encrypted", "")
	says(t, judge(doctor.ChannelFacts{TLS: true, Certificate: now.Add(3 * 24 * time.Hour)}), doctor.Warning, "its certificate ends on 2026-03-05", "renew it")
	says(t, judge(doctor.ChannelFacts{}), doctor.Warning, "in the clear", "channels.sms.url")
	says(t, judge(doctor.ChannelFacts{Proxy: "proxy:3128"}), doctor.Note, "reached by the proxy proxy:3128", "")
	says(t, judge(doctor.ChannelFacts{Err: "nothing listens there", Advice: "start it"}), doctor.Trouble, "cannot be reached from here: nothing listens there", "start it")
}
