package devstack

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

const (
	// startTimeout bounds how long a server may take to answer; recovering a
	// million pending schedules was measured at under 3 s.
	startTimeout = 30 * time.Second

	// maxMemoryStore bounds memory streams. Homing keeps its streams on disk, so
	// this only stops an experiment from eating the machine.
	maxMemoryStore = 256 << 20
)

// ErrStateInUse says that another process has the state folder open. Two
// servers on one store would destroy it, and nats-server itself does not check.
var ErrStateInUse = errors.New("another process already uses this state folder")

// NATSOptions configure StartNATS.
type NATSOptions struct {
	Dir      string // JetStream's store; required, made if missing
	Host     string // default 127.0.0.1
	Port     int    // wanted port; 0 = any free one; -1 = do not listen (in-process only)
	NextFree bool   // if Port is taken use the next free one (up to +50)

	// SyncInterval is how often streams are synced to disk; default 1 s. Tests on
	// fake time set an hour: every interval is a wake-up of every stream.
	SyncInterval time.Duration
	MaxStore     int64       // bytes JetStream may store on disk; 0 = the server's default
	MaxMemory    int64       // bytes that streams in memory may have; default 256 MiB
	Log          *zap.Logger // gets the server's warnings and errors; nil = nobody does
}

func (o *NATSOptions) validate() error {
	if o.Dir == "" {
		return errors.New("a folder for JetStream's store is required")
	}
	if o.Port < -1 || o.Port > 65535 {
		return fmt.Errorf("port %d is not between -1 and 65535", o.Port)
	}
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if o.SyncInterval <= 0 {
		o.SyncInterval = time.Second
	}
	if o.MaxMemory <= 0 {
		o.MaxMemory = maxMemoryStore
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return nil
}

func (o *NATSOptions) server(port int) *server.Options {
	so := &server.Options{
		ServerName:         "homing-" + rand.Text()[:10],
		Host:               o.Host,
		Port:               port,
		JetStream:          true,
		StoreDir:           o.Dir,
		SyncInterval:       o.SyncInterval,
		JetStreamMaxMemory: o.MaxMemory,
		JetStreamMaxStore:  o.MaxStore,
		NoSystemAccount:    true,
		NoSigs:             true, // signals belong to the program around it
		NoLog:              true,
	}
	switch port {
	case -1:
		so.DontListen = true
	case 0:
		so.Port = server.RANDOM_PORT
	}
	return so
}

// NATS is a NATS server inside this process.
type NATS struct {
	srv  *server.Server
	url  string
	lock *os.File
	stop sync.Once
}

// StartNATS starts a server with JetStream and waits until it takes connections.
// It fails with ErrStateInUse if another process has the same folder open.
func StartNATS(o NATSOptions) (*NATS, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("start NATS: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("start NATS in %s: %w", o.Dir, err)
	}
	n, err := startOnFirstFree(o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start NATS: %w", err), lock.Close())
	}
	n.lock = lock
	return n, nil
}

func startOnFirstFree(o NATSOptions) (*NATS, error) {
	var first error
	for _, port := range candidates(o.Port, o.NextFree) {
		// The server opens its port only after JetStream has recovered, so a taken
		// one is found out beforehand, and once more if somebody was quicker.
		err := probe(o.Host, port)
		if err == nil {
			var n *NATS
			if n, err = startServer(o, port); err == nil {
				return n, nil
			}
			if probe(o.Host, port) == nil {
				return nil, err
			}
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func probe(host string, port int) error {
	if port <= 0 {
		return nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

func startServer(o NATSOptions, port int) (*NATS, error) {
	srv, err := server.NewServer(o.server(port))
	if err != nil {
		return nil, err
	}
	log := &serverLog{log: o.Log.Named("nats").WithOptions(zap.WithCaller(false))}
	srv.SetLoggerV2(log, false, false, false)
	srv.Start()
	err = log.failure()
	if err == nil && !srv.ReadyForConnections(startTimeout) {
		err = fmt.Errorf("not ready for connections after %s", startTimeout)
	}
	if err != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, err
	}
	n := &NATS{srv: srv}
	if port >= 0 {
		n.url = "nats://" + dialable(srv.Addr().String())
	}
	return n, nil
}

// URL is where clients of other processes connect, such as
// "nats://127.0.0.1:4222"; empty if the server does not listen.
func (n *NATS) URL() string { return n.url }

// Server is the server itself, for nats.InProcessServer.
func (n *NATS) Server() *server.Server { return n.srv }

// Connect opens a connection inside the process, without a socket.
func (n *NATS) Connect(opts ...nats.Option) (*nats.Conn, error) {
	all := append([]nats.Option{nats.InProcessServer(n.srv)}, opts...)
	nc, err := nats.Connect("", all...)
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded NATS server: %w", err)
	}
	return nc, nil
}

// Stop shuts the server down and returns once its state is on disk. Calling it
// again does nothing.
func (n *NATS) Stop() {
	n.stop.Do(func() {
		n.srv.Shutdown()
		n.srv.WaitForShutdown()
		_ = n.lock.Close() // closing gives the lock back; there is nothing left to save
	})
}
