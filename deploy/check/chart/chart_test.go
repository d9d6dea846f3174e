package chart

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/lint"
	apps "k8s.io/api/apps/v1"
	networking "k8s.io/api/networking/v1"
)

var update = flag.Bool("update", false, "write deploy/helm/rendered")

// examples are the values that are tried.
func examples(t *testing.T) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	paths, err := filepath.Glob(filepath.Join(Examples, "*.yaml"))
	if err != nil || len(paths) < 2 {
		t.Fatal(paths, err)
	}
	for _, p := range paths {
		v, err := Values(p)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(p), ".yaml")] = v
	}
	return out
}

func rendered(t *testing.T, values map[string]any) (Objects, string) {
	t.Helper()
	files, err := Render(values)
	if err != nil {
		t.Fatal(err)
	}
	text := Manifests(files)
	o, err := Decode(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return o, text
}

func TestTheChartRendersAndKubernetesReadsIt(t *testing.T) {
	for name, values := range examples(t) {
		t.Run(name, func(t *testing.T) {
			o, text := rendered(t, values)
			if len(of[*apps.Deployment](o)) == 0 || len(of[*networking.NetworkPolicy](o)) == 0 {
				t.Error("nothing is installed")
			}
			// make check reads these, without Helm.
			path := filepath.Join("..", "..", "helm", "rendered", name+".yaml")
			if *update {
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if kept, err := os.ReadFile(path); err != nil || string(kept) != text {
				t.Errorf("%s is not what the chart renders (%v): cd deploy/check && go test ./chart -update", path, err)
			}
			for _, err := range o.faults() {
				t.Error(err)
			}
		})
	}
}

// make check cannot render, but sees by this sum that somebody should.
func TestTheSumOfTheChartIsKept(t *testing.T) {
	sum := sha256.New()
	err := filepath.WalkDir(filepath.Dir(Dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "rendered") {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(filepath.Dir(Dir), path)
		fmt.Fprintf(sum, "%s %d\n%s", filepath.ToSlash(name), len(data), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got, path := fmt.Sprintf("%x\n", sum.Sum(nil)), filepath.Join("..", "..", "helm", "rendered", "sum")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(path); err != nil || string(kept) != got {
		t.Errorf("%s is of another chart (%v): go test ./chart -update", path, err)
	}
}

func TestHelmLintsTheChart(t *testing.T) {
	for name, values := range examples(t) {
		for _, m := range lint.RunAll(Dir, values, "mail").Messages {
			if !strings.Contains(m.Error(), "icon is recommended") {
				t.Errorf("%s: %v", name, m)
			}
		}
	}
}

func TestABadManifestIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a field that does not exist": "apiVersion: v1\nkind: Service\nspec: {selectors: {a: b}}",
		"a field twice":               "apiVersion: v1\nkind: Service\nspec: {}\nspec: {}",
		"a number that is a word":     "apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: two}",
		"an unknown kind":             "apiVersion: apps/v1\nkind: Deploymint",
		"a field KEDA does not have":  "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nspec: {minReplicas: 1}",
		"a kind nobody checks":        "apiVersion: v1\nkind: Secret",
	} {
		if _, err := Decode(text); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestBadValuesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ values, want string }{
		"a value that does not exist":    {"replicas: 3", "replicas"},
		"a role that does not exist":     {"deployments: {x: {roles: [thank-you-note], replicas: 1}}", "deployments"},
		"a time too short to stop":       {"terminationGracePeriodSeconds: 30", "terminationGracePeriodSeconds"},
		"min without max":                {"deployments: {x: {roles: [intake], replicas: 1, min: 0}}", "max"},
		"a secret without a name":        {"secrets: {installation: {name: ''}}", "installation"},
		"an endpoint that is a URL":      {"keda: {monitoringEndpoint: 'http://nats:8222'}", "monitoringEndpoint"},
		"a gateway that sleeps":          {"{keda: {enabled: true}, deployments: {gateway: {min: 0, max: 2}}}", "no queue that could wake it"},
		"an ingress without a host":      {"ingress: {enabled: true}", "ingress.gatewayHost"},
		"a file in another folder":       {"secrets: {files: [{name: a, key: b, path: ../c}]}", "path"},
		"a digest of half the length":    {"image: {digest: 'sha256:0123'}", "digest"},
		"a name too long for Kubernetes": {"deployments: {a-name-that-is-much-too-long: {roles: [intake], replicas: 1}}", "a-name-that-is-much-too-long"},
		"no store":                       {"image: {tag: '1'}", "config.stores"},
		"partitions that do not divide":  {"config: {nats: {partitions: 3}}", "config.nats.partitions: 3 is none of"},
		"no partitions at all":           {"config: {nats: {partitions: 0}}", "config.nats.partitions: 0 is none of"},
		"a partition that is not there":  {"{config: {nats: {partitions: 2}}, deployments: {thank-you: {partitions: [0, 2]}}}", "there is no partition 2"},
		"a partition without split":      {"deployments: {thank-you: {partitions: [1]}}", "there is no partition 1"},
		"a partition that nobody has":    {"{config: {nats: {partitions: 2}}, deployments: {thank-you: {partitions: [0]}}}", "nobody runs thank-you for partition 1"},
		"a share of the gateway":         {"deployments: {gateway: {perPartition: true}}", "gateway works for all partitions"},
		"both ways to share":             {"deployments: {thank-you: {perPartition: true, partitions: [0]}}", "deployments"},
		"a partition as a range":         {"deployments: {thank-you: {partitions: 0-1}}", "partitions"},
		"a share with another's name":    {"{config: {nats: {partitions: 2}}, deployments: {thank-you: {perPartition: true}, thank-you-1: {roles: [thank-you], replicas: 1}}}", "there already"},
		"a share with too long a name":   {"{config: {nats: {partitions: 16}}, deployments: {twenty-letters-named: {roles: [thank-you], replicas: 1, perPartition: true}}}", "too long"},
		"a budget that is no number":     {"podDisruptionBudget: {maxUnavailable: {}}", "maxUnavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "values.yaml")
			if err := os.WriteFile(path, []byte(c.values), 0o600); err != nil {
				t.Fatal(err)
			}
			values, err := Values(path)
			if err == nil {
				if c.want != "config.stores" {
					values["existingConfigMap"] = "of-our-own"
				}
				_, err = Render(values)
			}
			if err == nil {
				err = errors.New("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
