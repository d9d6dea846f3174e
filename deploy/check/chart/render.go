// Package chart renders the Helm chart with Helm's own code and reads what comes out as
// Kubernetes does, strictly: a field that does not exist is a fault. It asks no cluster.
package chart

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

// Dir is where the chart is, and Examples its values for a small and a large shop.
const (
	Dir      = "../../helm/homing"
	Examples = "../../helm/examples"
)

// Render renders the chart as `helm template homing` does in the namespace mail, and returns
// its files by name. Values are checked by the chart's schema first.
func Render(values map[string]any) (map[string]string, error) {
	c, err := loader.LoadDir(Dir)
	if err != nil {
		return nil, err
	}
	return render(c, values)
}

func render(c *chart.Chart, values map[string]any) (map[string]string, error) {
	release := common.ReleaseOptions{Name: "homing", Namespace: "mail", Revision: 1, IsInstall: true}
	top, err := util.ToRenderValues(c, values, release, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	out, err := engine.Engine{Strict: true}.Render(c, top)
	if err != nil {
		return nil, err
	}
	for name, text := range out {
		if strings.TrimSpace(text) == "" || strings.HasSuffix(name, ".tpl") {
			delete(out, name)
		}
	}
	return out, nil
}

// Values reads a file of values.
func Values(path string) (map[string]any, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var v map[string]any
	return v, yaml.UnmarshalStrict(data, &v)
}

// Manifests puts together what would be applied, in the order of the files.
func Manifests(files map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if filepath.Ext(name) == ".yaml" {
			fmt.Fprintf(&b, "---\n# %s\n%s\n", name, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(files[name]), "---")))
		}
	}
	return b.String()
}
