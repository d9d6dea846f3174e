package homingtest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/config"
)

// A test that kills Homing needs it in processes of its own: the test binary
// runs itself again, with the order to be one.

const processOrder = "HOMING_TEST_PROCESS"

// order is what a process of Homing is told by the test that starts it.
type order struct {
	NATS, Redis, SMTP string
	More              string // YAML of further configuration
}

// MainOrProcess is for TestMain: in a process that a test started it runs Homing
// until it is told to stop and never returns.
func MainOrProcess(m *testing.M) {
	s, ok := os.LookupEnv(processOrder)
	if !ok {
		os.Exit(m.Run())
	}
	if err := beHoming(s); err != nil {
		fmt.Fprintln(os.Stderr, "homing:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func beHoming(s string) error {
	var o order
	if err := json.Unmarshal([]byte(s), &o); err != nil {
		return err
	}
	c, err := config.Parse("test", []byte(base+o.More), func(string) (string, bool) { return "", false })
	if err != nil {
		return err
	}
	redis.SetLogger(quiet{})
	c.Secret, c.HTTP.Listen = Secret, "127.0.0.1:0"
	c.HTTP.PublicURL, c.HTTP.Gateway = PublicURL, "127.0.0.1:0"
	c.NATS.URL, c.Redis.URL = config.URL(o.NATS), config.URL(o.Redis)
	for id, s := range c.Stores {
		s.SMTP.URL = config.URL(o.SMTP)
		c.Stores[id] = s
	}
	log, err := zap.NewDevelopment(zap.IncreaseLevel(zap.ErrorLevel))
	if err != nil {
		return err
	}
	a, err := app.New(app.Options{Config: c, Log: log, Templates: Templates()})
	if err != nil {
		return err
	}
	if err := a.Start(); err != nil {
		return err
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	<-stop.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return a.Stop(ctx)
}

// quiet drops what go-redis says on its own: its errors reach the loops anyway.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// Process is Homing in a process of its own.
type Process struct {
	t   testing.TB
	o   order
	cmd *exec.Cmd
}

// StartProcess runs Homing, with all roles, against servers given by URL.
func StartProcess(t testing.TB, nats, redis, smtp, more string) *Process {
	t.Helper()
	p := &Process{t: t, o: order{nats, redis, smtp, more}}
	p.start()
	t.Cleanup(p.Kill)
	return p
}

func (p *Process) start() {
	p.t.Helper()
	s, err := json.Marshal(p.o)
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), processOrder+"="+string(s))
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// Kill ends the process as a crash would.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// Restart kills the process and starts it anew.
func (p *Process) Restart() {
	p.t.Helper()
	p.Kill()
	p.start()
}

// Stop ends the process as an operator would, and reports how it ended.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}
