#!/bin/sh
# Exim 4.96-15+deb12u11 (Debian 12, amd64), built-in settings, alone and with
# github.com/wneessen/go-mail v0.8.1: a client may send ten NOOPs a connection, but
# one RSET before each of any number of messages.
#
# NOOP is what many clients send to learn whether a connection they kept is still
# open. Exim counts it as a nonmail command (smtp_accept_max_nonmail, 10) and does not
# start again with each message: the eleventh NOOP is answered 554 and the connection
# closed, whatever was sent in between. One RSET a message is not counted (a second
# one is), nor is one EHLO. So RSET is the probe for a connection that was kept open.
#
# go-mail sends a NOOP first and one after each message, unless it is made with
# WithoutNoop: of 30 messages in one DialAndSend Exim takes ten, and the others fail.
#
# Needs Go, apt-get, dpkg and python3 on Debian 12 amd64. Exit 0: as described,
# 1: it has changed, 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
chmod 755 "$dir"
cd "$dir"
export GOMODCACHE="$dir/mod" GOFLAGS=-modcacherw GOWORK=off

apt-get -qq -o APT::Sandbox::User=root download \
	exim4-daemon-light=4.96-15+deb12u11 libnss-wrapper=1.1.12-1 libidn12=1.41-1 \
	libgnutls-dane0 libunbound8 libevent-2.1-7 libnsl2 libtirpc3 || exit 2
for package in *.deb; do dpkg -x "$package" root || exit 2; done

# Exim asks for the user Debian-exim by name; nss_wrapper answers without one.
user=$(id -u) group=$(id -g)
[ "$user" != 0 ] || user=65534 group=65534
printf 'root:x:0:0::/:/bin/sh\nDebian-exim:x:%s:%s::/:/bin/sh\n' "$user" "$group" >passwd
printf 'root:x:0:\nDebian-exim:x:%s:\n' "$group" >group
mkdir spool log
[ "$(id -u)" != 0 ] || chown "$user:$group" spool log
cat >exim.conf <<END
primary_hostname = relay.example
spool_directory = $dir/spool
log_file_path = $dir/log/%slog
keep_environment =
queue_only
acl_smtp_rcpt = accept
END

cat >main.go <<'END'
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/wneessen/go-mail"
)

func main() {
	port, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	send("go-mail, default", mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS))
	send("go-mail, WithoutNoop", mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS), mail.WithoutNoop())
}

func send(what string, options ...mail.Option) {
	client, err := mail.NewClient("127.0.0.1", options...)
	if err != nil {
		log.Fatal(err)
	}
	messages := make([]*mail.Msg, 30)
	for i := range messages {
		m := mail.NewMsg()
		if err := m.From("news@shop.example"); err != nil {
			log.Fatal(err)
		}
		if err := m.To("ann@customer.example"); err != nil {
			log.Fatal(err)
		}
		m.Subject("x")
		m.SetBodyString(mail.TypeTextPlain, "x")
		messages[i] = m
	}
	err = client.DialAndSend(messages...)
	taken := 0
	for _, m := range messages {
		if m.IsDelivered() {
			taken++
		}
	}
	fmt.Printf("%s: %d of 30 taken, error: %t\n", what, taken, err != nil)
}
END
{ go mod init finding && go get github.com/wneessen/go-mail@v0.8.1 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }

cat >dialogue.py <<'END'
import os, socket, subprocess

here = os.getcwd()
env = dict(os.environ, LD_LIBRARY_PATH=here + "/root/usr/lib/x86_64-linux-gnu",
           LD_PRELOAD="libnss_wrapper.so", NSS_WRAPPER_PASSWD=here + "/passwd",
           NSS_WRAPPER_GROUP=here + "/group")
listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(30)


def serve():
    """Starts an Exim for the next connection, as inetd would."""
    served, _ = listener.accept()
    with served:
        return subprocess.Popen([here + "/root/usr/sbin/exim4", "-C", here + "/exim.conf", "-bs"],
                                stdin=served, stdout=served, env=env)


def probe(*commands):
    """Sends up to 150 messages on one connection, the commands before each."""
    conn = socket.create_connection(listener.getsockname(), 30)
    exim = serve()
    replies = conn.makefile("r", newline="\r\n")

    def read():
        line = replies.readline().rstrip()
        while line[3:4] == "-":
            line = replies.readline().rstrip()
        return line

    def say(line):
        conn.sendall(line.encode() + b"\r\n")
        return read()

    def message():
        for command in commands:
            reply = say(command)
            if not reply.startswith("250"):
                return command + " was answered " + reply
        for command in ("MAIL FROM:<news@shop.example>", "RCPT TO:<ann@customer.example>", "DATA",
                        "Subject: x\r\n\r\nx\r\n."):
            reply = say(command)
            if reply[0] not in "23":
                return command + " was answered " + reply

    read()
    say("EHLO client.example")
    taken, refusal = 0, None
    while taken < 150 and not refusal:
        refusal = message()
        taken += not refusal
    closed = refusal and replies.readline() == ""
    replies.close()
    conn.close()
    exim.wait(30)
    print(" and ".join(commands) + f" before each message: {taken} of 150 taken")
    if refusal:
        print("  " + refusal + (", then closed" if closed else ", still open"))


probe("NOOP")
probe("RSET")
probe("RSET", "RSET")
probe("RSET", "EHLO client.example")
client = subprocess.Popen(["./finding", str(listener.getsockname()[1])], stdout=subprocess.PIPE, text=True)
for exim in (serve(), serve()):
    exim.wait(30)
print(client.communicate(timeout=30)[0], end="")
END

cat >expected <<'END'
NOOP before each message: 10 of 150 taken
  NOOP was answered 554 Too many nonmail commands, then closed
RSET before each message: 150 of 150 taken
RSET and RSET before each message: 10 of 150 taken
  RSET was answered 554 Too many nonmail commands, then closed
RSET and EHLO client.example before each message: 150 of 150 taken
go-mail, default: 10 of 30 taken, error: true
go-mail, WithoutNoop: 30 of 30 taken, error: false
END

python3 dialogue.py >seen || exit 2
diff -u expected seen
cat seen
