#!/bin/sh
# github.com/emersion/go-smtp v0.25.1: MaxLineLength is about the content, too, and a line
# that is longer ends the message with the backend's error.
#
# A server with its default of MaxLineLength (2,000 bytes) receives a message with one line
# of 3,000. Lines of 998 are what RFC 5322 allows, but bounces quote what they bounce, and
# longer ones are common. The reader that the backend is given fails with a "too long
# line"; the answer to the message is the backend's error, or 554 if it has no code of its
# own; what is left of the message is read as a command, answered with 500, and the
# connection ends. We expected the limit to be about commands, whose lines RFC 5321 limits
# to 512.
# Who receives mail from servers of other people sets MaxLineLength to what they send.
#
# Needs Go. Exit 0: as described, 1: it has changed, 2: it could not be run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
export GOFLAGS=-modcacherw GOWORK=off

cat >main.go <<'END'
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

type session struct{ read chan error }

func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s session) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	s.read <- err
	return err
}
func (session) Reset()        {}
func (session) Logout() error { return nil }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	for _, limit := range []int{0, 1 << 20} {
		read := make(chan error, 2)
		s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session{read}, nil }))
		s.Domain = "mx.example"
		if limit > 0 {
			s.MaxLineLength = limit
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		go s.Serve(l)
		c, err := net.Dial("tcp", l.Addr().String())
		check(err)
		check(c.SetDeadline(time.Now().Add(10 * time.Second)))
		in := bufio.NewReader(c)
		var answer string
		for _, command := range []string{"", "HELO shop.example\r\n", "MAIL FROM:<hello@shop.example>\r\n", "RCPT TO:<ann@example.com>\r\n", "DATA\r\n",
			"Subject: a bounce\r\n\r\n" + strings.Repeat("x", 3000) + "\r\n.\r\n"} {
			_, err := io.WriteString(c, command)
			check(err)
			answer, err = in.ReadString('\n')
			check(err)
		}
		_, err = io.WriteString(c, "NOOP\r\n")
		after := "no answer"
		if err == nil {
			if line, err := in.ReadString('\n'); err == nil {
				after = line[:3]
			}
		}
		fmt.Printf("MaxLineLength %d: read whole %t, too long a line %t, answered %.3s; then NOOP: %s\n",
			s.MaxLineLength, len(read) == 1 && isNil(read), errors.Is(last, smtp.ErrTooLongLine), answer, after)
		c.Close()
		s.Close()
	}
}

var last error

func isNil(c chan error) bool { last = <-c; return last == nil }
END
{ go mod init finding && go get github.com/emersion/go-smtp@v0.25.1 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
./finding >seen || exit 2

cat >expected <<'END'
MaxLineLength 2000: read whole false, too long a line true, answered 554; then NOOP: 500
MaxLineLength 1048576: read whole true, too long a line false, answered 250; then NOOP: 250
END
diff -u expected seen
cat seen
