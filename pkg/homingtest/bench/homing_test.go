package main

import (
	"errors"
	"testing"

	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/programme"
)

// A part that measures the installation with all workers on can start it.
func TestTheInstallationsThatAreMeasuredCanStart(t *testing.T) {
	id, err := customer.NewIdentity(benchSecret)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []homingSpec{{}, {All: true}, {Paused: true}, {Announce: true}} {
		s.NATS, s.Redis, s.SMTP = "nats://127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"
		c, err := config.Parse("bench", []byte(s.file()), nil, programme.WorkerNames())
		if err == nil {
			_, opened := programme.Open(c, id)
			err = errors.Join(c.Validate(), opened)
		}
		if err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
