package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

// sample is the resident memory of a process at one time.
type sample struct {
	at  time.Time
	rss int64 // bytes
}

// usage is what a process was seen to use; zeros where the machine has no /proc.
type usage struct {
	peak    int64 // bytes resident at most
	samples []sample
}

// rssAt returns the memory at a time, as of the sample before it.
func (u usage) rssAt(t time.Time) int64 {
	var rss int64
	for _, s := range u.samples {
		if s.at.After(t) && rss > 0 {
			break
		}
		rss = s.rss
	}
	return rss
}

// watch samples the memory of a process.
type watch struct {
	pid  int
	done chan struct{}
	wg   sync.WaitGroup
	u    usage
}

func startWatch(pid int) *watch {
	w := &watch{pid: pid, done: make(chan struct{})}
	w.wg.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			w.u.samples = append(w.u.samples, sample{time.Now(), status(pid, "VmRSS:")})
			select {
			case <-w.done:
				return
			case <-tick.C:
			}
		}
	})
	return w
}

// stop ends the watch while the process still lives.
func (w *watch) stop() usage {
	close(w.done)
	w.wg.Wait()
	w.u.peak = status(w.pid, "VmHWM:")
	return w.u
}

// status reads one line of /proc/<pid>/status, in bytes.
func status(pid int, field string) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(data) {
		f := bytes.Fields(line)
		if len(f) == 3 && string(f[0]) == field {
			kb, _ := strconv.ParseInt(string(f[1]), 10, 64)
			return kb << 10
		}
	}
	return 0
}

// clockTick is the unit of CPU times in /proc (USER_HZ, 100 on every Linux).
const clockTick = 10 * time.Millisecond

// cpu is the CPU time a process has used, user and system.
func cpu(pid int) time.Duration { return cpuIn(pid, 11) }

// cpuIn is the CPU time in two fields of /proc/<pid>/stat, user and then system. field is the
// index of the first, counted from the one after the name of the process.
func cpuIn(pid, field int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The second field is the name in brackets, and may hold spaces.
	_, rest, _ := bytes.Cut(data, []byte(") "))
	f := bytes.Fields(rest)
	if len(f) < field+2 {
		return 0
	}
	user, _ := strconv.ParseInt(string(f[field]), 10, 64)
	system, _ := strconv.ParseInt(string(f[field+1]), 10, 64)
	return time.Duration(user+system) * clockTick
}

// machineTimes returns the CPU time that the whole machine has spent idle and
// at work.
func machineTimes() (idle, busy time.Duration) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	for i, f := range bytes.Fields(line) {
		n, _ := strconv.ParseInt(string(f), 10, 64)
		d := time.Duration(n) * clockTick
		switch i {
		case 0, 9, 10: // the name; the guests' time, which is in user and nice already
		case 4, 5: // idle, and waiting for a disk
			idle += d
		default:
			busy += d
		}
	}
	return idle, busy
}

// meter measures the CPU time of several processes over one stretch.
type meter struct {
	pids       map[string]int
	before     map[string]time.Duration
	began      time.Time
	idle, busy time.Duration
	own        time.Duration // of this process
}

// meterOf begins a stretch. A process added later counts from its start.
func meterOf(pids map[string]int) meter {
	m := meter{pids: pids, before: map[string]time.Duration{}, began: time.Now(), own: cpu(os.Getpid())}
	for name, pid := range pids {
		m.before[name] = cpu(pid)
	}
	m.idle, m.busy = machineTimes()
	return m
}

// add counts a process that has been running, from now on.
func (m meter) add(name string, pid int) { m.pids[name], m.before[name] = pid, cpu(pid) }

// cost is what a stretch took. Idle and Others say how far its speed can be
// believed: it was measured on what others left.
type cost struct {
	Part   string             `json:"part"`
	What   string             `json:"what"`
	Micros map[string]float64 `json:"micros"` // CPU time of each process for one event or mail
	Total  float64            `json:"total_micros"`
	Idle   float64            `json:"idle_cores"`  // that had nothing to do
	Others float64            `json:"other_cores"` // that worked for processes that are not ours
}

// cost ends a stretch in which n things were done.
func (m meter) cost(part, what string, n int) cost {
	c := cost{Part: part, What: what, Micros: map[string]float64{}}
	ours := cpu(os.Getpid()) - m.own
	for name, pid := range m.pids {
		used := cpu(pid) - m.before[name]
		ours += used
		c.Micros[name] = float64(used.Microseconds()) / float64(n)
		c.Total += c.Micros[name]
	}
	idle, busy := machineTimes()
	wall := time.Since(m.began).Seconds()
	c.Idle, c.Others = (idle-m.idle).Seconds()/wall, max(0, (busy-m.busy-ours).Seconds()/wall)
	return c
}
