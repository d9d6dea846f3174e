#!/bin/sh
# github.com/wneessen/go-mail v0.8.1 read by Python 3.11.2's email.policy.default
# (python3.11-minimal 3.11.2-6+deb12u9 of Debian 12, amd64): text that does not
# arrive as it was given.
#
# 1. A subject or display name that looks like an encoded word (RFC 2047), for
#    instance because a name was imported from a raw header, is not encoded again: it
#    is written as it is and read as what it stands for. That goes for the name too,
#    although it is written in quotes, where RFC 2047 (5) allows no encoded word.
# 2. A subject whose first word does not fit on the line of "Subject:", as with an
#    encoded word that fills a line, begins on the next line. The fold is valid, and
#    Python unfolds it, but keeps the space: the subject starts with a blank, and a
#    comparison with what was sent fails. Shorter subjects, and long ones of plain
#    words, come back whole.
#
# Needs Go, apt-get and dpkg on Debian 12 amd64. Exit 0: as described, 1: it has
# changed, 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
export GOMODCACHE="$dir/mod" GOFLAGS=-modcacherw GOWORK=off

cat >main.go <<'END'
package main

import (
	"log"
	"os"

	"github.com/wneessen/go-mail"
)

func main() {
	if err := write(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func write(name, subject string) error {
	m := mail.NewMsg()
	if err := m.FromFormat(name, "news@shop.example"); err != nil {
		return err
	}
	if err := m.To("ann@customer.example"); err != nil {
		return err
	}
	m.Subject(subject)
	m.SetBodyString(mail.TypeTextPlain, "x")
	_, err := m.WriteTo(os.Stdout)
	return err
}
END

cat >read.py <<'END'
import email, email.policy, subprocess

subjects = [
    "Your order",
    "=?utf-8?q?Your_order?=",
    "Grüße",
    "Thank you for your order, we are happy that you came back to us this year",
    "Danke für Ihre Bestellung, wir freuen uns sehr über Ihren zweiten Besuch bei uns",
]


def show(field, given, message, raw):
    lines = raw[raw.index(field + ":"):].split("\r\n")
    written = [lines[0]]
    for line in lines[1:]:
        if not line.startswith(" "):
            break
        written.append(line)
    print("given  ", repr(given))
    for line in written:
        print("written", line)
    read = message["from"].addresses[0].display_name if field == "From" else str(message[field])
    print("read   ", repr(read))


def send(name, subject):
    raw = subprocess.run(["./finding", name, subject], check=True, capture_output=True).stdout
    return email.message_from_bytes(raw, policy=email.policy.default), raw.decode()


for name in ["Ann", "=?utf-8?q?Ann?="]:
    show("From", name, *send(name, "x"))
for subject in subjects:
    show("Subject", subject, *send("Ann", subject))
END

cat >expected <<'END'
given   'Ann'
written From: "Ann" <news@shop.example>
read    'Ann'
given   '=?utf-8?q?Ann?='
written From: "=?utf-8?q?Ann?=" <news@shop.example>
read    'Ann'
given   'Your order'
written Subject: Your order
read    'Your order'
given   '=?utf-8?q?Your_order?='
written Subject: =?utf-8?q?Your_order?=
read    'Your order'
given   'Grüße'
written Subject: =?UTF-8?q?Gr=C3=BC=C3=9Fe?=
read    'Grüße'
given   'Thank you for your order, we are happy that you came back to us this year'
written Subject: Thank you for your order, we are happy that you came back to us
written  this year
read    'Thank you for your order, we are happy that you came back to us this year'
given   'Danke für Ihre Bestellung, wir freuen uns sehr über Ihren zweiten Besuch bei uns'
written Subject:
written  =?UTF-8?q?Danke_f=C3=BCr_Ihre_Bestellung,_wir_freuen_uns_sehr_=C3=BCber_I?=
written  =?UTF-8?q?hren_zweiten_Besuch_bei_uns?=
read    ' Danke für Ihre Bestellung, wir freuen uns sehr über Ihren zweiten Besuch bei uns'
END

{ apt-get -qq -o APT::Sandbox::User=root download \
	python3.11-minimal=3.11.2-6+deb12u9 libpython3.11-minimal=3.11.2-6+deb12u9 &&
	for package in *.deb; do dpkg -x "$package" root; done &&
	go mod init finding && go get github.com/wneessen/go-mail@v0.8.1 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
PYTHONHOME="$dir/root/usr" PYTHONUTF8=1 root/usr/bin/python3.11 read.py >seen || exit 2
diff -u expected seen
cat seen
