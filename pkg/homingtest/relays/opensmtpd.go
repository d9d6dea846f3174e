package relays

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// OpenSMTPD starts an OpenSMTPD that knows the recipients known0 to known999 of
// customer.example. Its paths are compiled in, so it runs in a root directory of its own.
// lines are further ones of its configuration, listen further options of where it listens,
// files what else is in its folder etc.
func OpenSMTPD(t *testing.T, lines, listen string, files map[string]string) *Server {
	t.Helper()
	packages := folder(t, "usr/sbin/smtpd")
	s := begin(t, packages)
	for _, dir := range []string{"etc", "dev", "tmp", "run", "usr/sbin", "usr/libexec", "bin", "var/lib/opensmtpd/empty", "var/spool/smtpd"} {
		s.mkdir(t, dir, 0)
	}
	if err := os.Chmod(filepath.Join(s.dir, "var/spool/smtpd"), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../run", filepath.Join(s.dir, "var/run")); err != nil {
		t.Fatal(err)
	}
	s.copy(t, packages+"/usr/sbin/smtpd", "usr/sbin/smtpd")
	s.copy(t, packages+"/usr/sbin/smtpctl", "usr/sbin/smtpctl")
	helpers, _ := filepath.Glob(packages + "/usr/libexec/opensmtpd/*")
	s.mkdir(t, "usr/libexec/opensmtpd", 0)
	for _, h := range helpers {
		s.copy(t, h, "usr/libexec/opensmtpd/"+filepath.Base(h))
	}
	s.copy(t, "/bin/sh", "bin/sh")
	for name, minor := range map[string]int{"null": 3, "zero": 5, "random": 8, "urandom": 9} {
		if err := syscall.Mknod(filepath.Join(s.dir, "dev", name), syscall.S_IFCHR|0o666, 1<<8|minor); err != nil {
			t.Skipf("OpenSMTPD is not tested: it needs /dev/%s in a root directory of its own: %v", name, err)
		}
		_ = os.Chmod(filepath.Join(s.dir, "dev", name), 0o666)
	}
	s.mkdir(t, "boxes", nobody)
	for from, to := range map[string]string{"passwd": "etc/passwd", "group": "etc/group"} {
		text, err := os.ReadFile(filepath.Join(s.dir, from))
		if err != nil {
			t.Fatal(err)
		}
		s.write(t, to, string(text))
	}
	var known strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&known, "known%d@customer.example\n", i)
	}
	s.write(t, "etc/known", known.String())
	s.write(t, "etc/mailname", "relay.example\n")
	s.write(t, "etc/hosts", "127.0.0.1 localhost\n")
	for name, text := range files {
		mode := os.FileMode(0o600) // it refuses a key that others may read
		if strings.HasPrefix(text, "#!") {
			mode = 0o755 // and runs filters as another user
		}
		if err := os.Chmod(s.write(t, "etc/"+name, text), mode); err != nil {
			t.Fatal(err)
		}
	}
	s.silent = strings.Contains(" "+listen+" ", " smtps ")
	s.write(t, "etc/smtpd.conf", `table known file:/etc/known
table all { "@" = "nobody" }
`+lines+`
listen on 127.0.0.1 port `+port(s)+` `+listen+`
action "box" maildir "/boxes/%{rcpt.user}" virtual <all>
match from any for domain "customer.example" rcpt-to <known> action "box"
`)
	s.env = os.Environ() // the users are in its own files
	s.start(t, s.command("chroot", s.dir, "/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf"))
	return s
}

// copy puts a program and the libraries it needs into the server's root directory.
func (s *Server) copy(t *testing.T, from, to string) {
	t.Helper()
	s.file(t, from, to)
	c := exec.Command("ldd", from)
	c.Env = s.env
	out, _ := c.Output() // a script has none
	for line := range strings.SplitSeq(string(out), "\n") {
		for word := range strings.FieldsSeq(line) {
			if strings.HasPrefix(word, "/") && !strings.Contains(word, "libnss_wrapper") {
				at := word
				if i := strings.Index(word, "/usr/lib/"); i > 0 {
					at = word[i:] // of the packages
				}
				s.file(t, word, at)
			}
		}
	}
}

func (s *Server) file(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	path := filepath.Join(s.dir, to)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}
