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
	if err != nil || len(paths) < 3 {
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

// consumersOf are those that a role reads, with their streams.
func consumersOf(role string) []string {
	switch role {
	case app.RoleIntake:
		return []string{bus.Storefront + " " + bus.IntakeConsumer, bus.Timeline + " " + bus.EraseConsumer}
	case app.RoleGateway, app.RoleConsole, app.RoleCalendar:
		return nil
	}
	return []string{bus.Timeline + " " + bus.PlanConsumer(role), bus.ScheduleStream(role) + " " + bus.DueConsumer(role)}
}

func TestTheChartRunsEveryRoleAndKEDACountsItsConsumers(t *testing.T) {
	for name, objects := range charts(t) {
		var roles []string
		runs := map[string][]string{}
		for _, o := range objects {
			if o.Kind != "Deployment" {
				continue
			}
			c := o.Spec.Template.Spec.Containers[0]
			if c.Args[0] != "run" || !slices.Contains(c.Ports, port{"health", 8080}) {
				t.Errorf("%s: %s runs %v", name, o.Metadata.Name, c.Args)
			}
			runs[o.Metadata.Name] = c.Args[1:]
			roles = append(roles, c.Args[1:]...)
		}
		want := slices.DeleteFunc(app.RoleNames(), func(r string) bool { return r == app.RoleConsole && name != "keda.yaml" })
		slices.Sort(roles)
		slices.Sort(want)
		if !slices.Equal(roles, want) {
			t.Errorf("%s runs %v, want %v", name, roles, want)
		}
		scaled := map[string]bool{}
		for _, o := range objects {
			if o.Kind != "ScaledObject" {
				continue
			}
			var counts, expected []string
			for _, trigger := range o.Spec.Triggers {
				if trigger.Type == "nats-jetstream" {
					counts = append(counts, trigger.Metadata["stream"]+" "+trigger.Metadata["consumer"])
				}
			}
			for _, role := range runs[o.Spec.ScaleTargetRef.Name] {
				scaled[role] = true
				expected = append(expected, consumersOf(role)...)
			}
			if !slices.Equal(counts, expected) {
				t.Errorf("%s: %s counts %q, want %q", name, o.Metadata.Name, counts, expected)
			}
		}
		for _, w := range programme.WorkerNames() {
			if name == "keda.yaml" && !scaled[w] {
				t.Errorf("KEDA does not know %s", w)
			}
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
	if len(configs) < 5 {
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
