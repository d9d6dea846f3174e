// Package compose loads deploy/compose with Compose's own code, and looks whether what it
// describes can work.
package compose

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const file = "../../compose/compose.yaml"

func load(path string) (*types.Project, error) {
	o, err := cli.NewProjectOptions([]string{path})
	if err != nil {
		return nil, err
	}
	return o.LoadProject(context.Background())
}

// faults lists what Compose would take and what would not work.
func faults(p *types.Project) []string {
	var bad []string
	fail := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	for name, s := range p.Services {
		if s.Build == nil && !regexp.MustCompile(`:v?\d+\.\d+\.\d+(-[a-z]+)?$`).MatchString(s.Image) {
			fail("%s: %s is not pinned by a whole version", name, s.Image)
		}
		for dep, d := range s.DependsOn {
			on, there := p.Services[dep]
			if d.Condition == types.ServiceConditionHealthy && (!there || on.HealthCheck == nil) {
				fail("%s waits until %s is healthy, which has no health check", name, dep)
			}
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				fail("%s: port %s is open to the network", name, port.Published)
			}
		}
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeVolume {
				if _, there := p.Volumes[v.Source]; !there {
					fail("%s: there is no volume %s", name, v.Source)
				}
			} else if _, err := os.Stat(v.Source); err != nil {
				fail("%s: %v", name, err)
			}
		}
	}
	h := p.Services["homing"]
	if !h.ReadOnly || len(h.CapDrop) == 0 {
		fail("homing may write to its root, or has capabilities")
	}
	if h.StopGracePeriod == nil || time.Duration(*h.StopGracePeriod) < 35*time.Second {
		fail("homing is killed before it has stopped")
	}
	if r := strings.Join(p.Services["redis"].Command, " "); !strings.Contains(r, "noeviction") || !strings.Contains(r, "--appendonly yes") {
		fail("redis throws out what Homing needs, or forgets it: %s", r)
	}
	return bad
}

func TestComposeReadsTheFileAndItCanWork(t *testing.T) {
	p, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range faults(p) {
		t.Error(b)
	}
}

func TestNATSIsTheOneThatTheTestsRunOn(t *testing.T) {
	mod, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`nats-server/v2 v(\S+)`).FindStringSubmatch(string(mod))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "nats:"+version[1]+"-") {
		t.Errorf("compose.yaml has another NATS than go.mod, %s", version[1])
	}
}

func TestEachFaultIsFound(t *testing.T) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a key that does not exist":   {"stop_grace_period", "stop_grace_time", "stop_grace_time"},
		"the newest of an image":      {"axllent/mailpit:v1.27.8", "axllent/mailpit", "not pinned"},
		"open to the network":         {`"127.0.0.1:4222:4222"`, `"4222:4222"`, "open to the network"},
		"a volume that is not there":  {"- redis:/data", "- radish:/data", "radish"},
		"a file that is not there":    {"./homing.yaml", "./humming.yaml", "humming.yaml"},
		"a service that is not there": {"redis: {condition", "radish: {condition", "radish"},
		"killed too early":            {"stop_grace_period: 40s", "stop_grace_period: 10s", "killed before"},
		"a Redis that throws out":     {"noeviction", "allkeys-lru", "throws out"},
		"a root to write to":          {"read_only: true", "read_only: false", "may write"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := strings.Replace(string(text), c.old, c.new, 1)
			if broken == string(text) {
				t.Fatalf("compose.yaml has no %q", c.old)
			}
			dir := t.TempDir()
			for _, f := range []string{"homing.yaml", "nats.conf"} {
				data, err := os.ReadFile(filepath.Join(filepath.Dir(file), f))
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, f), data, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(dir, "compose.yaml")
			if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := load(path)
			got := fmt.Sprint(err)
			if err == nil {
				got = strings.Join(faults(p), "\n")
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
