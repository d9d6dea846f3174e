// Package relays runs real mail servers as the relays of Homing's mailer: Exim, Postfix
// and OpenSMTPD as Debian packages them, unpacked in a folder, with a configuration of their
// own, on loopback. What they answer to, and how Homing takes it, is tested here: what a
// server was seen to say once is only worth what the next version says.
//
// `make relays` fetches the packages and runs the tests. Without them, or without root,
// which mail servers need, the tests are skipped.
package relays

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Folder is the variable that names where the packages are unpacked.
const Folder = "HOMING_RELAYS"

// users are those that the servers want to exist. They are only told so, by
// libnss-wrapper: nothing is added to this machine's.
var users = []string{"root:0", "nobody:65534", "Debian-exim:65533", "postfix:65532", "postdrop:65531", "opensmtpd:65530", "opensmtpq:65529"}

// nobody, exim and postfix are what the servers run as.
const (
	nobody   = 65534
	exim     = 65533
	postfix  = 65532
	postdrop = 65531
)

// A Server is one mail server that runs for a test.
type Server struct {
	Port int
	dir  string // its own: boxes has the mailboxes
	env  []string
	// silent is a server that waits for TLS.
	silent bool
}

// folder returns where the packages are, or skips the test: also where the server, a path
// in them, is not among them.
func folder(t *testing.T, server string) string {
	t.Helper()
	dir := os.Getenv(Folder)
	switch {
	case dir == "":
		t.Skip("real mail servers are not tested: run `make relays`, which fetches them from Debian")
	case os.Geteuid() != 0:
		t.Skip("real mail servers are not tested: they need root")
	}
	if _, err := os.Stat(filepath.Join(dir, server)); err != nil {
		t.Skip("not tested: its packages could not be fetched: " + server)
	}
	return dir
}

// begin makes a server's folder and environment.
func begin(t *testing.T, packages string) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "homing-relay")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{dir: dir, Port: freePort(t)}
	var passwd, group strings.Builder
	for _, u := range users {
		name, id, _ := strings.Cut(u, ":")
		fmt.Fprintf(&passwd, "%s:x:%s:%s::/var/lib/opensmtpd/empty:/bin/sh\n", name, id, id)
		fmt.Fprintf(&group, "%s:x:%s:\n", name, id)
	}
	s.write(t, "passwd", passwd.String())
	s.write(t, "group", group.String())
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	libs, _ := filepath.Glob(packages + "/usr/lib/*/libnss_wrapper.so")
	if len(libs) == 0 {
		t.Fatal("libnss-wrapper is not among the packages")
	}
	s.env = append(os.Environ(),
		"LD_PRELOAD="+libs[0], "LD_LIBRARY_PATH="+filepath.Dir(libs[0])+":"+packages+"/usr/lib/postfix",
		"NSS_WRAPPER_PASSWD="+filepath.Join(dir, "passwd"), "NSS_WRAPPER_GROUP="+filepath.Join(dir, "group"))
	return s
}

func (s *Server) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// mkdir makes a folder that belongs to a user.
func (s *Server) mkdir(t *testing.T, name string, uid int) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, uid, uid); err != nil {
		t.Fatal(err)
	}
	return path
}

// command is a program of the server's.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env, c.Dir = s.env, s.dir
	return c
}

// start runs a program until the end of the test, and waits until the server greets.
func (s *Server) start(t *testing.T, c *exec.Cmd) {
	t.Helper()
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		done := make(chan struct{})
		go func() { defer close(done); _ = c.Wait() }()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = c.Process.Kill()
			<-done
		}
		if t.Failed() {
			text := said.String()
			t.Logf("it said: %s", text[max(0, len(text)-2000):])
		}
	})
	s.greets(t)
}

// greets waits until the server answers.
func (s *Server) greets(t *testing.T) {
	t.Helper()
	for range 200 {
		c, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		if err == nil {
			var b [3]byte
			wait := 5 * time.Second
			if s.silent {
				wait = 200 * time.Millisecond
			}
			_ = c.SetDeadline(time.Now().Add(wait))
			_, err = c.Read(b[:])
			_ = c.Close()
			if err == nil && string(b[:]) == "220" || s.silent && errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server does not greet")
}

// Addr is where it listens.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.Port) }

// URL is the relay's, without TLS.
func (s *Server) URL() string { return "smtp+insecure://" + s.Addr() }

// Delivered lists the recipients in whose mailboxes emails are, one for each email,
// after waiting for n of them.
func (s *Server) Delivered(ctx context.Context, n int) (to []string) {
	for {
		to = nil
		boxes, _ := filepath.Glob(filepath.Join(s.dir, "boxes", "*", "new", "*"))
		for _, file := range boxes {
			to = append(to, filepath.Base(filepath.Dir(filepath.Dir(file))))
		}
		if len(to) >= n || ctx.Err() != nil {
			return to
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
