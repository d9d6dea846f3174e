package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/metrics"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

// childWord is the first argument of this programme when it is started as a
// process of its own for one task.
const childWord = "child"

// The tasks of child processes.
const (
	taskNATS         = "nats"
	taskRedis        = "redis"
	taskSink         = "sink"
	taskHoming       = "homing"
	taskBareIntake   = "bare-intake"
	taskBareDelivery = "bare-delivery"
	taskGate         = "gate"
	taskListmonk     = "listmonk"
)

// work is a task that has been begun in a child.
type work struct {
	ready   ready
	answers map[string]func() (any, error) // what the parent may ask
	stop    func() error
}

// ready is the first line a child says.
type ready struct {
	Addr  string `json:"addr,omitempty"` // where it listens
	PID   int    `json:"pid"`            // of the process that does the work
	Error string `json:"error,omitempty"`
}

// answer is what a child says to a question.
type answer struct {
	Error string          `json:"error,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

func begin(task string, spec json.RawMessage) (*work, error) {
	switch task {
	case taskNATS:
		return beginNATS(spec)
	case taskRedis:
		return beginRedis(spec)
	case taskSink:
		return beginSink(spec)
	case taskHoming:
		return beginHoming(spec)
	case taskBareIntake:
		return beginBareIntake(spec)
	case taskBareDelivery:
		return beginBareDelivery(spec)
	case taskGate:
		return beginGate(spec)
	case taskListmonk:
		return beginListmonk(spec)
	}
	return nil, fmt.Errorf("no such task: %q", task)
}

// runChild is the whole life of a child: it reads what to do from in, says when
// it is ready, answers questions, and stops when in ends, which it does however
// the parent dies.
func runChild(task string, in io.Reader, out io.Writer) error {
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	var spec json.RawMessage
	if err := dec.Decode(&spec); err != nil {
		return fmt.Errorf("reading what to do: %w", err)
	}
	w, err := begin(task, spec)
	if err != nil {
		return enc.Encode(ready{Error: err.Error()})
	}
	if w.ready.PID == 0 {
		w.ready.PID = os.Getpid()
	}
	if err := enc.Encode(w.ready); err != nil {
		return errors.Join(err, w.stop())
	}
	profiled := func() error { return nil }
	for {
		var question string
		if dec.Decode(&question) != nil {
			return errors.Join(profiled(), w.stop())
		}
		var a answer
		if path, ok := strings.CutPrefix(question, askProfile); ok {
			var err error
			if profiled, err = profile(path); err != nil {
				a.Error = err.Error()
			}
		} else if do := w.answers[question]; do == nil {
			a.Error = "no such question: " + question
		} else if v, err := do(); err != nil {
			a.Error = err.Error()
		} else if a.Value, err = json.Marshal(v); err != nil {
			a.Error = err.Error()
		}
		if err := enc.Encode(a); err != nil {
			return errors.Join(err, w.stop())
		}
	}
}

// askProfile, with a path without its ending behind it, has a child profile
// itself from then on until it stops.
const askProfile = "profile "

// profile starts a CPU profile of this process; what it returns ends it and writes the
// profile of allocations next to it. In between, what lives in memory is written whenever
// it is more than ever before.
func profile(path string) (stop func() error, err error) {
	f, err := os.Create(path + ".cpu.pprof")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	var heap sync.WaitGroup
	heap.Go(func() { profileMostHeap(path+".heap.pprof", done) })
	return func() error {
		pprof.StopCPUProfile()
		close(done)
		heap.Wait()
		return errors.Join(writeProfile("allocs", path+".allocs.pprof"), f.Close())
	}, nil
}

// profileMostHeap writes a heap profile each time that a collection left more than any
// before, until done.
func profileMostHeap(path string, done <-chan struct{}) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	most := uint64(0)
	for tick := time.Tick(20 * time.Millisecond); ; {
		metrics.Read(live)
		if n := live[0].Value.Uint64(); n > most {
			most = n
			_ = writeProfile("heap", path) // what is missing is seen
		}
		select {
		case <-tick:
		case <-done:
			return
		}
	}
}

func writeProfile(name, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup(name).WriteTo(f, 0), f.Close())
}

// child is a process of ours, seen from the parent.
type child struct {
	task  string
	ready ready
	cmd   *exec.Cmd
	in    io.WriteCloser
	stops sync.Once
	err   error // of stopping

	mu  sync.Mutex // one question at a time
	enc *json.Encoder
	dec *json.Decoder
}

// spawn starts a child and waits until it is ready.
func spawn(ctx context.Context, task string, spec any) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{task: task, cmd: exec.CommandContext(ctx, self, childWord, task)}
	c.cmd.Stderr = os.Stderr
	// A child whose input ends stops what it has started before it ends itself.
	c.cmd.Cancel = func() error { return c.in.Close() }
	c.cmd.WaitDelay = stopTimeout
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.enc, c.dec = json.NewEncoder(c.in), json.NewDecoder(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the process %s: %w", task, err)
	}
	err = c.enc.Encode(spec)
	if err == nil {
		err = c.dec.Decode(&c.ready)
	}
	if err == nil && c.ready.Error != "" {
		err = errors.New(c.ready.Error)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the process %s did not get ready: %w", task, err), c.stop())
	}
	return c, nil
}

// ask asks a child and decodes its answer into v, unless that is nil.
func (c *child) ask(question string, v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var a answer
	err := c.enc.Encode(question)
	if err == nil {
		err = c.dec.Decode(&a)
	}
	switch {
	case err != nil:
		return fmt.Errorf("the process %s died while it was asked for %s: %w", c.task, question, err)
	case a.Error != "":
		return fmt.Errorf("%s of the process %s: %s", question, c.task, a.Error)
	case v == nil:
		return nil
	}
	return json.Unmarshal(a.Value, v)
}

// stopTimeout is how long a child may take to stop before it is killed.
const stopTimeout = 30 * time.Second

// stop ends the child and waits for that. A second call does nothing.
func (c *child) stop() error {
	if c == nil {
		return nil
	}
	c.stops.Do(func() {
		_ = c.in.Close() // it may be dead already; Wait knows
		timer := time.AfterFunc(stopTimeout, func() { _ = c.cmd.Process.Kill() })
		defer timer.Stop()
		if err := c.cmd.Wait(); err != nil {
			c.err = fmt.Errorf("the process %s: %w", c.task, err)
		}
	})
	return c.err
}
