package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// forest watches the memory of processes and of all that they started: the pages of each,
// those that several share counted once.
type forest struct {
	roots map[string]int // by name
	done  chan struct{}
	wg    sync.WaitGroup
	grown forestUsage
}

// forestUsage is what the processes were seen to use, in bytes, by name.
type forestUsage []map[string]int64

// between is the time between two looks: each has the kernel walk over every page, which
// takes tens of milliseconds for a gigabyte.
const between = time.Second

func watchForest(roots map[string]int) *forest {
	f := &forest{roots: roots, done: make(chan struct{})}
	f.grown = append(f.grown, f.look())
	f.wg.Go(func() {
		for tick := time.Tick(between); ; {
			select {
			case <-f.done:
				return
			case <-tick:
				f.grown = append(f.grown, f.look())
			}
		}
	})
	return f
}

// stop ends the watch while the processes still live.
func (f *forest) stop() forestUsage {
	close(f.done)
	f.wg.Wait()
	return append(f.grown, f.look())
}

func (f *forest) look() map[string]int64 {
	children := childrenOf()
	out := map[string]int64{}
	for name, root := range f.roots {
		for _, pid := range treeOf(root, children) {
			out[name] += share(pid)
		}
	}
	return out
}

func (u forestUsage) names() []string { return slices.Sorted(maps.Keys(u[0])) }

// quarters are the memory at the beginning, and after each quarter of the time, in MiB.
func (u forestUsage) quarters(name string) []float64 {
	out := make([]float64, 5)
	for q := range out {
		out[q] = mib(u[(len(u)-1)*q/4][name])
	}
	return out
}

// peak is the most that all had at one time, and what each had then.
func (u forestUsage) peak() (all int64, each map[string]int64) {
	for _, at := range u {
		sum := int64(0)
		for _, n := range at {
			sum += n
		}
		if sum > all {
			all, each = sum, at
		}
	}
	return all, each
}

// share is the resident memory of a process, with its share of what others have as well
// (PSS), in bytes.
func share(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0 // it has ended
	}
	for line := range bytes.Lines(data) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "Pss:" {
			kb, _ := strconv.ParseInt(string(f[1]), 10, 64)
			return kb << 10
		}
	}
	return 0
}

// childrenOf lists the children of all processes.
func childrenOf() map[int][]int {
	out := map[int][]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		head, rest, _ := bytes.Cut(data, []byte(") "))
		pid, _, _ := bytes.Cut(head, []byte(" "))
		if f := bytes.Fields(rest); len(f) > 2 {
			child, _ := strconv.Atoi(string(pid))
			parent, _ := strconv.Atoi(string(f[1]))
			out[parent] = append(out[parent], child)
		}
	}
	return out
}

func treeOf(root int, children map[int][]int) []int {
	out := []int{root}
	for _, c := range children[root] {
		out = append(out, treeOf(c, children)...)
	}
	return out
}

// cpuOfTree is the CPU time that a process has used, with all that it started.
func cpuOfTree(root int) time.Duration {
	sum := cpuOfEnded(root)
	for _, pid := range treeOf(root, childrenOf()) {
		sum += cpu(pid)
	}
	return sum
}

// cpuOfEnded is the CPU time of the children of a process that have ended.
func cpuOfEnded(pid int) time.Duration { return cpuIn(pid, 13) }
