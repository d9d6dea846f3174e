package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"homing/pkg/bus"
)

// kedaCounts asks NATS as KEDA's scaler nats-jetstream does, and adds up as it does: what is
// pending and what is not acknowledged. It knows an account by its name or its id, as KEDA has
// done since 2.17; a consumer that it does not find is an error there since 2.20, and -1 here.
func kedaCounts(t *testing.T, endpoint, account, stream, consumer string) int {
	t.Helper()
	answer, err := http.Get(fmt.Sprintf("http://%s/jsz?acc=%s&consumers=true&config=true", endpoint, account))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var jsz struct {
		Accounts []struct {
			Name    string `json:"name"`
			ID      string `json:"id"`
			Streams []struct {
				Name      string `json:"name"`
				Consumers []struct {
					Name       string `json:"name"`
					Pending    int    `json:"num_pending"`
					AckPending int    `json:"num_ack_pending"`
				} `json:"consumer_detail"`
			} `json:"stream_detail"`
		} `json:"account_details"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&jsz); err != nil {
		t.Fatal(err)
	}
	for _, a := range jsz.Accounts {
		for _, s := range a.Streams {
			for _, c := range s.Consumers {
				if (a.Name == account || a.ID == account) && s.Name == stream && c.Name == consumer {
					return c.Pending + c.AckPending
				}
			}
		}
	}
	return -1
}

// monitored starts a NATS that answers /jsz.
func monitored(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	o.NoSigs, o.NoLog = true, true
	srv, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(testPatience) {
		t.Fatal("NATS does not start")
	}
	return srv
}

func TestKEDASeesWhatFellDueForAWorkerThatSleeps(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "nats.conf")
	text := fmt.Sprintf(`listen: "127.0.0.1:-1", http: "127.0.0.1:-1", jetstream {store_dir: %q}
		accounts {HOMING {jetstream: enabled, users: [{user: homing, password: password}]}}`, t.TempDir())
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	srv := monitored(t, o)
	url := fmt.Sprintf("nats://homing:password@%s", srv.Addr())
	homing(t, "setup", "--nats", url).want(t, exitOK)

	endpoint, stream, consumer := srv.MonitorAddr().String(), bus.ScheduleStream("thank-you"), bus.DueConsumer("thank-you")
	if n := kedaCounts(t, endpoint, "HOMING", stream, consumer); n != 0 {
		t.Errorf("%d before anything was planned", n)
	}
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	// Two touches: one is to be looked at soon, one tomorrow. Nobody is there to look.
	for i, at := range []time.Time{time.Now().Add(time.Second), time.Now().Add(24 * time.Hour)} {
		m := nats.NewMsg(fmt.Sprintf("schedule.main.token.thank-you.%d", i))
		m.Header.Set(jetstream.ScheduleHeader, "@at "+at.UTC().Format(time.RFC3339Nano))
		m.Header.Set("Nats-Schedule-Target", fmt.Sprintf("due.thank-you.main.%d", i))
		m.Data = []byte("{}")
		if _, err := js.PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	end := time.Now().Add(testPatience)
	for kedaCounts(t, endpoint, "HOMING", stream, consumer) != 1 {
		if time.Now().After(end) {
			t.Fatal("what fell due is not seen")
		}
		time.Sleep(50 * time.Millisecond)
	}
	// A process that has taken it and has not answered keeps KEDA from putting it to sleep.
	c, err := js.Consumer(t.Context(), stream, consumer)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next(jetstream.FetchMaxWait(testPatience))
	if err != nil {
		t.Fatal(err)
	}
	if n := kedaCounts(t, endpoint, "HOMING", stream, consumer); n != 1 {
		t.Errorf("%d while a process has it", n)
	}
	if err := m.DoubleAck(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := kedaCounts(t, endpoint, "HOMING", stream, consumer); n != 0 {
		t.Errorf("%d after it was answered", n)
	}
	if n := kedaCounts(t, endpoint, "$G", stream, consumer); n != -1 {
		t.Errorf("%d in another account", n)
	}
}

// Where accounts are JWTs, NATS finds one by its key and not by its name, and its answer has both.
func TestKEDAFindsAnAccountFromAJWTByItsKey(t *testing.T) {
	key := func(create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		t.Helper()
		k, err := create()
		if err != nil {
			t.Fatal(err)
		}
		public, err := k.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		return k, public
	}
	operator, operatorKey := key(nkeys.CreateOperator)
	account, accountKey := key(nkeys.CreateAccount)
	_, systemKey := key(nkeys.CreateAccount)
	user, userKey := key(nkeys.CreateUser)
	resolver := &server.MemAccResolver{}
	for public, name := range map[string]string{accountKey: "Shop", systemKey: "System"} {
		claims := jwt.NewAccountClaims(public)
		claims.Name = name
		if public == accountKey {
			claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1}
		}
		text, err := claims.Encode(operator)
		if err == nil {
			err = resolver.Store(public, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	o := jwt.NewOperatorClaims(operatorKey)
	o.SystemAccount = systemKey
	srv := monitored(t, &server.Options{Host: "127.0.0.1", Port: -1, HTTPHost: "127.0.0.1", HTTPPort: -1, JetStream: true, StoreDir: t.TempDir(),
		TrustedOperators: []*jwt.OperatorClaims{o}, SystemAccount: systemKey, AccountResolver: resolver})

	text, err := jwt.NewUserClaims(userKey).Encode(account)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	creds, err := jwt.FormatUserConfig(text, seed)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := fmt.Sprintf(`nats: {url: %q, credentials_file: %q, partitions: 2}
stores: {main: {name: Shop, url: "https://shop.example", from: shop@shop.example, postal_address: "1 High Street", time_zone: UTC, locale: en, currency: EUR}}
`, srv.ClientURL(), filepath.Join(dir, "user.creds"))
	for name, text := range map[string]string{"user.creds": string(creds), "homing.yaml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	homing(t, "--config", filepath.Join(dir, "homing.yaml"), "setup").want(t, exitOK)

	endpoint, n := srv.MonitorAddr().String(), bus.Partitions(2)
	for account, want := range map[string]int{accountKey: 0, "Shop": -1} {
		if got := kedaCounts(t, endpoint, account, n.Schedule("thank-you", 1), n.Due("thank-you", 1)); got != want {
			t.Errorf("%s: %d, want %d", account, got, want)
		}
	}
}
