package render

import (
	"os"
	"syscall"
	"testing"
)

func BenchmarkCPU(b *testing.B) {
	set, err := Load(os.DirFS("../../templates"))
	if err != nil {
		b.Fatal(err)
	}
	d := set.Samples("thank-you/thanks")[0].Data
	var r0, r1 syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r0)
	for b.Loop() {
		set.Render("thank-you/thanks", d)
	}
	syscall.Getrusage(syscall.RUSAGE_SELF, &r1)
	b.ReportMetric(float64(r1.Utime.Nano()-r0.Utime.Nano()+r1.Stime.Nano()-r0.Stime.Nano())/1e3/float64(b.N), "cpu-us/op")
}
