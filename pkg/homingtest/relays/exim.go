package relays

import (
	"fmt"
	"strings"
	"testing"
)

// Exim starts an Exim that knows the recipients known… of customer.example. main are
// further lines of its main section, in which PORT is its own, mail and rcpt of its ACLs.
func Exim(t *testing.T, main, mail, rcpt string) *Server {
	t.Helper()
	packages := folder(t, "usr/sbin/exim4")
	s := begin(t, packages)
	var known strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&known, "known%d: known%d\n", i, i)
	}
	s.write(t, "known", known.String())
	s.silent = strings.Contains(main, "tls_on_connect_ports")
	s.mkdir(t, "spool", exim)
	s.mkdir(t, "boxes", exim)
	s.mkdir(t, "log", exim)
	config := strings.NewReplacer("DIR", s.dir, "EXIM", packages+"/usr/sbin/exim4", "MAIN\n", strings.ReplaceAll(main, "PORT", port(s))+"\n", "MAIL\n", mail+"\n", "RCPT\n", rcpt+"\n").Replace(`
exim_path = EXIM
spool_directory = DIR/spool
log_file_path = DIR/log/%slog
pid_file_path = DIR/exim.pid
primary_hostname = relay.example
exim_user = Debian-exim
exim_group = Debian-exim
deliver_drop_privilege = true
keep_environment = ^LD_ : ^NSS_
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max_per_host = 0
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = accept
MAIN
begin acl
acl_mail:
MAIL
  accept
acl_rcpt:
RCPT
  require message = relay not permitted
          domains = customer.example
  require verify = recipient
  accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{shop}}{eq{$auth3}{s3cret}}}}
  server_set_id = $auth2
  server_advertise_condition = $tls_in_cipher
begin routers
boxes:
  driver = accept
  domains = customer.example
  local_parts = lsearch;DIR/known
  transport = box
begin transports
box:
  driver = appendfile
  directory = DIR/boxes/$local_part_data
  maildir_format
  create_directory
  user = Debian-exim
  group = Debian-exim
  no_mode_fail_narrower
begin retry
* * F,1h,1m
`)
	path := s.write(t, "exim.conf", config)
	s.start(t, s.command(packages+"/usr/sbin/exim4", "-C", path, "-bdf", "-oX", "127.0.0.1."+port(s), "-oP", s.dir+"/exim.pid"))
	return s
}
