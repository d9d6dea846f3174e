#!/bin/sh
# Python 3.11.2's email.policy.default (python3.11-minimal 3.11.2-6+deb12u9 of Debian
# 12, amd64): a display name of two encoded words is read with a space between them.
#
# White space between adjacent encoded words is no part of the text (RFC 2047, 6.2): it
# is there because a word has at most 75 characters, nine Cyrillic letters in the Q
# encoding. Python follows that in a subject. In a display name it keeps the space, in
# the middle of a word or next to the one that is encoded. The older email.header has
# it right. With Base64, which is shorter for such letters, most names are one word.
#
# Needs apt-get and dpkg on Debian 12 amd64. Exit 0: as described, 1: it has changed,
# 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"

cat >read.py <<'END'
import email, email.header, email.policy

one = "=?utf-8?b?0JLQu9Cw0LTQuNC80LjRgCDQmNCy0LDQvdC+0LI=?="
two = "=?utf-8?q?=D0=92=D0=BB=D0=B0=D0=B4=D0=B8=D0=BC=D0=B8=D1=80_=D0=98?=\r\n =?utf-8?q?=D0=B2=D0=B0=D0=BD=D0=BE=D0=B2?="

for what, words in [("one word ", one), ("two words", two)]:
    raw = f"From: {words} <news@shop.example>\r\nSubject: {words}\r\n\r\nx\r\n"
    message = email.message_from_string(raw, policy=email.policy.default)
    print(what, "subject     ", repr(str(message["subject"])))
    print(what, "From        ", repr(message["from"].addresses[0].display_name))
    print(what, "email.header", repr(str(email.header.make_header(email.header.decode_header(words.replace("\r\n", ""))))))
END

cat >expected <<'END'
one word  subject      'Владимир Иванов'
one word  From         'Владимир Иванов'
one word  email.header 'Владимир Иванов'
two words subject      'Владимир Иванов'
two words From         'Владимир И ванов'
two words email.header 'Владимир Иванов'
END

{ apt-get -qq -o APT::Sandbox::User=root download \
	python3.11-minimal=3.11.2-6+deb12u9 libpython3.11-minimal=3.11.2-6+deb12u9 &&
	for package in *.deb; do dpkg -x "$package" root; done; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
PYTHONHOME="$dir/root/usr" PYTHONUTF8=1 root/usr/bin/python3.11 read.py >seen || exit 2
diff -u expected seen
cat seen
