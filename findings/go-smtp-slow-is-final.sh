#!/bin/sh
# github.com/emersion/go-smtp v0.25.1: ReadTimeout is for the whole message, and a message
# that takes longer is refused for good.
#
# A server with a ReadTimeout of one second receives a message of 20 lines, one every
# 200 ms: the connection is never silent for longer. In the middle of DATA the read fails
# with a timeout, as one deadline is set for all of it and not for each line; the backend
# gives the error back, and the sender is told 554 5.0.0: a permanent failure, so that it
# does not try again. We expected a limit for silence, as RFC 5321 (4.5.3.2) has it, and a
# temporary answer (4xx).
# A server that takes large messages over slow lines needs a ReadTimeout as long as a whole
# message may take, and a backend that turns a failed read into a temporary SMTPError.
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
	"os"
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
	for _, timeout := range []time.Duration{time.Second, 20 * time.Second} {
		read := make(chan error, 1)
		s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session{read}, nil }))
		s.Domain, s.ReadTimeout = "mx.example", timeout
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		go s.Serve(l)
		c, err := net.Dial("tcp", l.Addr().String())
		check(err)
		in := bufio.NewReader(c)
		for _, command := range []string{"", "HELO shop.example\r\n", "MAIL FROM:<hello@shop.example>\r\n", "RCPT TO:<ann@example.com>\r\n", "DATA\r\n"} {
			_, err := io.WriteString(c, command)
			check(err)
			_, err = in.ReadString('\n')
			check(err)
		}
		for range 20 {
			io.WriteString(c, "a line of text\r\n") // fails once the server has closed
			time.Sleep(200 * time.Millisecond)
		}
		io.WriteString(c, ".\r\n")
		answer, err := in.ReadString('\n')
		check(err)
		fmt.Printf("ReadTimeout %v, 20 lines, one every 200ms: timed out %t, answered %.9s\n",
			timeout, errors.Is(<-read, os.ErrDeadlineExceeded), strings.TrimSpace(answer))
		c.Close()
		s.Close()
	}
}
END
{ go mod init finding && go get github.com/emersion/go-smtp@v0.25.1 && go build -o finding .; } >install 2>&1 ||
	{ cat install >&2; exit 2; }
./finding >seen || exit 2

cat >expected <<'END'
ReadTimeout 1s, 20 lines, one every 200ms: timed out true, answered 554 5.0.0
ReadTimeout 20s, 20 lines, one every 200ms: timed out false, answered 250 2.0.0
END
diff -u expected seen
cat seen
