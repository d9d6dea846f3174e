package app

import "github.com/prometheus/client_golang/prometheus"

// instruments makes what a process measures by and registers it: nothing else does, so
// that a test can compare all there is with docs/metrics.md.
type instruments struct{ registry *prometheus.Registry }

func (i instruments) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	i.registry.MustRegister(c)
	return c
}

func (i instruments) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	i.registry.MustRegister(g)
	return g
}

func (i instruments) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	i.registry.MustRegister(h)
	return h
}

// gaugeOf exports what a function returns when it is asked.
func (i instruments) gaugeOf(name, help string, labels prometheus.Labels, value func() float64) {
	i.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
}

// counterOf exports what a function returns, which never decreases.
func (i instruments) counterOf(name, help string, labels prometheus.Labels, value func() float64) {
	i.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, value))
}

// info exports 1, with labels that say something.
func (i instruments) info(name, help string, labels prometheus.Labels) {
	i.gaugeOf(name, help, labels, func() float64 { return 1 })
}

// table exports gauges whose labels may be others each time. tell is called for each scrape,
// and calls set for each value, with those of the labels in the order of tableGauge.
func (i instruments) table(of map[string]tableGauge, tell func(set func(name string, value float64, labels ...string))) {
	t := &table{descs: map[string]*prometheus.Desc{}, tell: tell}
	for name, g := range of {
		t.descs[name] = prometheus.NewDesc(name, g.help, g.labels, nil)
	}
	i.registry.MustRegister(t)
}

type tableGauge struct {
	help   string
	labels []string
}

type table struct {
	descs map[string]*prometheus.Desc
	tell  func(set func(name string, value float64, labels ...string))
}

func (t *table) Describe(to chan<- *prometheus.Desc) {
	for _, d := range t.descs {
		to <- d
	}
}

func (t *table) Collect(to chan<- prometheus.Metric) {
	t.tell(func(name string, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(t.descs[name], prometheus.GaugeValue, value, labels...)
	})
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
