package homingtest_test

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/homingtest"
)

// Thousands are due at the same moment, and the relay may have 50 a second: they leave at
// that pace, each once, and those that wait take up no memory to speak of. HOMING_DUE says
// how many (make due).
func TestThousandsAreDueAtOnce(t *testing.T) {
	due := 2000
	if testing.Short() {
		due = 500
	}
	if n, err := strconv.Atoi(os.Getenv("HOMING_DUE")); err == nil {
		due = n
	}
	const perSecond = 50
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		s := w.Config.Stores["main"]
		s.Pacing.Throughput.PerSecond = perSecond
		w.Config.Stores["main"] = s
		w.Redis.ExpireRoughly(time.Second)
		w.Sink.Forget = true
		w.Start()
		orders(w, due)
		time.Sleep(29 * time.Minute)
		before := heap()
		most := uint64(0)
		for range 20 {
			time.Sleep(time.Minute + time.Duration(due/perSecond/20)*time.Second)
			most = max(most, heap())
		}
		each(t, w, due)
		mails := w.Sink.Mails()
		took := mails[len(mails)-1].At.Sub(mails[0].At)
		if least := time.Duration(due/perSecond) * time.Second * 9 / 10; took < least || took > 2*least {
			t.Errorf("%d emails left within %v, want some %v", due, took, least)
		}
		// What the servers in its process keep of each customer is in it.
		t.Logf("%d emails in %v; heap %d MiB before, %d MiB at most", due, took, before>>20, most>>20)
		if grew := int64(most) - int64(before); grew > int64(64<<20)+int64(due)*4<<10 {
			t.Errorf("the heap grew by %d MiB", grew>>20)
		}
	})
}

// heap is what is in use after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
