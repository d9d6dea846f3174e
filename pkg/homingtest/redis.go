package homingtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"homing/pkg/devstack"
	"homing/pkg/redischeck"
)

// redisBinary is looked for on the PATH.
const redisBinary = "redis-server"

// RedisServer is a redis-server process of a test's own, with an append-only
// file in a folder of the test's. It is stopped when the test ends.
type RedisServer struct {
	t    testing.TB
	dir  string
	port string
	args []string
	log  string
	cmd  *exec.Cmd
}

// StartRedis starts a redis-server on a free port of the loopback interface.
// args come after the usual ones and win over them: "--appendfsync", "no". Where
// there is no redis-server the test is skipped; with CI=true it fails.
func StartRedis(t testing.TB, args ...string) *RedisServer {
	t.Helper()
	if !haveRedis(t) {
		t.Skip("there is no " + redisBinary + " here: this test did not run")
	}
	s := &RedisServer{t: t, dir: t.TempDir(), args: args}
	s.log = filepath.Join(s.dir, "redis.log")
	s.port = strconv.Itoa(FreePort(t))
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

// haveRedis reports whether there is a redis-server; in CI there must be one.
func haveRedis(t testing.TB) bool {
	t.Helper()
	_, err := exec.LookPath(redisBinary)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("CI must have a %s: %v", redisBinary, err)
	}
	return err == nil
}

// URL is where Homing connects: as a user who may do what docs/operations.md says, and
// nothing else, so that every test on a real Redis proves that this is enough.
func (s *RedisServer) URL() string { return "redis://homing:homing@" + s.Addr() + "/0" }

// Addr is the host and the port at which the server listens.
func (s *RedisServer) Addr() string { return "127.0.0.1:" + s.port }

// AdminURL is where a test connects that does what Homing must not.
func (s *RedisServer) AdminURL() string { return "redis://" + s.Addr() + "/0" }

// Dir is the folder the server keeps its files in.
func (s *RedisServer) Dir() string { return s.dir }

// Kill ends the server like a power cut would: SIGKILL, without a last write.
func (s *RedisServer) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Hang has the server answer nothing, with its connections open, until Wake.
func (s *RedisServer) Hang() { s.signal(syscall.SIGSTOP) }

// Wake has it go on.
func (s *RedisServer) Wake() { s.signal(syscall.SIGCONT) }

func (s *RedisServer) signal(which os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(which); err != nil {
		s.t.Fatal(err)
	}
}

// Restart starts the server (again, after Kill) on its port and its files, and
// returns when it answers.
func (s *RedisServer) Restart() {
	s.t.Helper()
	args := slices.Concat([]string{"--port", s.port, "--bind", "127.0.0.1", "--dir", s.dir, "--logfile", s.log,
		"--save", "", "--appendonly", "yes", "--enable-debug-command", "yes",
		"--user", "homing", "on", ">homing"}, strings.Fields(redischeck.ACL), s.args)
	s.cmd = exec.Command(redisBinary, args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	c := Redis(s.t, s.AdminURL())
	defer func() { _ = c.Close() }()
	for deadline := time.Now().Add(10 * time.Second); ; {
		err := c.Ping(context.Background()).Err()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(s.log)
			s.t.Fatalf("%s does not answer: %v\n%s", redisBinary, err, said)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// Redis returns a client of the Redis at a URL, closed when the test ends. with
// changes its options.
func Redis(t testing.TB, url string, with ...func(o *redis.Options)) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.MaxRetries, o.DialerRetries = 1, 1 // as Homing has it
	for _, f := range with {
		f(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Admin returns a client of the same Redis that may do everything, for what Homing must
// not do: looking at all keys, emptying it.
func Admin(t testing.TB, rdb *redis.Client) *redis.Client {
	t.Helper()
	o := *rdb.Options()
	admin := redis.NewClient(&redis.Options{Addr: o.Addr, DB: o.DB, MaintNotificationsConfig: o.MaintNotificationsConfig,
		Dialer: o.Dialer, Protocol: o.Protocol, DisableIdentity: o.DisableIdentity, MaxRetries: o.MaxRetries, DialerRetries: o.DialerRetries})
	t.Cleanup(func() { _ = admin.Close() })
	return admin
}

// BothRedises runs a test on the Redis that tests and `homing dev` have in their
// process, and on a real one. Where there is no real one it says so; with
// CI=true the test fails.
func BothRedises(t *testing.T, run func(t *testing.T, url string)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) {
		r, err := devstack.StartRedis()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Stop)
		run(t, r.URL())
	})
	OnRedisServer(t, run)
}

// OnRedisServer runs a test on a real Redis. Where there is none it says so; with
// CI=true the test fails.
func OnRedisServer(t *testing.T, run func(t *testing.T, url string)) {
	t.Helper()
	if !haveRedis(t) {
		t.Logf("there is no %s here: ran on miniredis only", redisBinary)
		return
	}
	t.Run("redis-server", func(t *testing.T) { run(t, StartRedis(t).URL()) })
}
