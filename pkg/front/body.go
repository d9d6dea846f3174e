package front

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// read reads a body that has at most so many bytes. done gives back its share of what
// all bodies together may have.
func (f *Front) read(w http.ResponseWriter, r *http.Request, most int64) (body []byte, done func(), a reply, ok bool) {
	c := &counted{f: f, from: http.MaxBytesReader(w, r.Body, most)}
	done = func() { f.reading.Add(-c.n) }
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
	return nil, done, refuse(http.StatusBadRequest, "the body ended too soon, or took too long"), false
}

// counted counts what is read together with all other bodies.
type counted struct {
	f    *Front
	from io.Reader
	n    int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	if c.f.reading.Add(int64(n)) > maxTogether {
		return n, errBusy
	}
	return n, err
}
