package homingtest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/pkg/homingtest"
)

// An installation that runs is no longer let in by NATS: its password is changed, or its
// JWT has expired. It is refused again and again, which nats.go by default takes as the
// end, and goes on by itself when it is let in. What the shop told in the meantime, and
// what had been told before, is sent once.
func TestAnInstallationThatIsNoLongerLetInGoesOn(t *testing.T) {
	for name, lets := range map[string]func(t *testing.T, c *config.Config) door{"password": byPassword, "JWT": byJWT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := &homingtest.Sink{}
			t.Cleanup(sink.Close)
			redis, err := devstack.StartRedis()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(redis.Stop)
			c := homingtest.Config(t, "")
			c.Redis.URL, c.HTTP.Listen, c.HTTP.Gateway = config.URL(redis.URL()), "127.0.0.1:0", "127.0.0.1:0"
			d := lets(t, c)
			core, logs := observer.New(zap.InfoLevel)
			a, err := app.New(app.Options{Config: c, Log: zap.New(core), Templates: homingtest.Templates(), Load: homingtest.Load, RedisEmbedded: true, SMTPDial: sink.Dial})
			if err == nil {
				err = a.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a.Stop(context.Background()) })
			js, err := jetstream.New(d.shop)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if t.Failed() {
					t.Log(logs.All())
				}
			})
			soon(t, "ready", a.Ready)
			told := 0
			order := func() {
				t.Helper()
				told++
				data := homingtest.Order(fmt.Sprint("c", told), fmt.Sprint("o", told))
				e := events.Event{ID: fmt.Sprint("e", told), Source: "/test", Type: data.Type(), Store: "main", Time: time.Now().Add(-31 * time.Minute), Data: data}
				body, err := events.Encode(e)
				if err == nil {
					_, err = js.Publish(t.Context(), events.Subject(e.Store, e.Type), body)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			sent := func() error {
				if n := len(sink.Mails()); n != told {
					return fmt.Errorf("%d emails, and %d orders", n, told)
				}
				return nil
			}
			order()
			soon(t, "the first email", sent)

			d.shut()
			soon(t, "refused four times", func() error {
				if n := refused(t, d.server); n < 4 {
					return fmt.Errorf("refused %d times; it says %v", n, logs.All())
				}
				return nil
			})
			if a.Ready() == nil {
				t.Error("ready, and NATS does not let it in")
			}
			order()
			order()

			d.open()
			soon(t, "the emails after that", sent)
			soon(t, "ready again", a.Ready)
			if n := logs.FilterMessage("NATS is back").Len(); n != 1 {
				t.Errorf("that NATS is back is said %d times", n)
			}
			order()
			soon(t, "another email", sent)
		})
	}
}

// door is a NATS that lets Homing in or not, and always a shop.
type door struct {
	server     *server.Server
	shop       *nats.Conn
	shut, open func()
}

// refused is how often a server did not let somebody in.
func refused(t *testing.T, s *server.Server) (n int) {
	t.Helper()
	z, err := s.Connz(&server.ConnzOptions{State: server.ConnClosed, Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range z.Conns {
		if c.Reason == server.AuthenticationViolation.String() {
			n++
		}
	}
	return n
}

// run starts a server with options, and connects the shop to it.
func run(t *testing.T, o *server.Options, shop ...nats.Option) (*server.Server, *nats.Conn) {
	t.Helper()
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server did not start")
	}
	nc, err := nats.Connect(s.ClientURL(), shop...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return s, nc
}

// byPassword lets Homing in by a password, which is changed.
func byPassword(t *testing.T, c *config.Config) door {
	options := func(password string) *server.Options {
		return &server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, NoLog: true, NoSigs: true,
			Users: []*server.User{{Username: "homing", Password: password}, {Username: "shop", Password: "shop"}}}
	}
	dir := t.TempDir()
	o := options("one")
	o.StoreDir = dir
	s, shop := run(t, o, nats.UserInfo("shop", "shop"))
	at := s.ClientURL()[len("nats://"):]
	c.NATS.URL = config.URL("nats://homing:one@" + at)
	change := func(password string) {
		t.Helper()
		o := options(password)
		o.StoreDir = dir
		if err := s.ReloadOptions(o); err != nil {
			t.Fatal(err)
		}
	}
	return door{server: s, shop: shop, shut: func() { change("two") }, open: func() { change("one") }}
}

// byJWT lets Homing in by a file of credentials, which expire and are renewed.
func byJWT(t *testing.T, c *config.Config) door {
	operator, account := issuing(t, nkeys.CreateOperator), issuing(t, nkeys.CreateAccount)
	system := issuing(t, nkeys.CreateAccount)
	o := jwt.NewOperatorClaims(operator.public)
	o.SystemAccount = system.public
	resolver := &server.MemAccResolver{}
	for _, a := range []identity{account, system} {
		claims := jwt.NewAccountClaims(a.public)
		if a == account {
			claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1}
		}
		if err := resolver.Store(a.public, operator.signed(t, claims)); err != nil {
			t.Fatal(err)
		}
	}
	// creds are those of a new user, which the server takes until then, or for ever.
	creds := func(until time.Time) string {
		t.Helper()
		user := issuing(t, nkeys.CreateUser)
		claims := jwt.NewUserClaims(user.public)
		if !until.IsZero() {
			claims.Expires = until.Unix()
		}
		seed, err := user.pair.Seed()
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwt.FormatUserConfig(account.signed(t, claims), seed)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "user.creds")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s, shop := run(t, &server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
		TrustedOperators: []*jwt.OperatorClaims{o}, SystemAccount: system.public, AccountResolver: resolver}, nats.UserCredentials(creds(time.Time{})))
	c.NATS.URL, c.NATS.CredentialsFile = config.URL(s.ClientURL()), creds(time.Time{})
	have := func(until time.Time) {
		t.Helper()
		if err := os.Rename(creds(until), c.NATS.CredentialsFile); err != nil {
			t.Fatal(err)
		}
	}
	return door{server: s, shop: shop, open: func() { have(time.Time{}) }, shut: func() {
		// As a server does when the time is up, which is not waited for.
		have(time.Now().Add(-time.Minute))
		z, err := s.Connz(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, conn := range z.Conns {
			if strings.HasPrefix(conn.Name, "homing") {
				if err := s.DisconnectClientByID(conn.Cid); err != nil {
					t.Fatal(err)
				}
			}
		}
	}}
}

// identity is whom NATS knows by a key.
type identity struct {
	pair   nkeys.KeyPair
	public string
}

func issuing(t *testing.T, create func() (nkeys.KeyPair, error)) identity {
	t.Helper()
	k, err := create()
	if err != nil {
		t.Fatal(err)
	}
	public, err := k.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return identity{k, public}
}

func (i identity) signed(t *testing.T, c jwt.Claims) string {
	t.Helper()
	s, err := c.Encode(i.pair)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
