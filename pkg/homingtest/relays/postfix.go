package relays

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func port(s *Server) string { return strconv.Itoa(s.Port) }

// Postfix starts a Postfix that knows the recipients known0 to known999 of
// customer.example. main are further lines of its main.cf.
func Postfix(t *testing.T, main string) *Server {
	t.Helper()
	packages := folder(t, "usr/lib/postfix/sbin/master")
	s := begin(t, packages)
	for _, dir := range []string{"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"} {
		s.mkdir(t, "queue/"+dir, postfix)
	}
	s.mkdir(t, "queue", 0)
	s.mkdir(t, "queue/pid", 0)
	for _, dir := range []string{"maildrop", "public"} {
		path := s.mkdir(t, "queue/"+dir, postfix)
		if err := os.Chown(path, postfix, postdrop); err != nil {
			t.Fatal(err)
		}
	}
	s.mkdir(t, "data", postfix)
	s.mkdir(t, "boxes", postfix)
	var boxes strings.Builder
	for i := range 1000 {
		n := strconv.Itoa(i)
		boxes.WriteString("known" + n + "@customer.example known" + n + "/\n")
	}
	s.write(t, "boxes.map", boxes.String())
	s.write(t, "main.cf", strings.NewReplacer("DIR", s.dir, "PACKAGES", packages).Replace(`
compatibility_level = 3.6
queue_directory = DIR/queue
data_directory = DIR/data
command_directory = PACKAGES/usr/sbin
daemon_directory = PACKAGES/usr/lib/postfix/sbin
shlib_directory = PACKAGES/usr/lib/postfix
meta_directory = PACKAGES/etc/postfix
mail_owner = postfix
setgid_group = postdrop
default_privs = nobody
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.2/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
smtpd_client_event_limit_exceptions =
import_environment = MAIL_CONFIG LD_PRELOAD LD_LIBRARY_PATH NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
virtual_mailbox_domains = customer.example
virtual_mailbox_maps = texthash:DIR/boxes.map
virtual_mailbox_base = DIR/boxes
virtual_uid_maps = static:65532
virtual_gid_maps = static:65532
virtual_minimum_uid = 100
maillog_file = DIR/mail.log
maillog_file_prefixes = DIR
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
`)+main+"\n")
	s.write(t, "master.cf", port(s)+` inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`)
	s.env = append(s.env, "MAIL_CONFIG="+s.dir)
	s.start(t, s.command(filepath.Join(packages, "usr/lib/postfix/sbin/master"), "-c", s.dir, "-d"))
	return s
}
