package replicas

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// A replica is frozen, as a machine that is suspended is, for longer than its claims
// last and NATS waits for it. Others take up what it had. When it goes on, it sends
// nothing that is not its own any more.
func TestAReplicaThatIsFrozenPastItsLeases(t *testing.T) {
	t.Parallel()
	const touches = 600
	frozen := 35 * time.Second // a lease is 15 s, and NATS waits for 30
	s := open(t, 2, unpaced+marketing, func(command, _ string) string {
		if command == "." {
			pause(50 * time.Millisecond)
		}
		return ""
	})
	l := s.follow()
	s.happens(orders("91", touches, 1)...)
	until(t, "emails", time.Minute, func() bool { return l.count() >= touches/20 })
	r := s.replicas[0]
	signal := func(sig syscall.Signal) {
		if err := r.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGSTOP)
	pause(frozen)
	signal(syscall.SIGCONT)
	l.wait(touches)
	s.stop()
	f := s.audit(l, 1)
	t.Logf("%d emails, %d doubled, %d uncertain", f.mails, f.doubled, f.uncertain)
	if f.doubled > 0 || f.mails+f.uncertain < touches {
		t.Errorf("of %d touches %d became emails, %d came twice and %d are uncertain", touches, f.mails, f.doubled, f.uncertain)
	}
}

// Redis is put back as it was seconds before, as after the loss of a machine, while
// emails go out. What was sent in between is not sent again, and nothing is lost.
func TestARedisThatIsPutBack(t *testing.T) {
	t.Parallel()
	touches, old := 600, 3*time.Second
	if kills(0) > 0 {
		touches, old = 2000, 9500*time.Millisecond
	}
	s := open(t, 2, paced+marketing, nil)
	l := s.follow()
	s.happens(orders("92", touches, 1)...)
	until(t, "emails", time.Minute, func() bool { return l.count() >= touches/20 })
	files, copied := filepath.Join(s.redis.Dir(), "appendonlydir"), filepath.Join(t.TempDir(), "copy")
	// Only ever appended to: a copy is the state of a moment.
	if err := os.CopyFS(copied, os.DirFS(files)); err != nil {
		t.Fatal(err)
	}
	at := l.count()
	pause(old)
	s.redis.Kill()
	between := l.count() - at
	if err := os.RemoveAll(files); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(files, os.DirFS(copied)); err != nil {
		t.Fatal(err)
	}
	s.redis.Restart()
	if between == 0 {
		t.Error("nothing was sent in between: nothing is shown")
	}
	outcomes := l.wait(touches)
	s.stop()
	f := s.audit(l, 0)
	t.Logf("%d were done with in between; %d emails, %d doubled", between, f.mails, f.doubled)
	allSent(t, outcomes, touches)
}

// Redis is full. Nothing leaves that it could not remember; when there is room, all
// goes on.
func TestARedisThatIsFull(t *testing.T) {
	lengthy.Always(t)
	t.Parallel()
	const touches = 400
	s := open(t, 2, paced+marketing, nil)
	l := s.follow()
	s.happens(orders("93", touches, 1)...)
	until(t, "emails", time.Minute, func() bool { return l.count() >= touches/10 })
	admin := homingtest.Redis(t, s.redis.AdminURL())
	limit := func(bytes string) {
		if err := admin.ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	pause(2 * time.Second)
	n := len(s.sink.Mails())
	pause(2 * time.Second)
	if more := len(s.sink.Mails()) - n; more > 0 {
		t.Errorf("%d emails left while Redis was full", more)
	}
	limit("0")
	outcomes := l.wait(touches)
	s.stop()
	s.audit(l, 0)
	allSent(t, outcomes, touches)
}
