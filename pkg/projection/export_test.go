package projection

// AsOnCluster has customers kept as on a cluster, whose nodes may lose what they were
// told one without the other.
func (s *Customers) AsOnCluster() { s.nodes = true }

// AsOnCluster is Customers.AsOnCluster.
func (r *Rebuilder) AsOnCluster() { r.store.nodes = true }
