package product

// Fork returns a collector that counts others of the same night on a goroutine of its own,
// for Join to add. It is called once the shop's products were heard of; nobody changes k
// until the forks are joined.
func (k *Collector) Fork() *Collector {
	f := NewCollector(k.at, k.before)
	if f.heard = k.tonight; k.segments != nil {
		f.segments, f.knows = k.segments.Fork(), k.knows
	}
	return f
}

// Join adds what a fork counted.
func (k *Collector) Join(f *Collector) {
	k.tonight.join(f.tonight)
	k.silences.Join(f.silences)
	if k.lives != nil {
		k.lives.Join(f.lives)
	}
	if k.repeats = append(k.repeats, f.repeats...); k.segments != nil {
		k.segments.Join(f.segments)
	}
}

// join adds the parts of other customers, as of the same time.
func (p *Parts) join(o *Parts) {
	p.shop, p.visitors, p.customers = p.shop.Plus(o.shop), p.visitors+o.visitors, p.customers+o.customers
	for id, x := range o.products {
		if t := p.of(id); t != nil {
			*t = *t.plus(x)
		}
	}
}
