package chart

import (
	"fmt"
	"slices"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// faults lists what Kubernetes would take and what would not work: selectors that select
// nothing, ports that nobody listens on, budgets and scalers without a Deployment, and what
// the Pod Security Standard "restricted" forbids.
func (o Objects) faults() []error {
	var bad []error
	fail := func(format string, args ...any) { bad = append(bad, fmt.Errorf(format, args...)) }
	names := map[string]bool{}
	for _, d := range of[*apps.Deployment](o) {
		if names[d.Name] || len(d.Name) > 63 {
			fail("two Deployments are called %s, or its name is too long", d.Name)
		}
		names[d.Name] = true
		if !selects(d.Spec.Selector, d.Spec.Template.Labels) {
			fail("%s does not select its own pods", d.Name)
		}
		if n := o.budgets(d); n != 1 {
			fail("%s has %d budgets", d.Name, n)
		}
		bad = append(bad, podFaults(d.Name, d.Spec.Template.Spec)...)
		if s := o.scaler(d.Name); (s == nil) != (d.Spec.Replicas != nil) {
			fail("%s: KEDA and the Deployment both say how many, or neither does", d.Name)
		}
	}
	for _, p := range of[*core.Pod](o) {
		bad = append(bad, podFaults(p.Name, p.Spec)...)
	}
	for _, s := range of[*keda.ScaledObject](o) {
		if !names[s.Spec.ScaleTargetRef.Name] {
			fail("ScaledObject %s scales %s, which does not exist", s.Name, s.Spec.ScaleTargetRef.Name)
		}
		for _, t := range s.Spec.Triggers {
			if t.Type == "nats-jetstream" && (t.Metadata["stream"] == "" || t.Metadata["consumer"] == "") {
				fail("ScaledObject %s: a trigger without a stream or a consumer", s.Name)
			}
		}
	}
	for _, s := range of[*core.Service](o) {
		bad = append(bad, o.serviceFaults(s)...)
	}
	for _, i := range of[*networking.Ingress](o) {
		for _, r := range i.Spec.Rules {
			for _, p := range r.HTTP.Paths {
				if b := p.Backend.Service; !o.offers(b.Name, b.Port.Name) {
					fail("Ingress: there is no Service %s with a port %s", b.Name, b.Port.Name)
				}
			}
		}
	}
	for _, m := range of[*monitoring.ServiceMonitor](o) {
		if n := len(slices.DeleteFunc(of[*core.Service](o), func(s *core.Service) bool { return !selects(&m.Spec.Selector, s.Labels) })); n != 1 {
			fail("ServiceMonitor %s selects %d Services", m.Name, n)
		}
	}
	for _, n := range of[*networking.NetworkPolicy](o) {
		for _, d := range of[*apps.Deployment](o) {
			if !selects(&n.Spec.PodSelector, d.Spec.Template.Labels) {
				fail("NetworkPolicy %s leaves %s out", n.Name, d.Name)
			}
		}
	}
	return bad
}

func selects(s *meta.LabelSelector, l map[string]string) bool {
	sel, err := meta.LabelSelectorAsSelector(s)
	return err == nil && !sel.Empty() && sel.Matches(labels.Set(l))
}

func (o Objects) budgets(d *apps.Deployment) int {
	n := 0
	for _, b := range of[*policy.PodDisruptionBudget](o) {
		if selects(b.Spec.Selector, d.Spec.Template.Labels) {
			n++
		}
	}
	return n
}

// offers reports whether there is a Service of a name with a port of a name.
func (o Objects) offers(service, port string) bool {
	return slices.ContainsFunc(of[*core.Service](o), func(s *core.Service) bool {
		return s.Name == service && slices.ContainsFunc(s.Spec.Ports, func(p core.ServicePort) bool { return p.Name == port })
	})
}

func (o Objects) scaler(name string) *keda.ScaledObject {
	for _, s := range of[*keda.ScaledObject](o) {
		if s.Spec.ScaleTargetRef.Name == name {
			return s
		}
	}
	return nil
}

// serviceFaults: a Service leads to pods, and to ports that they have.
func (o Objects) serviceFaults(s *core.Service) []error {
	var bad []error
	found := false
	for _, d := range of[*apps.Deployment](o) {
		if !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(d.Spec.Template.Labels)) {
			continue
		}
		found = true
		for _, p := range s.Spec.Ports {
			if !slices.ContainsFunc(d.Spec.Template.Spec.Containers[0].Ports, func(c core.ContainerPort) bool { return c.Name == p.TargetPort.StrVal }) {
				bad = append(bad, fmt.Errorf("service %s leads to %s, which has no port %s", s.Name, d.Name, p.TargetPort.StrVal))
			}
		}
	}
	if !found {
		bad = append(bad, fmt.Errorf("service %s leads nowhere", s.Name))
	}
	return bad
}

// podFaults holds a pod to the Pod Security Standard "restricted", and to what Homing needs.
func podFaults(name string, p core.PodSpec) []error {
	var bad []error
	fail := func(format string, args ...any) { bad = append(bad, fmt.Errorf(name+": "+format, args...)) }
	if p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
		fail("it has a token of Kubernetes, which it does not need")
	}
	volumes := map[string]bool{}
	for _, v := range p.Volumes {
		volumes[v.Name] = true
		if v.HostPath != nil {
			fail("volume %s is a folder of the node", v.Name)
		}
	}
	for _, c := range slices.Concat(p.InitContainers, p.Containers) {
		s := c.SecurityContext
		if s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.RunAsUser == nil || *s.RunAsUser == 0 ||
			s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem ||
			s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 ||
			s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
			fail("container %s may more than the standard restricted allows", c.Name)
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
			fail("container %s asks for no CPU or memory, or has no limit of memory", c.Name)
		}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] || !m.ReadOnly {
				fail("container %s: %s is no volume, or can be written to", c.Name, m.Name)
			}
		}
		if len(c.Args) > 0 && c.Args[0] == "run" && (c.LivenessProbe == nil || c.ReadinessProbe == nil || c.LivenessProbe.HTTPGet.Path != "/livez" || c.ReadinessProbe.HTTPGet.Path != "/readyz") {
			fail("container %s is not probed", c.Name)
		}
	}
	// What Homing takes to stop (30 s), after what it waits before (preStop).
	if g := p.TerminationGracePeriodSeconds; p.RestartPolicy != core.RestartPolicyNever {
		wait := int64(0)
		if l := p.Containers[0].Lifecycle; l != nil {
			wait = l.PreStop.Sleep.Seconds
		}
		if g == nil || *g < 30+wait {
			fail("it is killed before it has stopped")
		}
	}
	return bad
}
