package chart

import (
	"bytes"
	"errors"
	"io"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Objects are what a chart installs.
type Objects []runtime.Object

// of returns those of a kind.
func of[T runtime.Object](o Objects) (out []T) {
	for _, x := range o {
		if t, is := x.(T); is {
			out = append(out, t)
		}
	}
	return out
}

// Decode reads manifests as the API server would with strict validation: an unknown field, one
// that is there twice and one of another type are errors.
func Decode(manifests string) (Objects, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apps.AddToScheme, core.AddToScheme, networking.AddToScheme, policy.AddToScheme, keda.AddToScheme, monitoring.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader([]byte(manifests))))
	defer documents.Close()
	var o Objects
	var bad []error
	for buf := make([]byte, 1<<20); ; {
		n, err := documents.Read(buf)
		if err == io.EOF {
			return o, errors.Join(bad...)
		}
		if err != nil {
			return nil, err
		}
		if doc := bytes.TrimSpace(buf[:n]); len(doc) > 0 && !onlyComments(doc) {
			if x, err := decode(decoder, doc); err != nil {
				bad = append(bad, err)
			} else {
				o = append(o, x)
			}
		}
	}
}

func onlyComments(doc []byte) bool {
	for line := range bytes.Lines(doc) {
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] != '#' && string(t) != "---" {
			return false
		}
	}
	return true
}

func decode(d runtime.Decoder, doc []byte) (runtime.Object, error) {
	x, _, err := d.Decode(doc, nil, nil)
	if err != nil {
		return nil, err
	}
	switch x.(type) {
	case *apps.Deployment, *core.Service, *core.ConfigMap, *core.ServiceAccount, *core.Pod, *policy.PodDisruptionBudget,
		*networking.NetworkPolicy, *networking.Ingress, *keda.ScaledObject, *monitoring.ServiceMonitor:
		return x, nil
	}
	return nil, errors.New("the chart installs something that nobody checks: " + x.GetObjectKind().GroupVersionKind().String())
}
