package segment

// Bound has a collector keep fewer rows.
func Bound(k *Collector, rows int) { k.max = rows }
