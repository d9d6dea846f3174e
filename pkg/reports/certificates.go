package reports

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// certificates are those that SNS signs with. They are fetched from SNS over https, which
// is what vouches for them: they come without those of the authority that issued them, and
// that a chain leads to it could be seen only by fetching from elsewhere.
type certificates struct {
	client *http.Client
	now    func() time.Time

	fetching chan struct{} // one at a time: nobody can have us fetch many
	mu       sync.Mutex
	known    map[string]certificate
	fetched  []time.Time // the last fetches
}

type certificate struct {
	key   *rsa.PublicKey
	again time.Time // when it is fetched again
	ends  time.Time // and when it is no longer valid
}

const (
	maxCertificates = 16
	maxFetched      = 64 << 10 // bytes
	fetchAgain      = 24 * time.Hour
	// fetchesAMinute bounds what somebody can cause who knows the name of a topic.
	fetchesAMinute = 10
)

func newCertificates(c *http.Client, now func() time.Time) *certificates {
	return &certificates{client: c, now: now, fetching: make(chan struct{}, 1), known: map[string]certificate{}}
}

// key returns the key of the certificate at an address of SNS.
func (c *certificates) key(ctx context.Context, address string) (*rsa.PublicKey, error) {
	if key := c.cached(address); key != nil {
		return key, nil
	}
	select {
	case c.fetching <- struct{}{}:
		defer func() { <-c.fetching }()
	case <-ctx.Done():
		return c.old(address, errors.New("the certificate of SNS is being fetched"))
	}
	if key := c.cached(address); key != nil { // in the meantime
		return key, nil
	}
	if !c.mayFetch() {
		return c.old(address, errors.New("certificates of SNS were fetched too often within a minute"))
	}
	pem, err := fetch(ctx, c.client, address)
	if err != nil {
		return nil, fmt.Errorf("fetching the certificate of SNS: %w", err)
	}
	x, err := c.check(pem, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxCertificates {
		clear(c.known)
	}
	c.known[address] = x
	return x.key, nil
}

func (c *certificates) cached(address string) *rsa.PublicKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x, ok := c.known[address]; ok && c.now().Before(x.again) {
		return x.key
	}
	return nil
}

// old returns the key of a certificate that cannot be fetched again now, if it was fetched
// before and is still valid: somebody who has us fetch what is not there stops no report.
func (c *certificates) old(address string, err error) (*rsa.PublicKey, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x, ok := c.known[address]; ok && c.now().Before(x.ends) {
		return x.key, nil
	}
	return nil, err
}

func (c *certificates) mayFetch() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if n := len(c.fetched); n == fetchesAMinute {
		if now.Sub(c.fetched[0]) < time.Minute {
			return false
		}
		c.fetched = c.fetched[1:]
	}
	c.fetched = append(c.fetched, now)
	return true
}

// check reads a certificate, which must be one of SNS's and of today.
func (c *certificates) check(b []byte, address string) (certificate, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return certificate{}, fmt.Errorf("%w: its certificate is not one", errForged)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return certificate{}, fmt.Errorf("%w: its certificate is not one", errForged)
	}
	now := c.now()
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	switch {
	case now.Before(cert.NotBefore), now.After(cert.NotAfter):
		return certificate{}, fmt.Errorf("%w: its certificate is not valid today", errForged)
	case !ok || key.N.BitLen() < 2048:
		return certificate{}, fmt.Errorf("%w: its certificate has no RSA key of 2048 bits", errForged)
	case !isSNS(cert, address):
		return certificate{}, fmt.Errorf("%w: its certificate is not that of SNS", errForged)
	}
	again := now.Add(fetchAgain)
	if cert.NotAfter.Before(again) {
		again = cert.NotAfter
	}
	return certificate{key, again, cert.NotAfter}, nil
}

// isSNS reports whether a certificate is for SNS: for the region's host, or for all.
func isSNS(cert *x509.Certificate, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	everywhere := "sns.amazonaws.com"
	if strings.HasSuffix(host, ".cn") {
		everywhere += ".cn"
	}
	for _, name := range append([]string{cert.Subject.CommonName}, cert.DNSNames...) {
		if name == host || name == everywhere {
			return true
		}
	}
	return false
}

// fetch gets what is at an address of SNS, which ofSNS has let through.
func fetch(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(r)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok { // its words have the address, and that a token
			err = u.Err
		}
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxFetched+1))
	switch {
	case err != nil:
		return nil, err
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("SNS answered %d", answer.StatusCode)
	case len(b) > maxFetched:
		return nil, errors.New("SNS answered too much")
	}
	return b, nil
}
