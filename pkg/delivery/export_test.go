package delivery

// Remembered returns how many touches the process knows something about.
func (d *Delivery) Remembered() int {
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	return len(d.memory.of) + len(d.memory.underWay)
}
