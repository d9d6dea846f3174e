package replicas

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/devstack"
	"homing/pkg/homingtest"
)

// A NATS that tests kill is the test binary once more, with the order to be one.
const (
	natsDir  = "HOMING_TEST_NATS_DIR"
	natsPort = "HOMING_TEST_NATS_PORT"
)

func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv(natsDir); ok {
		be := beNATS
		if _, clustered := os.LookupEnv(natsCluster); clustered {
			be = beOneOfThree
		}
		if err := be(dir, os.Getenv(natsPort)); err != nil {
			fmt.Fprintln(os.Stderr, "nats:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // most of a test is waiting
		panic(err)
	}
	redis.SetLogger(nobody{}) // that a server is away is what the tests are about
	code := m.Run()
	if dir := built.dir; dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

type nobody struct{}

func (nobody) Printf(context.Context, string, ...any) {}

// beNATS is a NATS until its input ends, as it does however the test ends.
func beNATS(dir, port string) error {
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		return err
	}
	server, err := devstack.StartNATS(devstack.NATSOptions{Dir: dir, Port: n})
	if err != nil {
		return err
	}
	fmt.Println(server.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	server.Stop()
	return nil
}

// natsServer is a NATS in a process of its own.
type natsServer struct {
	t    *testing.T
	dir  string
	port int
	url  string
	cmd  *exec.Cmd
	in   io.Closer
}

func startNATS(t *testing.T) *natsServer {
	t.Helper()
	n := &natsServer{t: t, dir: t.TempDir(), port: homingtest.FreePort(t)}
	t.Cleanup(n.kill)
	n.start()
	return n
}

func (n *natsServer) start() {
	n.t.Helper()
	n.cmd = exec.Command(os.Args[0])
	n.cmd.Env = append(os.Environ(), natsDir+"="+n.dir, fmt.Sprintf("%s=%d", natsPort, n.port))
	n.cmd.Stderr = os.Stderr
	in, err := n.cmd.StdinPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.in = in
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		n.t.Fatalf("the NATS of the test did not start: %v", err)
	}
	n.url = strings.TrimSpace(line)
}

// stop ends the server as an operator would.
func (n *natsServer) stop() {
	_ = n.in.Close()
	_ = n.cmd.Wait()
}

// kill ends it as a power cut would.
func (n *natsServer) kill() {
	if n.cmd != nil && n.cmd.Process != nil {
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait()
	}
}

// built is the program that the tests run.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// program builds cmd/homing, once, and returns its path.
func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "homing-replicas-"); built.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", filepath.Join(built.dir, "homing"), "./cmd/homing")
		cmd.Dir = root
		if said, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w\n%s", err, said)
			return
		}
		built.err = look(root)
	})
	if built.err != nil {
		t.Fatalf("building cmd/homing: %v", built.err)
	}
	return filepath.Join(built.dir, "homing")
}

// root is the module's folder.
const root = "../../.."

// look looks at all that the program is made of. `go test` remembers what a test
// looked at, and would otherwise show an old result for a new program.
func look(dir string) error {
	for _, under := range []string{"cmd", "pkg", "workers", "events", "templates"} {
		err := filepath.WalkDir(filepath.Join(dir, under), func(path string, _ os.DirEntry, err error) error {
			if err == nil && !strings.HasSuffix(path, "_test.go") {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// until asks again and again, until it is so.
func until(t *testing.T, what string, patience time.Duration, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); {
		if time.Now().After(end) {
			t.Fatalf("%v passed without %s", patience, what)
		}
		pause(10 * time.Millisecond)
	}
}

func pause(d time.Duration) { <-time.After(d) }
