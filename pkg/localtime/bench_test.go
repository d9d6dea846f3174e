package localtime

import (
	"testing"
	"time"
)

// Intake and the gate ask for a zone for every event and every touch.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load("Europe/Berlin"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadWithoutCache(b *testing.B) {
	d := choose("", nil)
	for b.Loop() {
		if _, err := d.read("Europe/Berlin"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadOfGo(b *testing.B) {
	for b.Loop() {
		if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
			b.Fatal(err)
		}
	}
}
