package mailer

import (
	"bufio"
	"strings"
)

const (
	maxReplyLines = 100     // a mail server doesn't send more
	maxReplyRead  = 4 << 10 // bytes of a reply that are judged: Exim says what it means in the last of many lines
)

// A reply is what the relay said to one command. A reply that broke off in the
// middle of several lines keeps the code of the lines that came: every line of
// a reply carries the same one (RFC 5321, section 4.2.1).
type reply struct {
	code int
	text string // the words of all lines, joined by spaces; only kept for 4xx and 5xx
}

// ok reports whether the reply is of the class that was asked for.
func (r reply) ok(class int) bool { return r.code/100 == class }

// refused reports whether the relay said no, for now or for good.
func (r reply) refused() bool { return r.code/100 == 4 || r.code/100 == 5 }

// readReply reads one reply. With an error it returns what had been read before.
func readReply(br *bufio.Reader) (reply, error) {
	var r reply
	for range maxReplyLines {
		line, err := br.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			return r, ErrProtocol
		}
		if err != nil {
			return r, err
		}
		code, last, words, ok := parseLine(line)
		if !ok || r.code != 0 && code != r.code {
			return r, ErrProtocol
		}
		r.code = code
		if r.refused() && len(r.text) < maxReplyRead {
			r.text = strings.TrimSpace(r.text + " " + string(words))
		}
		if last {
			return r, nil
		}
	}
	return r, ErrProtocol
}

// parseLine takes apart "250-words\r\n".
func parseLine(line []byte) (code int, last bool, words []byte, ok bool) {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	if len(line) < 3 || line[0] < '2' || line[0] > '5' {
		return 0, false, nil, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, false, nil, false
		}
		code = code*10 + int(c-'0')
	}
	if len(line) == 3 {
		return code, true, nil, true
	}
	switch line[3] {
	case ' ':
		return code, true, line[4:], true
	case '-':
		return code, false, line[4:], true
	}
	return 0, false, nil, false
}
