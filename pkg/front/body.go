package front

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
)

// A share is how many bytes of bodies are being read or worked on, in all and of each
// address: anybody can have a body read, as it is what is signed.
type share struct {
	mu  sync.Mutex
	all int64
	of  map[string]int64
}

// add counts bytes of an address, which is "" where it is not known.
func (s *share) add(address string, n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all += n
	if address != "" {
		if s.of == nil {
			s.of = map[string]int64{}
		}
		if s.of[address] += n; s.of[address] == 0 {
			delete(s.of, address)
		}
	}
	switch {
	case s.of[address] > maxAddress:
		return errTooMuch
	case s.all > maxTogether:
		return errBusy
	}
	return nil
}

// read reads a body that has at most so many bytes. done gives back its share of what
// all bodies together may have.
func (f *Front) read(w http.ResponseWriter, r *http.Request, most int64) (body []byte, done func(), a reply, ok bool) {
	c := &counted{share: &f.reading, address: f.o.Proxies.From(r), from: http.MaxBytesReader(w, r.Body, most)}
	done = func() { _ = c.share.add(c.address, -c.n) }
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, done, refuse(http.StatusUnsupportedMediaType, "the body is encoded (%.20q); send it as it is", enc), false
	}
	body, err := io.ReadAll(c)
	if err == nil {
		return body, done, reply{}, true
	}
	done()
	done = func() {}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, done, refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", most), false
	}
	if errors.Is(err, errBusy) {
		return nil, done, refuse(http.StatusServiceUnavailable, "too much is coming in at once; please try again"), false
	}
	if errors.Is(err, errTooMuch) {
		return nil, done, refuse(http.StatusTooManyRequests, "too much is coming in from your address at once; please try again"), false
	}
	return nil, done, refuse(http.StatusBadRequest, "the body ended too soon, or took too long"), false
}

// counted counts what is read together with all other bodies.
type counted struct {
	share   *share
	address string
	from    io.Reader
	n       int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	if full := c.share.add(c.address, int64(n)); full != nil {
		return n, full
	}
	return n, err
}
