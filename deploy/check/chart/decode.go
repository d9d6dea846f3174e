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

// Objects is what a chart installs, by kind.
type Objects struct {
	Deployments     []*apps.Deployment
	Services        []*core.Service
	ConfigMaps      []*core.ConfigMap
	ServiceAccounts []*core.ServiceAccount
	Pods            []*core.Pod
	Budgets         []*policy.PodDisruptionBudget
	NetworkPolicies []*networking.NetworkPolicy
	Ingresses       []*networking.Ingress
	ScaledObjects   []*keda.ScaledObject
	Monitors        []*monitoring.ServiceMonitor
}

// Decode reads manifests as the API server would with strict validation: an unknown field, one
// that is there twice and one of another type are errors.
func Decode(manifests string) (*Objects, error) {
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
			return &o, errors.Join(bad...)
		}
		if err != nil {
			return nil, err
		}
		if doc := bytes.TrimSpace(buf[:n]); len(doc) > 0 && !onlyComments(doc) {
			if err := o.add(decoder, doc); err != nil {
				bad = append(bad, err)
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

func (o *Objects) add(d runtime.Decoder, doc []byte) error {
	x, _, err := d.Decode(doc, nil, nil)
	if err != nil {
		return err
	}
	switch x := x.(type) {
	case *apps.Deployment:
		o.Deployments = append(o.Deployments, x)
	case *core.Service:
		o.Services = append(o.Services, x)
	case *core.ConfigMap:
		o.ConfigMaps = append(o.ConfigMaps, x)
	case *core.ServiceAccount:
		o.ServiceAccounts = append(o.ServiceAccounts, x)
	case *core.Pod:
		o.Pods = append(o.Pods, x)
	case *policy.PodDisruptionBudget:
		o.Budgets = append(o.Budgets, x)
	case *networking.NetworkPolicy:
		o.NetworkPolicies = append(o.NetworkPolicies, x)
	case *networking.Ingress:
		o.Ingresses = append(o.Ingresses, x)
	case *keda.ScaledObject:
		o.ScaledObjects = append(o.ScaledObjects, x)
	case *monitoring.ServiceMonitor:
		o.Monitors = append(o.Monitors, x)
	default:
		return errors.New("the chart installs something that nobody checks: " + x.GetObjectKind().GroupVersionKind().String())
	}
	return nil
}
