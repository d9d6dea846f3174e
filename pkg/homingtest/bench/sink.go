package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"strconv"
	"sync"
	"time"
)

// receipt is one mail that the sink took.
type receipt struct {
	Who int   `json:"w"` // n of c-<n>@example.com, or -1
	At  int64 `json:"t"` // when the whole of it had come, in ns of the machine's clock
}

// tally is what the sink took so far.
type tally struct {
	Mails int   `json:"mails"`
	Bytes int64 `json:"bytes"` // of their contents
}

// sinkSpec says what a sink is like.
type sinkSpec struct {
	Chunking bool `json:"chunking,omitempty"` // it offers CHUNKING and takes BDAT
	Far      bool `json:"far,omitempty"`      // a round trip takes some 5 ms
}

// sink is an SMTP server that accepts everything as fast as it can and
// remembers only who it was for and when it came.
type sink struct {
	spec     sinkSpec
	mu       sync.Mutex
	receipts []receipt
	bytes    int64
	first    []byte // the first mail
}

func beginSink(raw json.RawMessage) (*work, error) {
	var spec sinkSpec
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{spec: spec}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if spec.Far {
				c = newFar(c)
			}
			go s.dialogue(c)
		}
	}()
	return &work{
		ready: ready{Addr: l.Addr().String()},
		answers: map[string]func() (any, error){
			"tally":  func() (any, error) { return s.tally(), nil },
			"mails":  func() (any, error) { return s.mails(), nil },
			"first":  func() (any, error) { return s.sample(), nil },
			"forget": func() (any, error) { s.forget(); return nil, nil },
		},
		stop: l.Close,
	}, nil
}

func (s *sink) tally() tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	return tally{len(s.receipts), s.bytes}
}

func (s *sink) mails() []receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]receipt{}, s.receipts...)
}

func (s *sink) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.receipts, s.bytes, s.first = nil, 0, nil
}

// sample is the first mail that came.
func (s *sink) sample() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// copying returns where a mail is to be copied to; nil: there is one already.
func (s *sink) copying() *bytes.Buffer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first != nil {
		return nil
	}
	return &bytes.Buffer{}
}

func (s *sink) take(who, size int, copied *bytes.Buffer) {
	now := time.Now().UnixNano()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.receipts = append(s.receipts, receipt{who, now})
	s.bytes += int64(size)
	if copied != nil && s.first == nil {
		s.first = copied.Bytes()
	}
}

// dialogue speaks SMTP until the connection ends. Replies leave together when
// the client has nothing more to say, as PIPELINING wants it.
func (s *sink) dialogue(c net.Conn) {
	defer c.Close()
	r, w := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	say := func(reply string) bool {
		_, err := w.WriteString(reply)
		return err == nil && (r.Buffered() > 0 || w.Flush() == nil)
	}
	who := -1
	for ok := say("220 sink\r\n"); ok; {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		switch verb(line) {
		case "EHLO", "HELO":
			hello := "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
			if s.spec.Chunking {
				hello += "250-CHUNKING\r\n"
			}
			ok = say(hello + "250 ENHANCEDSTATUSCODES\r\n")
		case "RCPT":
			who = customerOf(line)
			ok = say("250 2.1.5 ok\r\n")
		case "DATA":
			if ok = say("354 go ahead\r\n"); ok {
				copied := s.copying()
				size, read := readContent(r, copied)
				if !read {
					return
				}
				s.take(who, size, copied)
				ok = say("250 2.0.0 accepted\r\n")
			}
		case "BDAT":
			size, read := chunk(r, line)
			if !read {
				return
			}
			s.take(who, size, nil)
			ok = say("250 2.0.0 accepted\r\n")
		case "QUIT":
			say("221 2.0.0 bye\r\n")
			return
		default:
			ok = say("250 2.0.0 ok\r\n")
		}
	}
}

// readContent reads a message up to its dot and returns its size. It is copied, too, unless
// that is nil.
func readContent(r *bufio.Reader, copied *bytes.Buffer) (size int, ok bool) {
	start := true // of a line
	for {
		line, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return 0, false
		}
		if start && string(line) == ".\r\n" {
			return size, true
		}
		size += len(line)
		if copied != nil {
			copied.Write(line)
		}
		start = err == nil
	}
}

// chunk reads the content that a BDAT announces, and returns its size. It is
// always the last.
func chunk(r *bufio.Reader, line []byte) (size int, ok bool) {
	f := bytes.Fields(line)
	if len(f) != 3 {
		return 0, false
	}
	size, err := strconv.Atoi(string(f[1]))
	if err == nil {
		_, err = r.Discard(size)
	}
	return size, err == nil
}

func verb(line []byte) string {
	if len(line) < 4 {
		return ""
	}
	return string(bytes.ToUpper(line[:4]))
}

// customerOf returns n of RCPT TO:<c-n@…>, or -1.
func customerOf(line []byte) int {
	_, rest, _ := bytes.Cut(line, []byte("<c-"))
	digits, _, _ := bytes.Cut(rest, []byte("@"))
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return -1
	}
	return n
}
