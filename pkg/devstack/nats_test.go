package devstack

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server/ats"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
)

// The NATS server's access-time service starts one goroutine with a ticker on
// first use. Started inside a bubble it would belong to it and outlive it, so it
// starts here. It is not an init of the package: programs do not need it.
func init() { ats.Register() }

func startNATS(t *testing.T, o NATSOptions) *NATS {
	t.Helper()
	n, err := StartNATS(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	return n
}

func connect(t *testing.T, n *NATS) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := n.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

func scheduleStream(t *testing.T, ctx context.Context, js jetstream.JetStream) {
	t.Helper()
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: "SCHEDULE", Subjects: []string{"schedule.>", "due.>"}, Storage: jetstream.FileStorage,
		Retention: jetstream.WorkQueuePolicy, MaxMsgsPerSubject: 1, AllowMsgSchedules: true, AllowMsgTTL: true, AllowDirect: true,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func schedule(t *testing.T, ctx context.Context, js jetstream.JetStream, due time.Time) {
	t.Helper()
	m := nats.NewMsg("schedule.ann")
	m.Data = []byte("thanks")
	m.Header.Set(jetstream.ScheduleHeader, "@at "+due.UTC().Format(time.RFC3339Nano))
	m.Header.Set(jetstream.ScheduleTargetHeader, "due.ann")
	if _, err := js.PublishMsg(ctx, m); err != nil {
		t.Fatal(err)
	}
}

func next(t *testing.T, ctx context.Context, js jetstream.JetStream, wait time.Duration) jetstream.Msg {
	t.Helper()
	c, err := js.CreateOrUpdateConsumer(ctx, "SCHEDULE", jetstream.ConsumerConfig{
		Durable: "due", FilterSubject: "due.>", AckPolicy: jetstream.AckExplicitPolicy,
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next(jetstream.FetchMaxWait(wait))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Ack(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestScheduleFiresOverAnInProcessConnection(t *testing.T) {
	n := startNATS(t, NATSOptions{Dir: t.TempDir(), Port: -1})
	if n.URL() != "" {
		t.Errorf("URL is %q although the server does not listen", n.URL())
	}
	_, js := connect(t, n)
	scheduleStream(t, t.Context(), js)
	schedule(t, t.Context(), js, time.Now())
	if m := next(t, t.Context(), js, 5*time.Second); string(m.Data()) != "thanks" {
		t.Errorf("fired message holds %q", m.Data())
	}
}

func TestStateSurvivesARestartInTheSameFolder(t *testing.T) {
	dir := t.TempDir()
	first := startNATS(t, NATSOptions{Dir: dir})
	nc, js := connect(t, first)
	scheduleStream(t, t.Context(), js)
	schedule(t, t.Context(), js, time.Now().Add(time.Second))
	nc.Close()
	first.Stop()
	first.Stop() // a second time does nothing

	second := startNATS(t, NATSOptions{Dir: dir})
	_, js = connect(t, second)
	if m := next(t, t.Context(), js, 10*time.Second); string(m.Data()) != "thanks" {
		t.Errorf("fired message holds %q", m.Data())
	}
}

func TestTwoServersCannotShareAFolder(t *testing.T) {
	dir := t.TempDir()
	n := startNATS(t, NATSOptions{Dir: dir, Port: -1})
	if _, err := StartNATS(NATSOptions{Dir: dir, Port: -1}); !errors.Is(err, ErrStateInUse) {
		t.Errorf("the second server: %v, want ErrStateInUse", err)
	}
	n.Stop()
	startNATS(t, NATSOptions{Dir: dir, Port: -1})
}

// taken opens a port for the test's duration and returns its number.
func taken(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func TestNATSOnATakenPort(t *testing.T) {
	port := taken(t)
	if _, err := StartNATS(NATSOptions{Dir: t.TempDir(), Port: port}); err == nil {
		t.Error("a taken port is no error")
	}
	n := startNATS(t, NATSOptions{Dir: t.TempDir(), Port: port, NextFree: true})
	if n.URL() == "nats://127.0.0.1:"+strconv.Itoa(port) {
		t.Errorf("URL %s is the taken port", n.URL())
	}
	nc, err := nats.Connect(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

func TestNATSOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]NATSOptions{
		"no folder":    {},
		"port too low": {Dir: "x", Port: -2},
		"port too big": {Dir: "x", Port: 70000},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := StartNATS(o); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestRedisOverTCPAndPipe(t *testing.T) {
	r, err := StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	o, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	overTCP := redis.NewClient(o)
	overPipe := redis.NewClient(&redis.Options{Dialer: func(context.Context, string, string) (net.Conn, error) { return r.Dial() }})
	t.Cleanup(func() { overTCP.Close(); overPipe.Close() })
	if err := overTCP.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := overPipe.Get(t.Context(), "k").Result(); got != "v" || err != nil {
		t.Errorf("over the pipe: %q, %v", got, err)
	}
	if got, err := r.Mini().Get("k"); got != "v" || err != nil {
		t.Errorf("in the server itself: %q, %v", got, err)
	}
}

func TestEverythingRunsOnFakeTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := startNATS(t, NATSOptions{Dir: dir, Port: -1, SyncInterval: time.Hour})
		_, js := connect(t, n)
		r := StartRedisInProcess()
		t.Cleanup(r.Stop)
		rdb := redis.NewClient(&redis.Options{
			Addr:   "127.0.0.1:6379", // a literal address: nothing is looked up
			Dialer: func(context.Context, string, string) (net.Conn, error) { return r.Dial() },
		})
		t.Cleanup(func() { rdb.Close() })

		ctx, start := t.Context(), time.Now()
		scheduleStream(t, ctx, js)
		schedule(t, ctx, js, start.Add(72*time.Hour))
		if err := rdb.Set(ctx, "k", "v", 71*time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(72*time.Hour - time.Minute) // a pull that waits for days costs a heartbeat every few seconds
		next(t, ctx, js, time.Hour)
		if late := time.Since(start) - 72*time.Hour; late < 0 || late > time.Second {
			t.Errorf("the schedule fired %s after its time", late)
		}
		if err := rdb.Get(ctx, "k").Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("the key did not expire: %v", err)
		}
	})
}

// A Redis whose keys expire roughly looks at them once in a while, and not whenever the
// clock has moved: they go all the same, when somebody speaks to it, and none goes early.
func TestKeysExpireRoughly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := StartRedisInProcess()
		t.Cleanup(r.Stop)
		r.ExpireRoughly(time.Minute)
		rdb := redis.NewClient(&redis.Options{
			Addr:   "127.0.0.1:6379",
			Dialer: func(context.Context, string, string) (net.Conn, error) { return r.Dial() },
		})
		t.Cleanup(func() { rdb.Close() })
		if err := rdb.Set(t.Context(), "k", "v", time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour - 50*time.Second)
		if err := rdb.Get(t.Context(), "k").Err(); err != nil {
			t.Errorf("before its time: %v", err)
		}
		time.Sleep(20 * time.Second)
		const script = "return redis.call('SET', KEYS[1], 'v', 'PX', 45000)"
		if err := rdb.Eval(t.Context(), script, []string{"s"}).Err(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(40 * time.Second)
		if err := rdb.Get(t.Context(), "s").Err(); err != nil {
			t.Errorf("a minute after the last time that keys expired, one went early: %v", err)
		}
		time.Sleep(time.Minute)
		if err := rdb.Get(t.Context(), "s").Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("the key of a script did not expire: %v", err)
		}
		if err := rdb.Get(t.Context(), "k").Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("the key did not expire: %v", err)
		}
	})
}
