package replicas

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"homing/pkg/bus"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// natsCluster tells the test binary to be one of a cluster: its name, its port for
// routes, and those of all, with commas.
const natsCluster = "HOMING_TEST_NATS_CLUSTER"

// beOneOfThree is a NATS of a cluster until its input ends.
func beOneOfThree(dir, port string) error {
	name, ports, _ := strings.Cut(os.Getenv(natsCluster), ",")
	own, all, _ := strings.Cut(ports, ",")
	o := &server.Options{ServerName: name, Host: "127.0.0.1", JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
		Cluster: server.ClusterOpts{Name: "shops", Host: "127.0.0.1"}}
	if _, err := fmt.Sscan(port+" "+own, &o.Port, &o.Cluster.Port); err != nil {
		return err
	}
	for r := range strings.SplitSeq(all, ",") {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: "127.0.0.1:" + r})
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	fmt.Println("started")
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.Shutdown()
	return nil
}

// member is one server of a cluster, in a process of its own.
type member struct {
	name, dir, routes string
	port              int
	cmd               *exec.Cmd
	in                io.Closer
}

// startCluster starts three servers. They end with the test.
func startCluster(t *testing.T) (members []*member, urls string) {
	t.Helper()
	var routes, all []string
	for range 3 {
		routes = append(routes, fmt.Sprint(homingtest.FreePort(t)))
	}
	for i, r := range routes {
		m := &member{name: fmt.Sprint("n", i), dir: t.TempDir(), port: homingtest.FreePort(t)}
		m.routes = strings.Join(append([]string{m.name, r}, routes...), ",")
		members, all = append(members, m), append(all, fmt.Sprintf("nats://127.0.0.1:%d", m.port))
		t.Cleanup(m.kill)
		m.start(t)
	}
	for _, m := range members {
		until(t, "a server that listens", 20*time.Second, func() bool {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", m.port))
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		})
	}
	return members, strings.Join(all, ",")
}

func (m *member) start(t *testing.T) {
	t.Helper()
	m.cmd = exec.Command(os.Args[0])
	m.cmd.Env = append(os.Environ(), natsDir+"="+m.dir, fmt.Sprintf("%s=%d", natsPort, m.port), natsCluster+"="+m.routes)
	m.cmd.Stderr = os.Stderr
	var err error
	if m.in, err = m.cmd.StdinPipe(); err != nil { // ends with us
		t.Fatal(err)
	}
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func (m *member) kill() {
	if m.cmd != nil {
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait()
	}
}

// stop stops the server as an operator would.
func (m *member) stop() {
	_ = m.in.Close()
	_ = m.cmd.Wait()
}

// leader returns the name of the server that leads a stream, if all its copies are up
// to date.
func (s *shop) leader(stream string) string {
	x, err := s.js.Stream(s.t.Context(), stream)
	if err != nil || x.CachedInfo().Cluster == nil {
		return ""
	}
	for _, r := range x.CachedInfo().Cluster.Replicas {
		if r.Offline || !r.Current {
			return ""
		}
	}
	return x.CachedInfo().Cluster.Leader
}

// The server that leads the timeline, and the one that leads the schedule, are killed
// under emails that are on their way; each comes back. Nothing is lost, and nothing is
// sent twice.
func TestLeadersOfAClusterThatAreKilled(t *testing.T) {
	lengthy.Always(t)
	t.Parallel()
	touches := 400
	if kills(0) > 0 {
		touches = 1000
	}
	members, urls := startCluster(t)
	s := &shop{t: t, natsURL: urls, copies: 3, more: strings.Replace(paced, "100", "40", 1) + marketing}
	s.open(2, nil)
	l := s.follow()
	s.happens(orders("90", touches, 1)...)
	for i, stream := range []string{bus.Timeline, bus.ScheduleStream("thank-you"), bus.Timeline} {
		until(t, "emails", time.Minute, func() bool { return l.count() >= touches*(i+1)/8 })
		t.Logf("the leader of %s is killed with %d of %d done", stream, l.count(), touches)
		s.killLeader(members, stream)
	}
	outcomes := l.wait(touches)
	s.stop()
	s.audit(l, 0)
	allSent(t, outcomes, touches)
}
