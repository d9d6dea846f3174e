package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/pkg/doctor"
	"homing/pkg/homingtest"
	"homing/pkg/redischeck"
	"homing/pkg/templatestore"
)

// clinic is an installation that the doctor examines, with real servers of its own.
type clinic struct {
	t       *testing.T
	config  string
	secret  string // its file
	js      jetstream.JetStream
	natsURL string
	redis   *redis.Client // may do everything
	zone    *zone
	relay   *mailRelay
	gateway string
	dkim    string // the record
}

const sendsFrom = "198.51.100.7"

func openClinic(t *testing.T) *clinic {
	t.Helper()
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Stop)
	nc, err := srv.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	r := homingtest.StartRedis(t, "--maxmemory", "500mb")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gateway := l.Addr().String()
	_ = l.Close()
	dir := t.TempDir()
	c := &clinic{t: t, natsURL: srv.URL(), redis: homingtest.Redis(t, r.AdminURL()), zone: startZone(t), relay: startRelay(t, 90*24*time.Hour), gateway: gateway}
	if c.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	c.secret = write(t, dir, "secret", "a secret of ours, made for this test")
	var key string
	key, c.dkim = dkimKey(t, dir, "dkim.pem")
	c.config = write(t, dir, "homing.yaml", fmt.Sprintf(`nats: {url: %q}
redis: {url: %q}
smtp: {url: %q, ca_file: %q, return_path: "bounces+*@shop.example"}
secret_file: %q
http: {listen: "127.0.0.1:0", gateway: %q, public_url: "http://%s"}
templates: {dir: ../../templates}
stores:
  main:
    name: Tea
    url: https://shop.example
    from: Tea <hello@shop.example>
    postal_address: 1 High Street
    currency: GBP
    time_zone: Europe/London
    locale: en-GB
    dkim: {domain: shop.example, selector: homing, key_file: %q}
`, c.natsURL, r.URL(), c.relay.url(), c.relay.authority, c.secret, gateway, gateway, key))
	c.zone.set("TXT shop.example", "v=spf1 ip4:"+sendsFrom+" -all", "another record")
	c.zone.set("TXT homing._domainkey.shop.example", c.dkim)
	c.zone.set("TXT _dmarc.shop.example", "v=DMARC1; p=quarantine; rua=mailto:dmarc@shop.example")
	c.zone.set("MX shop.example", "mx.shop.example.")
	homing(t, "setup", "--config", c.config).want(t, exitOK)
	return c
}

// examine runs the doctor, with environment variables if they are given.
func (c *clinic) examine(e env, args ...string) (doctor.Report, int) {
	c.t.Helper()
	ran := homingWith(c.t, e, "", append([]string{"doctor", "--config", c.config, "--dns", c.zone.addr, "--sends-from", sendsFrom, "--output", "json"}, args...)...)
	var r doctor.Report
	if err := json.Unmarshal([]byte(ran.out), &r); err != nil {
		c.t.Fatalf("exit code %d, no JSON: %v\n%s%s", ran.code, err, ran.out, ran.err)
	}
	for _, secret := range []string{relayPassword, "a secret of ours", "BEGIN RSA", "homing:homing"} {
		if strings.Contains(ran.out+ran.err, secret) {
			c.t.Errorf("it tells the secret %q:\n%s%s", secret, ran.out, ran.err)
		}
	}
	return r, ran.code
}

// finds fails unless a check has a finding of a level that says this, and what to do.
func (c *clinic) finds(check string, level doctor.Level, text, do string, e env, args ...string) {
	c.t.Helper()
	r, code := c.examine(e, append([]string{"--only", check}, args...)...)
	if want := map[bool]int{true: exitFailure}[r.Level == doctor.Trouble]; code != want {
		c.t.Errorf("exit code %d with the level %s", code, r.Level)
	}
	if !slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool {
		return f.Check == check && f.Level == level && strings.Contains(f.About+": "+f.Text, text) && strings.Contains(f.Do, do)
	}) {
		c.t.Errorf("%s: no %s with %q and what to do, %q, in\n%s", check, level, text, do, shownFindings(r))
	}
}

func shownFindings(r doctor.Report) string {
	out, _ := json.MarshalIndent(r.Findings, "", " ")
	return string(out)
}

func (c *clinic) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// Each part of an installation is broken for real, and the doctor says what to do.
func TestTheDoctorSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	c := openClinic(t)
	t.Run("streams", func(t *testing.T) { c.t = t; c.brokenStreams() })
	t.Run("installation", func(t *testing.T) { c.t = t; c.brokenInstallation() })
	t.Run("storage", func(t *testing.T) { c.t = t; c.smallDisk() })
	t.Run("rights", func(t *testing.T) { c.t = t; c.leastRights() })
	t.Run("redis", func(t *testing.T) { c.t = t; c.brokenRedis() })
	t.Run("relay", func(t *testing.T) { c.t = t; c.brokenRelay() })
	t.Run("channels", func(t *testing.T) { c.t = t; c.brokenChannels() })
	t.Run("dns", func(t *testing.T) { c.t = t; c.brokenDNS() })
	t.Run("files", func(t *testing.T) { c.t = t; c.openFiles() })
	c.t = t
	c.finds(doctor.Replicas, doctor.Warning, "no process of Homing answers", "homing run", nil)
	c.finds(doctor.PublicURL, doctor.Trouble, "cannot be reached", "http.gateway", nil)

	b := start(t, nil, "run", "--config", c.config)
	var r doctor.Report
	eventually(t, func() bool {
		r, _ = c.examine(nil)
		return r.Level != doctor.Trouble && !slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.Check == doctor.Replicas && f.Level != doctor.OK })
	}, func() string { return "never healthy:\n" + shownFindings(r) })
	for _, check := range doctor.Checks {
		if !slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.Check == check && f.Level == doctor.OK }) {
			t.Errorf("nothing is right of %s:\n%s", check, shownFindings(r))
		}
	}
	for _, f := range r.Findings {
		if f.Level.Rank() > doctor.Note.Rank() && !strings.Contains(f.Text, "time zones") { // those of this machine may be old
			t.Errorf("a healthy installation: %+v", f)
		}
	}
	text := homingWith(t, nil, "", "doctor", "--config", c.config, "--dns", c.zone.addr, "--only", "streams,files").want(t, exitOK)
	text.contains(t, "as homing setup would make them", "warnings: 0")
	t.Run("replicas", func(t *testing.T) { c.t = t; c.differingReplicas() })
	t.Run("gateway", func(t *testing.T) { c.t = t; c.brokenGateway() })
	b.stop()
}

func (c *clinic) brokenStreams() {
	ctx := c.t.Context()
	update := func(name string, change func(*jetstream.StreamConfig)) {
		s, err := c.js.Stream(ctx, name)
		c.must(err)
		to := s.CachedInfo().Config
		change(&to)
		_, err = c.js.UpdateStream(ctx, to)
		c.must(err)
	}
	update(bus.ScheduleStream("birthday"), func(s *jetstream.StreamConfig) { s.MaxAge = 24 * time.Hour })
	c.finds(doctor.Streams, doctor.Trouble, "stream SCHEDULE-birthday: max_age is 1 day", "homing replan birthday", nil)
	update(bus.Storefront, func(s *jetstream.StreamConfig) { s.MaxBytes = 1 << 30 })
	c.finds(doctor.Streams, doctor.Note, "stream STOREFRONT: max_bytes is 1.0 GiB, and homing setup would make it 2.0 GiB", "nats.streams.storefront.max_bytes", nil)
	update(bus.Storefront, func(s *jetstream.StreamConfig) { s.Discard = jetstream.DiscardOld })
	c.finds(doctor.Streams, doctor.Trouble, "discard policy", "homing setup", nil)

	intake, err := c.js.Consumer(ctx, bus.Storefront, bus.IntakeConsumer)
	c.must(err)
	changed := intake.CachedInfo().Config
	changed.MaxDeliver = 5
	_, err = c.js.UpdateConsumer(ctx, bus.Storefront, changed)
	c.must(err)
	c.finds(doctor.Streams, doctor.Trouble, "consumer intake: max_deliver is 5", "homing setup", nil)
	c.must(c.js.DeleteConsumer(ctx, bus.Timeline, bus.PlanConsumer("birthday")))
	c.finds(doctor.Streams, doctor.Trouble, "consumer plan-birthday: is missing", "homing setup", nil)
	homing(c.t, "setup", "--config", c.config).want(c.t, exitOK)

	_, err = c.js.Publish(ctx, "storefront.main.order.placed", []byte("{}"))
	c.must(err)
	c.finds(doctor.Lag, doctor.Trouble, "consumer intake: 1 message waits, and no process asks for them", "homing run intake", nil)
	_, err = c.js.CreateStream(ctx, jetstream.StreamConfig{Name: "COPY", Mirror: &jetstream.StreamSource{Name: bus.ScheduleStream("birthday")}})
	c.must(err)
	c.finds(doctor.Secret, doctor.Trouble, "stream COPY: is a mirror of, or has as a source, SCHEDULE-birthday", "nats stream rm COPY", nil)
	c.must(c.js.DeleteStream(ctx, "COPY"))
	c.finds(doctor.Streams, doctor.OK, "are as homing setup would make them", "", nil)

	st, err := c.js.Stream(ctx, bus.Storefront)
	c.must(err)
	update(bus.Storefront, func(s *jetstream.StreamConfig) { s.MaxBytes = int64(st.CachedInfo().State.Bytes) + 2 })
	c.finds(doctor.Storage, doctor.Trouble, "stream STOREFRONT", "nats.streams.storefront.max_bytes", nil)
	homing(c.t, "setup", "--config", c.config).want(c.t, exitOK)
}

func (c *clinic) brokenInstallation() {
	ctx := c.t.Context()
	js := c.js
	kv, err := js.KeyValue(ctx, bus.ControlsBucket)
	c.must(err)
	_, err = kv.Put(ctx, "secret", []byte("anothersecretsfp"))
	c.must(err)
	c.finds(doctor.Secret, doctor.Trouble, "belong to an installation with another secret", "secret_file", nil)
	c.must(kv.Purge(ctx, "secret"))
	homing(c.t, "setup", "--config", c.config).want(c.t, exitOK)
	c.finds(doctor.Secret, doctor.OK, "of the configured secret", "", nil)

	// Somebody's stream was there before ours, and takes what storefronts publish.
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: c.t.TempDir()})
	c.must(err)
	c.t.Cleanup(srv.Stop)
	nc, err := srv.Connect()
	c.must(err)
	defer nc.Close()
	other, err := jetstream.New(nc)
	c.must(err)
	_, err = other.CreateStream(ctx, jetstream.StreamConfig{Name: "SHOP", Subjects: []string{"storefront.main.>", "theirs"}})
	c.must(err)
	c.finds(doctor.Secret, doctor.Trouble, "stream SHOP: is not Homing's, and its subjects (storefront.main.>) take what is published to storefront.>", "nats stream edit SHOP", nil, "--nats", srv.URL())
	c.finds(doctor.Streams, doctor.Trouble, "none of Homing's streams", "homing setup", nil, "--nats", srv.URL())

	c.finds(doctor.Lag, doctor.Trouble, "cannot be reached: nothing listens there", "nats.url", nil, "--nats", "nats://127.0.0.1:1")
	r, code := c.examine(nil, "--nats", "nats://127.0.0.1:1")
	if code != exitFailure || !slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.Check == doctor.DNS && f.Level == doctor.OK }) {
		c.t.Errorf("without NATS the others are not looked at: exit code %d\n%s", code, shownFindings(r))
	}
}

func (c *clinic) brokenRedis() {
	ctx := c.t.Context()
	set := func(key, value string) { c.must(c.redis.ConfigSet(ctx, key, value).Err()) }
	set("maxmemory-policy", "allkeys-lru")
	c.finds(doctor.Redis, doctor.Trouble, "maxmemory-policy allkeys-lru", "maxmemory-policy noeviction", nil)
	set("maxmemory-policy", "noeviction")
	set("appendonly", "no")
	c.finds(doctor.Redis, doctor.Warning, "keeps no append-only file", "appendonly yes", nil)
	set("appendonly", "yes")
	used, err := strconv.ParseInt(redischeck.ParseInfo(c.redis.Info(ctx, "memory").Val())["used_memory"], 10, 64)
	c.must(err)
	set("maxmemory", fmt.Sprint(used+used/20+60_000))
	c.finds(doctor.Redis, doctor.Warning, "room for about", "maxmemory", nil)
	set("maxmemory", fmt.Sprint(used))
	c.finds(doctor.Redis, doctor.Trouble, "room for about", "maxmemory", nil)
	set("maxmemory", "0")
	c.finds(doctor.Redis, doctor.Note, "the memory of its machine", "maxmemory", nil)
	set("maxmemory", fmt.Sprint(500<<20))
	c.finds(doctor.Redis, doctor.OK, "room for about", "", nil)
	c.must(c.redis.Do(ctx, "acl", "setuser", "weak", "on", ">weak", "~homing:*", "+@all", "-scan").Err())
	c.finds(doctor.Redis, doctor.Trouble, "the ACL of Redis forbids: scan", "docs/operations.md", env{"HOMING_REDIS_URL": "redis://weak:weak@" + c.redis.Options().Addr})
	c.finds(doctor.Redis, doctor.Trouble, "does not answer: nothing listens there", "redis.url", env{"HOMING_REDIS_URL": "redis://127.0.0.1:1"})
	c.finds(doctor.Clocks, doctor.OK, "agrees with that of Redis", "", nil)
	c.finds(doctor.Clocks, doctor.OK, "agrees with that of NATS", "", nil)
}

func (c *clinic) brokenRelay() {
	plain, soon := startRelay(c.t, 0), startRelay(c.t, 5*24*time.Hour)
	at := func(url string) env { return env{"HOMING_SMTP_URL": url} }
	c.finds(doctor.RelayOf, doctor.OK, "encrypted (STARTTLS), logged in; offers STARTTLS, AUTH, SIZE, 8BITMIME, SMTPUTF8, PIPELINING", "", nil)
	c.finds(doctor.RelayOf, doctor.Trouble, "does not offer STARTTLS", "smtps://", at(plain.url()))
	c.finds(doctor.RelayOf, doctor.Trouble, "does not speak TLS on this port", "smtp.url", at(strings.Replace(c.relay.url(), "smtp://", "smtps://", 1)))
	c.finds(doctor.RelayOf, doctor.Trouble, "535", "user and password", at("smtp://homing:wrong@"+c.relay.addr))
	c.finds(doctor.RelayOf, doctor.Trouble, "authority that is not trusted", "smtp.ca_file", at(soon.url()))
	c.finds(doctor.RelayOf, doctor.Trouble, "connection refused", "smtp.url", at("smtp+insecure://127.0.0.1:1"))
	c.finds(doctor.RelayOf, doctor.OK, "unencrypted", "", at("smtp+insecure://"+plain.addr))
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	c.must(err)
	defer func() { _ = mute.Close() }()
	c.finds(doctor.RelayOf, doctor.Trouble, "did not answer in time", "smtp.url", at("smtp+insecure://"+mute.Addr().String()), "--timeout", "200ms")
}

// leastRights are those of configs/nats-permissions.conf: they are enough for all but the
// list of other streams, which is said.
func (c *clinic) leastRights() {
	for _, who := range []string{"HOMING_NATS", "MAIN_DEVELOPER", "MAIN_NATS", "SECOND_NATS"} {
		c.t.Setenv(who+"_PASSWORD", "pw")
	}
	o, err := server.ProcessConfigFile("../../configs/nats-permissions.conf")
	c.must(err)
	o.Host, o.Port, o.StoreDir, o.NoLog, o.NoSigs = "127.0.0.1", -1, c.t.TempDir(), true, true
	s, err := server.NewServer(o)
	c.must(err)
	s.Start()
	c.t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(testPatience) {
		c.t.Fatal("the server did not start")
	}
	url := strings.Replace(s.ClientURL(), "nats://", "nats://homing:pw@", 1)
	homing(c.t, "setup", "--config", c.config, "--nats", url).want(c.t, exitOK)
	c.finds(doctor.Secret, doctor.Note, "cannot be listed", "$JS.API.STREAM.LIST", nil, "--nats", url, "--timeout", "1s")
	r, code := c.examine(nil, "--nats", url, "--only", "versions,streams,storage,lag,clocks,replicas")
	if code != exitOK || slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return strings.Contains(f.Text, "could not be looked at") }) {
		c.t.Errorf("exit code %d\n%s", code, shownFindings(r))
	}
}

// smallDisk is a server that says what it may store.
func (c *clinic) smallDisk() {
	for _, x := range []struct {
		most  int64
		level doctor.Level
		text  string
	}{{10 << 20, doctor.OK, "of max_file_store 10.0 MiB used or set aside"}, {1 << 50, doctor.Warning, "less than max_file_store promises"}} {
		s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, HTTPHost: "127.0.0.1", HTTPPort: -1, JetStream: true, StoreDir: c.t.TempDir(), JetStreamMaxStore: x.most, NoSigs: true, NoLog: true})
		c.must(err)
		s.Start()
		if !s.ReadyForConnections(testPatience) {
			c.t.Fatal("the server did not start")
		}
		do := ""
		if x.level != doctor.OK {
			do = "max_file_store"
		}
		c.finds(doctor.Storage, x.level, x.text, do, nil, "--nats", s.ClientURL(), "--nats-monitor", "http://"+s.MonitorAddr().String())
		s.Shutdown()
	}
	c.finds(doctor.Storage, doctor.Note, "connection refused", "--nats-monitor", nil, "--nats-monitor", "http://127.0.0.1:1")
}

func (c *clinic) brokenDNS() {
	with := func(key string, records []string, level doctor.Level, text, do string, args ...string) {
		c.t.Helper()
		back := c.zone.set(key, records...)
		defer back()
		c.finds(doctor.DNS, level, text, do, nil, args...)
	}
	c.finds(doctor.DNS, doctor.OK, "SPF record of shop.example allows "+sendsFrom, "", nil)
	const spf, dkim, dmarc, mx = "TXT shop.example", "TXT homing._domainkey.shop.example", "TXT _dmarc.shop.example", "MX shop.example"
	with(spf, nil, doctor.Warning, "there is no SPF record for shop.example", "v=spf1 ip4:"+sendsFrom)
	with(spf, []string{"v=spf1 -all", "v=spf1 ~all"}, doctor.Trouble, "there are 2 SPF records", "join them")
	with(spf, []string{"v=spf1 ip4:192.0.2.1 -all"}, doctor.Trouble, "does not allow "+sendsFrom+" (fail)", "ip4:"+sendsFrom)
	with(spf, []string{"v=spf1 +all"}, doctor.Warning, "allows every address", "-all")
	with(spf, []string{"v=spf1 ip9:nonsense -all"}, doctor.Trouble, "cannot evaluate", "correct the record")
	long := []string{"v=spf1"}
	for i := range 12 {
		c.zone.set(fmt.Sprintf("TXT s%d.example", i), "v=spf1 ip4:192.0.2.1 -all")
		long = append(long, fmt.Sprintf("include:s%d.example", i))
	}
	with(spf, []string{strings.Join(long, " ") + " -all"}, doctor.Trouble, "leads to 12 lookups", "take out includes")
	_, other := dkimKey(c.t, c.t.TempDir(), "other.pem")
	with(dkim, nil, doctor.Trouble, "there is no DKIM record at homing._domainkey.shop.example", c.dkim)
	with(dkim, []string{other}, doctor.Trouble, "of another key than the one that signs", c.dkim)
	with(dkim, []string{"v=DKIM1; p="}, doctor.Trouble, "revoked", c.dkim)
	with(dkim, []string{c.dkim[:len(c.dkim)-9]}, doctor.Trouble, "DKIM record", c.dkim)
	with(dmarc, nil, doctor.Warning, "there is no DMARC record", "_dmarc.shop.example")
	with(dmarc, []string{"v=DMARC1; p=none", "v=DMARC1; p=reject"}, doctor.Trouble, "there are 2 DMARC records", "leave one")
	with(mx, nil, doctor.Trouble, "no server takes email for shop.example", "MX record")
	with(mx, []string{"."}, doctor.Trouble, "takes no email", "MX record")
	c.finds(doctor.DNS, doctor.Warning, "DNS d", "--timeout", nil, "--dns", "127.0.0.1:1")
}

func (c *clinic) openFiles() {
	c.finds(doctor.Files, doctor.OK, "2 files with secrets", "", nil)
	c.must(os.Chmod(c.secret, 0o644))
	c.finds(doctor.Files, doctor.Warning, "everybody on this machine may read it", "chmod 600 "+c.secret, nil)
	c.must(os.Chmod(c.secret, 0o666))
	c.finds(doctor.Files, doctor.Trouble, "others may write it", "chmod 600 "+c.secret, nil)
	c.must(os.Chmod(c.secret, 0o600))
}

// differingReplicas has a second process, which differs from the first in one thing.
func (c *clinic) differingReplicas() {
	conf, err := config.Load(c.config, nil, nil)
	c.must(err)
	for _, x := range []struct {
		change func(*templatestore.Process)
		level  doctor.Level
		text   string
		do     string
	}{
		{func(p *templatestore.Process) { p.Version = "files-00000000" }, doctor.Warning, "different versions of the templates: ", "homing templates push"},
		{func(p *templatestore.Process) { p.Config["pacing"] = "00000000" }, doctor.Warning, "different configurations, in pacing", "same configuration"},
		{func(p *templatestore.Process) { p.Config["redis"] = "00000000" }, doctor.Trouble, "different configurations, in redis", "redis.url"},
		{func(p *templatestore.Process) { p.Build = "v0.0.9" }, doctor.Warning, "different builds of Homing", "replace the older"},
		{func(p *templatestore.Process) { p.About = templatestore.About{} }, doctor.Note, "does not say its build", "update it"},
		{func(p *templatestore.Process) { p.TimeZones = "1999a" }, doctor.Note, "different time zone rules", "tzdata"},
		{func(p *templatestore.Process) { p.NotReady = "clock_skew: late" }, doctor.Trouble, "is not ready: clock_skew: late", "docs/reasons.md"},
		{func(p *templatestore.Process) { p.Refused = &templatestore.Refusal{Version: 7, Problem: "no footer"} }, doctor.Trouble, "cannot use the templates in force: no footer", "rollback"},
	} {
		all, err := templatestore.Ask(c.t.Context(), c.js.Conn())
		c.must(err)
		if len(all) != 1 {
			c.t.Fatalf("%d processes answer: %+v", len(all), all)
		}
		second := all[0]
		second.Process, second.Config = "second/1", conf.Hashes()
		x.change(&second)
		func() {
			done := make(chan struct{})
			ctx, cancel := context.WithCancel(c.t.Context())
			go func() {
				defer close(done)
				templatestore.Answer(ctx, c.js.Conn(), nil, zap.NewNop(), func() templatestore.Process { return second })
			}()
			defer func() { cancel(); <-done }()
			eventually(c.t, func() bool { all, _ := templatestore.Ask(ctx, c.js.Conn()); return len(all) == 2 }, func() string { return "the second does not answer" })
			c.finds(doctor.Replicas, x.level, x.text, x.do, nil)
		}()
	}
}

// brokenChannels tries an endpoint that is up, and one that is not. Neither is sent a request.
func (c *clinic) brokenChannels() {
	asked := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { c.t.Error("an endpoint was sent a request") })
	up, gone := httptest.NewServer(asked), httptest.NewServer(asked)
	c.t.Cleanup(up.Close)
	gone.Close()
	text, err := os.ReadFile(c.config)
	c.must(err)
	secret := write(c.t, c.t.TempDir(), "sms", "whsec_"+base64.StdEncoding.EncodeToString([]byte("a secret of ours, for an endpoint"))+"\n")
	to := func(s *httptest.Server) []string {
		return []string{"--config", write(c.t, c.t.TempDir(), "homing.yaml", string(text)+fmt.Sprintf("channels: {sms: {url: %q, secret_file: %q}}\n", "http+insecure://"+s.Listener.Addr().String()+"/a secret of ours", secret))}
	}
	c.finds(doctor.Channels, doctor.OK, "everything goes by email", "", nil)
	c.finds(doctor.Channels, doctor.OK, "channel sms at "+up.Listener.Addr().String()+": takes connections, unencrypted", "", nil, to(up)...)
	c.finds(doctor.Channels, doctor.Trouble, "nothing listens there", "start the endpoint", nil, to(gone)...)
}

func (c *clinic) brokenGateway() {
	c.finds(doctor.PublicURL, doctor.OK, "leads to a gateway that knows our links", "", nil)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/moved") {
			http.Redirect(w, r, "https://shop.example/", http.StatusFound)
		}
	}))
	c.t.Cleanup(elsewhere.Close)
	text, err := os.ReadFile(c.config)
	c.must(err)
	to := func(url string) []string {
		return []string{"--config", write(c.t, c.t.TempDir(), "homing.yaml", strings.Replace(string(text), "public_url: \"http://"+c.gateway+"\"", fmt.Sprintf("public_url: %q", url), 1))}
	}
	c.finds(doctor.PublicURL, doctor.Trouble, "something else than a gateway of Homing is there", "let the proxy hand on", nil, to(elsewhere.URL)...)
	c.finds(doctor.PublicURL, doctor.Trouble, "answers with a redirect (302)", "RFC 8058", nil, to(elsewhere.URL+"/moved")...)
	key := write(c.t, c.t.TempDir(), "link", "a key of links that no gateway has yet")
	with := write(c.t, c.t.TempDir(), "homing.yaml", string(text)+"link_keys: [{id: new, secret_file: "+key+"}]\n")
	c.finds(doctor.PublicURL, doctor.Trouble, "refuses links signed with our key", "link_keys", nil, "--config", with)
}

// What is wrong about the command itself is said like that of any other.
func TestADoctorThatIsAskedWrongly(t *testing.T) {
	homing(t, "doctor", "--only", "everything").want(t, exitUsage).contains(t, `no check "everything"`, "public-url")
	homing(t, "doctor", "--sends-from", "here").want(t, exitUsage).contains(t, "--sends-from")
	bad := write(t, t.TempDir(), "homing.yaml", "redis: {url: 7}\n")
	homing(t, "doctor", "--config", bad).want(t, exitUsage).contains(t, "redis.url")
}
