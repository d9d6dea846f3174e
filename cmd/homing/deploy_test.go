package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/doctor"
	"homing/pkg/programme"
)

// What the folder deploy says of Homing is so. `make deploy-check` has Docker, Helm and
// Kubernetes judge the rest of it.
const deploy = "../../deploy"

// manifest is an object of Kubernetes, as far as this test reads it.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		ScaleTargetRef struct{ Name string } `yaml:"scaleTargetRef"`
		Triggers       []struct {
			Type     string
			Metadata map[string]string
		}
		Template struct {
			Spec struct{ Containers []container }
		}
		InitContainers []container `yaml:"initContainers"` // of a pod
		Containers     []container
	}
}

type container struct {
	Args  []string
	Ports []port
}

type port struct {
	Name string
	Port int `yaml:"containerPort"`
}

// charts reads what the chart renders with each of its examples.
func charts(t *testing.T) map[string][]manifest {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(deploy, "helm", "rendered", "*.yaml"))
	if err != nil || len(paths) < 4 {
		t.Fatal(paths, err)
	}
	out := map[string][]manifest{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for part := range bytes.SplitSeq(text, []byte("\n---\n")) {
			var o manifest
			if err := yaml.Unmarshal(part, &o); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			out[filepath.Base(path)] = append(out[filepath.Base(path)], o)
		}
	}
	return out
}

// consumersOf are those that a role reads in some of n partitions, with their streams.
func consumersOf(role string, n bus.Partitions, of []int) (out []string) {
	if role == app.RoleIntake {
		out = append(out, bus.Storefront+" "+bus.IntakeConsumer)
	}
	for _, p := range of {
		switch role {
		case app.RoleIntake:
			out = append(out, n.Timeline(p)+" "+n.Erase(p))
		case app.RoleGateway, app.RoleConsole, app.RoleCalendar:
		default:
			if !programme.ByHand(role) {
				out = append(out, n.Timeline(p)+" "+n.Plan(role, p))
			}
			out = append(out, n.Schedule(role, p)+" "+n.Due(role, p))
		}
	}
	return out
}

// partitionsOf reads nats.partitions from the configuration that is installed.
func partitionsOf(t *testing.T, objects []manifest) bus.Partitions {
	t.Helper()
	for _, o := range objects {
		if text := o.Data["homing.yaml"]; o.Kind == "ConfigMap" && text != "" {
			var c struct {
				NATS struct{ Partitions bus.Partitions }
			}
			if err := yaml.Unmarshal([]byte(text), &c); err != nil {
				t.Fatal(err)
			}
			return max(1, c.NATS.Partitions)
		}
	}
	t.Fatal("no configuration is installed")
	return 0
}

// rolesAndPartitions reads what `homing run` is told.
func rolesAndPartitions(t *testing.T, args []string, n bus.Partitions) (roles []string, of []int) {
	t.Helper()
	args = args[1:]
	if i := slices.Index(args, "--partitions"); i >= 0 {
		of, err := parsePartitions(args[i+1])
		if err != nil || len(of) == 0 || len(args) > i+2 {
			t.Fatal(args, err)
		}
		return args[:i], of
	}
	for p := range n.Count() {
		of = append(of, p)
	}
	return args, of
}

func TestTheChartRunsEveryRoleAndKEDACountsItsConsumers(t *testing.T) {
	for name, objects := range charts(t) {
		n := partitionsOf(t, objects)
		var does, want []string
		counted := map[string][]string{} // what the Deployment's roles read
		for _, o := range objects {
			if o.Kind != "Deployment" {
				continue
			}
			c := o.Spec.Template.Spec.Containers[0]
			if c.Args[0] != "run" || !slices.Contains(c.Ports, port{"health", 8080}) {
				t.Errorf("%s: %s runs %v", name, o.Metadata.Name, c.Args)
			}
			roles, of := rolesAndPartitions(t, c.Args, n)
			for _, role := range roles {
				counted[o.Metadata.Name] = append(counted[o.Metadata.Name], consumersOf(role, n, of)...)
				for _, p := range of {
					does = append(does, fmt.Sprintf("%s of %d", role, p))
				}
			}
		}
		for _, role := range app.RoleNames() {
			for p := range n.Count() {
				if role != app.RoleConsole || name == "keda.yaml" {
					want = append(want, fmt.Sprintf("%s of %d", role, p))
				}
			}
		}
		slices.Sort(does)
		slices.Sort(want)
		if !slices.Equal(does, want) {
			t.Errorf("%s runs %v, want %v", name, does, want)
		}
		var scaled []string
		for _, o := range objects {
			if o.Kind != "ScaledObject" {
				continue
			}
			var counts []string
			for _, trigger := range o.Spec.Triggers {
				if trigger.Type == "nats-jetstream" {
					counts = append(counts, trigger.Metadata["stream"]+" "+trigger.Metadata["consumer"])
				}
			}
			if expected := counted[o.Spec.ScaleTargetRef.Name]; len(counts) == 0 || !slices.Equal(counts, expected) {
				t.Errorf("%s: %s counts %q, want %q", name, o.Metadata.Name, counts, expected)
			}
			scaled = append(scaled, counts...)
		}
		for _, w := range programme.WorkerNames() {
			for p := range n.Count() {
				if due := n.Schedule(w, p) + " " + n.Due(w, p); len(scaled) > 0 && !slices.Contains(scaled, due) {
					t.Errorf("%s: KEDA does not know %s", name, due)
				}
			}
		}
		if (len(scaled) > 0) != (name == "keda.yaml" || name == "partitions.yaml") {
			t.Errorf("%s: KEDA counts %v", name, scaled)
		}
	}
}

// What `helm test` runs is understood: only what a server says may make it fail.
func TestTheTestsOfTheChartAreCommandsOfHoming(t *testing.T) {
	for name, objects := range charts(t) {
		var ran []string
		for _, o := range objects {
			for _, c := range slices.Concat(o.Spec.InitContainers, o.Spec.Containers) {
				ran = append(ran, strings.Join(c.Args, " "))
				if i := slices.Index(c.Args, "--only"); i >= 0 {
					for check := range strings.SplitSeq(c.Args[i+1], ",") {
						if !slices.Contains(doctor.Checks, check) {
							t.Errorf("%s: the doctor has no check %q", name, check)
						}
					}
				}
			}
		}
		if len(ran) != 2 || ran[0] != "check" || !strings.HasPrefix(ran[1], "doctor --only ") {
			t.Errorf("%s: helm test runs %q", name, ran)
		}
	}
}

func TestTheSumOfTheChartIsThatOfWhatWasRendered(t *testing.T) {
	sum, helm := sha256.New(), filepath.Join(deploy, "helm")
	err := filepath.WalkDir(helm, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "rendered") {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(helm, path)
		fmt.Fprintf(sum, "%s %d\n%s", filepath.ToSlash(name), len(data), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(helm, "rendered", "sum"))
	if err != nil || strings.TrimSpace(string(kept)) != fmt.Sprintf("%x", sum.Sum(nil)) {
		t.Errorf("the chart has changed since it was rendered (%v): cd deploy/check && go test ./chart -update", err)
	}
}

func TestTheConfigurationsInDeployAreRight(t *testing.T) {
	configs := map[string]string{}
	for name, objects := range charts(t) {
		for _, o := range objects {
			if o.Kind == "ConfigMap" {
				configs["chart "+name] = o.Data["homing.yaml"]
			}
		}
	}
	for _, path := range []string{"compose/homing.yaml", "systemd/homing.yaml"} {
		text, err := os.ReadFile(filepath.Join(deploy, path))
		if err != nil {
			t.Fatal(err)
		}
		configs[path] = string(text)
	}
	if len(configs) < 6 {
		t.Fatalf("only %v", slices.Sorted(maps.Keys(configs)))
	}
	for name, text := range configs {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "homing.yaml")
			if err := os.WriteFile(path, []byte(here(t, text)), 0o600); err != nil {
				t.Fatal(err)
			}
			if name == "chart keda.yaml" || name == "compose/homing.yaml" { // the emails of one are those of all
				homing(t, "--config", path, "check").want(t, exitOK)
			} else if c, err := config.Load(path, nil, programme.WorkerNames()); err != nil || app.Check(c, nil) != nil {
				t.Error(err, app.Check(c, nil))
			}
			for _, want := range []string{`listen: :8080`, `gateway: :8081`, `listen: :8027`} {
				if strings.HasPrefix(name, "chart") && !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}

// here is a configuration whose files are on this machine: the templates of the repository,
// and instead of secrets ones that the test makes.
func here(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	templates, err := filepath.Abs("../../templates")
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "/usr/share/homing/templates", templates, 1)
	if !strings.Contains(text, "templates:") {
		text += "\ntemplates: {dir: " + templates + "}\n"
	} else if !strings.Contains(text, templates) {
		text = strings.Replace(text, "templates:", "templates:\n  dir: "+templates, 1)
	}
	key, _ := dkimKey(t, dir, "dkim-main")
	text = strings.ReplaceAll(text, "/run/secrets/homing/dkim-main", key)
	for file, content := range map[string]string{
		"/run/secrets/homing/console-ann": strings.Repeat("token of Ann ", 4),
		"/etc/homing-ca/ca.crt":           certificate(t),
	} {
		path := filepath.Join(dir, filepath.Base(file))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, file, path)
	}
	return text
}

// certificate is a new one that signed itself.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
