// Command homing is the whole of Homing in one program: the engine, and the
// tools to try it, to publish events to it and to look into it. Each command
// has a file of its own here; what they run is in pkg/app.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The second signal has its ordinary effect again: the end, at once.
	context.AfterFunc(ctx, stop)
	m := Main{Name: invocation(os.Args[0])}
	os.Exit(m.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}

// Main is the program without the process around it, so that tests can run it.
type Main struct {
	Name string // how to call the program, for the commands it suggests; default homing
}

// Run runs one command and returns its exit code. When ctx ends, a running
// command stops as it does on SIGTERM. env is os.LookupEnv or a stand-in.
func (m Main) Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) (string, bool)) int {
	if m.Name == "" {
		m.Name = "homing"
	}
	p := &program{name: m.Name, in: stdin, out: stdout, err: stderr, env: env}
	root := p.root()
	root.SetArgs(append([]string{}, args...)) // never nil: cobra would take the process's own
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	return p.exit(cmd, err)
}

// program is what all commands share.
type program struct {
	name string
	in   io.Reader
	out  io.Writer
	err  io.Writer
	env  func(string) (string, bool)

	config    string // --config
	nats      string // --nats, of the commands that have it
	logLevel  string
	logFormat string
	output    string // --output, of the commands that have it
	begun     bool   // arguments and flags were right, a command runs
}
