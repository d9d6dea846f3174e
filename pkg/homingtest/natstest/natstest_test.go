package natstest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/homingtest/natstest"
)

// A quiet month costs next to nothing, and what was stored is there afterwards.
func TestAQuietMonthIsShort(t *testing.T) {
	dir := t.TempDir()
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		n := natstest.Start(t, dir)
		s, err := n.JS.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.JS.Publish(t.Context(), "s.a", []byte("hello")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * 24 * time.Hour)
		m, err := s.GetMsg(t.Context(), 1)
		if err != nil || string(m.Data) != "hello" {
			t.Errorf("a month later: %v, %v", m, err)
		}
	})
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
