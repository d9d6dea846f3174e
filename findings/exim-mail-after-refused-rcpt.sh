#!/bin/sh
# Exim 4.96-15+deb12u11 (Debian 12, amd64), built-in settings: a transaction stays
# open when its only recipient was refused and BDAT LAST, or DATA, answered 503.
#
# A client that writes MAIL, RCPT and BDAT LAST at once might expect the refused
# BDAT LAST to end the transaction, or at least that a message whose MAIL is refused
# is refused as a whole. Instead the next message is answered 503 to MAIL ("sender
# already given") but 250 to RCPT and to BDAT: it is queued, under the sender of the
# message before. A client that goes by the reply to MAIL sends it a second time, and
# its bounces go to the wrong sender. By RFC 5321 (4.1.4) it is the client's turn: no
# MAIL before a successful DATA, RSET or EHLO. With RSET in between all is well.
#
# Needs apt-get, dpkg and python3 on Debian 12 amd64. Exit 0: as described,
# 1: it has changed, 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
chmod 755 "$dir"
cd "$dir"

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
log_selector = +received_recipients
keep_environment =
queue_only
acl_smtp_rcpt = recipient
begin acl
recipient:
  deny domains = gone.example
  accept
END

cat >dialogue.py <<'END'
import os, re, socket, subprocess

here = os.getcwd()
env = dict(os.environ, LD_LIBRARY_PATH=here + "/root/usr/lib/x86_64-linux-gnu",
           LD_PRELOAD="libnss_wrapper.so", NSS_WRAPPER_PASSWD=here + "/passwd",
           NSS_WRAPPER_GROUP=here + "/group")
listener = socket.create_server(("127.0.0.1", 0))


class Session:
    """A connection to an Exim of its own, as inetd would start it."""

    def __init__(self):
        self.conn = socket.create_connection(listener.getsockname(), 30)
        served, _ = listener.accept()
        self.exim = subprocess.Popen(
            [here + "/root/usr/sbin/exim4", "-C", here + "/exim.conf", "-bs"],
            stdin=served, stdout=served, env=env)
        served.close()
        self.replies = self.conn.makefile("r", newline="\r\n")
        self.read(show=False)
        self.say("EHLO client.example", show=False)

    def read(self, show=True):
        more = True
        while more:
            line = self.replies.readline().rstrip()
            more = line[3:4] == "-"
            if show:
                print("S:", re.sub(r"id=\S+", "id=...", line))

    def say(self, *commands, content="", show=True):
        """Writes commands and content at once, then reads a reply to each command."""
        if show:
            for command in commands:
                print("C:", command)
        self.conn.sendall(("\r\n".join(commands) + "\r\n" + content).encode())
        for _ in commands:
            self.read(show)

    def quit(self):
        self.say("QUIT", show=False)
        self.exim.wait(30)


content = "Subject: x\r\n\r\nx\r\n"


def chunk(session, sender, recipient):
    session.say(f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", f"BDAT {len(content)} LAST",
                content=content)


def data(session, sender, recipient, taken):
    session.say(f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA")
    if taken:
        session.say(content + ".", show=False)


print("BDAT, no RSET")
s = Session()
chunk(s, "first@shop.example", "ann@gone.example")
chunk(s, "second@shop.example", "bea@customer.example")
s.quit()
print("DATA, no RSET")
s = Session()
data(s, "third@shop.example", "ann@gone.example", False)
data(s, "fourth@shop.example", "cleo@customer.example", True)
s.quit()
print("BDAT, RSET in between")
s = Session()
chunk(s, "fifth@shop.example", "ann@gone.example")
s.say("RSET")
chunk(s, "sixth@shop.example", "dora@customer.example")
s.quit()
print("queued")
for line in open("log/mainlog"):
    if queued := re.search(r" <= (\S+) .* for (\S+)", line):
        print(queued[1], "to", queued[2])
END

cat >expected <<'END'
BDAT, no RSET
C: MAIL FROM:<first@shop.example>
C: RCPT TO:<ann@gone.example>
C: BDAT 17 LAST
S: 250 OK
S: 550 Administrative prohibition
S: 503-All RCPT commands were rejected with this error:
S: 503-Administrative prohibition
S: 503 Valid RCPT command must precede BDAT
C: MAIL FROM:<second@shop.example>
C: RCPT TO:<bea@customer.example>
C: BDAT 17 LAST
S: 503 sender already given
S: 250 Accepted
S: 250- 17 byte chunk, total 17
S: 250 OK id=...
DATA, no RSET
C: MAIL FROM:<third@shop.example>
C: RCPT TO:<ann@gone.example>
C: DATA
S: 250 OK
S: 550 Administrative prohibition
S: 503-All RCPT commands were rejected with this error:
S: 503-Administrative prohibition
S: 503 Valid RCPT command must precede DATA
C: MAIL FROM:<fourth@shop.example>
C: RCPT TO:<cleo@customer.example>
C: DATA
S: 503 sender already given
S: 250 Accepted
S: 354 Enter message, ending with "." on a line by itself
BDAT, RSET in between
C: MAIL FROM:<fifth@shop.example>
C: RCPT TO:<ann@gone.example>
C: BDAT 17 LAST
S: 250 OK
S: 550 Administrative prohibition
S: 503-All RCPT commands were rejected with this error:
S: 503-Administrative prohibition
S: 503 Valid RCPT command must precede BDAT
C: RSET
S: 250 Reset OK
C: MAIL FROM:<sixth@shop.example>
C: RCPT TO:<dora@customer.example>
C: BDAT 17 LAST
S: 250 OK
S: 250 Accepted
S: 250- 17 byte chunk, total 17
S: 250 OK id=...
queued
first@shop.example to bea@customer.example
third@shop.example to cleo@customer.example
sixth@shop.example to dora@customer.example
END

python3 dialogue.py >seen || exit 2
diff -u expected seen
cat seen
