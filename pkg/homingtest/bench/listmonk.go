package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// listmonkSpec says how listmonk is run, next to which an announcement is measured.
type listmonkSpec struct {
	Dir      string  `json:"dir"`      // its source, with the program in it
	Postgres string  `json:"postgres"` // where initdb, postgres and psql are; "": found by PATH
	State    string  `json:"state"`    // for files of this run
	SMTP     string  `json:"smtp"`
	N        int     `json:"n"`    // subscribers
	Rate     int     `json:"rate"` // its message_rate
	Mail     content `json:"mail"`
}

// content is what an email says.
type content struct {
	Subject, From, Text, HTML string
}

// listmonk is one with its Postgres.
type listmonk struct {
	listmonkSpec
	db, app *exec.Cmd
	port    int // of Postgres
	web     int
	as      *syscall.Credential // whom Postgres runs as: it refuses to be root
}

// listmonkPIDs are its processes.
type listmonkPIDs struct {
	Listmonk int `json:"listmonk"`
	Postgres int `json:"postgres"`
}

func beginListmonk(raw json.RawMessage) (*work, error) {
	l := &listmonk{}
	err := json.Unmarshal(raw, &l.listmonkSpec)
	if err == nil {
		err = l.start()
	}
	if err != nil {
		return nil, errors.Join(err, l.stop())
	}
	return &work{stop: l.stop, answers: map[string]func() (any, error){
		"pids": func() (any, error) { return listmonkPIDs{l.app.Process.Pid, l.db.Process.Pid}, nil },
		"send": func() (any, error) { return nil, l.sql("update campaigns set status = 'running'") },
	}}, nil
}

func (l *listmonk) start() error {
	if err := l.startPostgres(); err != nil {
		return fmt.Errorf("starting Postgres: %w", err)
	}
	config := filepath.Join(l.State, "config.toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `
[app]
address = "127.0.0.1:%d"
[db]
host = "127.0.0.1"
port = %d
user = "listmonk"
password = "unused"
database = "postgres"
ssl_mode = "disable"
max_open = 25
max_idle = 25
max_lifetime = "300s"
`, l.web, l.port), 0o644); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(l.Dir, "frontend", "dist"), 0o755); err != nil { // its admin pages are not needed
		return err
	}
	install := l.command(config, "--install", "--yes")
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("listmonk --install: %w\n%s", err, out)
	}
	if err := l.fill(); err != nil {
		return err
	}
	l.app = l.command(config)
	log, err := os.Create(filepath.Join(l.State, "listmonk.log"))
	if err != nil {
		return err
	}
	l.app.Stdout, l.app.Stderr = log, log
	if err := l.app.Start(); err != nil {
		return fmt.Errorf("listmonk: %w", err)
	}
	return l.answers(log.Name())
}

// command runs listmonk, with its files from its source.
func (l *listmonk) command(config string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(l.Dir, "listmonk"), append([]string{"--config", config}, args...)...)
	c.Dir = l.Dir
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// answers waits until listmonk listens.
func (l *listmonk) answers(log string) error {
	for end := time.Now().Add(readyWithin); ; time.Sleep(50 * time.Millisecond) {
		said, err := os.ReadFile(log)
		switch {
		case err != nil:
			return err
		case strings.Contains(string(said), "http server started"):
			return nil
		case time.Now().After(end):
			return fmt.Errorf("listmonk does not answer; it says:\n%s", said)
		}
	}
}

func (l *listmonk) startPostgres() (err error) {
	if l.Postgres == "" {
		path, err := exec.LookPath("initdb")
		if err != nil {
			return errors.New("there is no initdb on this machine: install PostgreSQL, or say with -postgres in which folder its programs are")
		}
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
		l.Postgres = filepath.Dir(path)
	}
	if l.port, err = freePort(); err != nil {
		return err
	}
	if l.web, err = freePort(); err != nil {
		return err
	}
	data := filepath.Join(l.State, "postgres")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if err := l.another(data); err != nil {
		return err
	}
	if out, err := l.postgres("initdb", "-D", data, "-U", "listmonk", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	l.db = l.postgres("postgres", "-D", data, "-p", strconv.Itoa(l.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=")
	if err := l.db.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(readyWithin); l.sql("select 1") != nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			return l.sql("select 1")
		}
	}
	return nil
}

// another has Postgres run as another than root, if that is who we are.
func (l *listmonk) another(data string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return err
		}
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	l.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	for dir := l.State; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	return os.Chown(data, uid, gid)
}

func (l *listmonk) postgres(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(l.Postgres, name), args...)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: l.as}
	return c
}

// sql has Postgres do something.
func (l *listmonk) sql(statement string) error {
	c := l.postgres("psql", "-h", "127.0.0.1", "-p", strconv.Itoa(l.port), "-U", "listmonk", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-qtA", "-f", "-")
	c.Stdin = strings.NewReader(statement)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, out)
	}
	return nil
}

// fill sets listmonk up, with a list of subscribers who confirmed, and a campaign to them
// that is a draft.
func (l *listmonk) fill() error {
	host, port, _ := strings.Cut(l.SMTP, ":")
	set := fmt.Sprintf(`
update settings set value = '%d' where key = 'app.concurrency';
update settings set value = '%d' where key = 'app.message_rate';
update settings set value = '5000' where key = 'app.batch_size';
update settings set value = 'false' where key = 'app.check_updates';
update settings set value = '[{"enabled":true,"host":"%s","port":%s,"auth_protocol":"none","hello_hostname":"","max_conns":%d,"idle_timeout":"15s","wait_timeout":"5s","max_msg_retries":2,"msg_retry_delay":"10ms","tls_type":"none","tls_skip_verify":false,"email_headers":[],"from_addresses":[]}]' where key = 'smtp';
truncate subscribers, lists, campaigns, subscriber_lists, campaign_lists restart identity cascade;
insert into lists (uuid, name, type, optin) values (gen_random_uuid(), 'Everybody', 'private', 'double');
insert into subscribers (uuid, email, name, attribs)
  select gen_random_uuid(), 'c-' || i || '@example.com', 'Ann Fletcher', '{"time_zone": "Europe/London"}' from generate_series(0, %d) i;
insert into subscriber_lists (subscriber_id, list_id, status) select id, 1, 'confirmed' from subscribers;
insert into templates (name, type, subject, body) values ('bare', 'campaign', '', '{{ template "content" . }}');
insert into campaigns (uuid, name, subject, from_email, body, altbody, content_type, messenger, template_id)
  select gen_random_uuid(), 'Spring', %s, %s, %s, %s, 'html', 'email', id from templates where name = 'bare';
insert into campaign_lists (campaign_id, list_id, list_name) values (1, 1, 'Everybody');
analyze;
`, connections, l.Rate, host, port, connections, l.N-1, quote(l.Mail.Subject), quote(l.Mail.From), quote(l.Mail.HTML), quote(l.Mail.Text))
	if err := l.sql(set); err != nil {
		return err
	}
	return l.sql("checkpoint")
}

// quote writes a string as SQL has it.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// stop ends both.
func (l *listmonk) stop() error {
	for _, c := range []*exec.Cmd{l.app, l.db} {
		if c != nil && c.Process != nil {
			_ = c.Process.Signal(syscall.SIGINT)
			done := make(chan struct{})
			go func() { _ = c.Wait(); close(done) }()
			select {
			case <-done:
			case <-time.After(5 * time.Second):
				_ = c.Process.Kill()
				<-done
			}
		}
	}
	return nil
}

// startListmonk starts listmonk in a process that watches over it.
func startListmonk(ctx context.Context, spec listmonkSpec) (*child, listmonkPIDs, error) {
	var p listmonkPIDs
	c, err := spawn(ctx, taskListmonk, spec)
	if err == nil {
		err = c.ask("pids", &p)
	}
	return c, p, err
}
