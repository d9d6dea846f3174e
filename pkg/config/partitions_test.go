package config_test

import (
	"strings"
	"testing"

	"homing/pkg/bus"
	"homing/pkg/config"
)

func TestPartitionsArePowersOfTwo(t *testing.T) {
	for n := bus.Partitions(-1); n <= 2*bus.MostPartitions; n++ {
		c := config.Default()
		c.NATS.Partitions = int(n)
		err := c.NATS.Validate()
		said := err != nil && strings.Contains(err.Error(), "partitions")
		if said == n.Possible() {
			t.Errorf("%d partitions: %v", n, err)
		}
	}
}
