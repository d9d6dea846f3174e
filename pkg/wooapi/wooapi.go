// Package wooapi reads what a WooCommerce shop kept out of its REST API (v3), page by
// page. What an answer means is for pkg/shop/woocommerce; this package knows HTTP.
package wooapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"homing/pkg/shop"
	"homing/pkg/shop/woocommerce"
)

// The kinds of what can be read.
const (
	Orders    = "orders"
	Customers = "customers"
	Products  = "products"
)

// topics are the webhooks that say the same as an element of a list.
var topics = map[string]string{Orders: "order.updated", Customers: "customer.updated", Products: "product.updated"}

const (
	perPage = 100 // the most that WooCommerce gives
	// stride is from page to page. The last element of one is the first of the next: where
	// it is not, something was deleted in the meantime, and what came after it moved up.
	stride     = perPage - 1
	mostBytes  = 64 << 20 // of a page
	perRequest = 2 * time.Minute
)

// Options say what is read of which shop.
type Options struct {
	URL         string    // of the shop: https://shop.example
	Key, Secret string    // consumer key and secret of a user who may read
	Since       time.Time // orders and products that changed since; zero: all
	Kind        string    // Orders, Customers or Products
	Page        int       // the first that is read, from 1
	Store       shop.Store
	Client      *http.Client
	Patience    time.Duration                        // for how long a page is tried again
	Waits       func(d time.Duration, because error) // told of each pause; may be nil
	At          time.Time                            // of what says no time
}

// A Shop is one list of a shop. Its records have the number of their page as the line.
type Shop struct {
	o      Options
	base   *url.URL
	page   int // the one that is read next
	of     int // the page that waits
	total  int // how many elements there are; 0: not known
	waits  []json.RawMessage
	first  int64 // the first id of it
	seen   int64 // the highest id that was read; 0: none
	last   bool
	client http.Client
}

// Open checks the options, and asks nothing yet. The keys are only ever sent to the shop
// itself, over TLS, or within this machine.
func Open(o Options) (*Shop, error) {
	u, err := url.Parse(strings.TrimSuffix(o.URL, "/"))
	if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, errors.New("not the address of a shop, such as https://shop.example")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme != "https" && !(u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())) {
		return nil, errors.New("https is required: the key would be sent for all to read")
	}
	if topics[o.Kind] == "" {
		return nil, fmt.Errorf("%q is not one of orders, customers, products", o.Kind)
	}
	s := &Shop{o: o, base: u, page: max(1, o.Page), client: *http.DefaultClient}
	if o.Client != nil {
		s.client = *o.Client
	}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s, nil
}

// Total returns how many records there are, once the first page was read; 0: not known.
func (s *Shop) Total() int { return s.total }

// Next returns what one element says; io.EOF: there is none.
func (s *Shop) Next(ctx context.Context) (shop.Record, error) {
	for len(s.waits) == 0 {
		if s.last {
			return shop.Record{}, io.EOF
		}
		if err := s.fetch(ctx); err != nil {
			return shop.Record{}, err
		}
	}
	body := s.waits[0]
	s.waits = s.waits[1:]
	page := s.of
	said, err := woocommerce.Read(s.o.Store, shop.Message{Topic: topics[s.o.Kind], Body: body, At: s.o.At})
	if err != nil {
		return shop.Bad(page, name(body), err.Error()), nil
	}
	out := shop.Record{Line: page, Events: said.Events}
	for _, n := range said.Notes {
		out.Faults = append(out.Faults, shop.Fault{Line: page, Field: name(body) + " " + n.Field, Detail: n.Detail, Kept: true})
	}
	return out, nil
}

// idOf is the id of an element; "" if it has none.
func idOf(body []byte) string {
	var x struct {
		ID shop.Number `json:"id"`
	}
	_ = json.Unmarshal(body, &x) // what it lacks is for the mapping to say
	return string(x.ID)
}

// name says which element is meant.
func name(body []byte) string {
	if id := idOf(body); id != "" {
		return "id " + id
	}
	return ""
}

// query is what a page is asked for. By ascending id: what is ordered in the meantime
// comes last, and what is changed in the meantime stays where it is.
func (s *Shop) query() url.Values {
	q := url.Values{"per_page": {strconv.Itoa(perPage)}, "offset": {strconv.Itoa((s.page - 1) * stride)}, "orderby": {"id"}, "order": {"asc"}}
	if s.o.Kind == Customers {
		q.Set("role", "all") // who has ordered may be an editor
		return q
	}
	if !s.o.Since.IsZero() {
		q.Set("modified_after", s.o.Since.UTC().Format("2006-01-02T15:04:05"))
		q.Set("dates_are_gmt", "true")
	}
	if s.o.Kind == Orders {
		q.Set("status", "any")
	}
	return q
}

// fetch reads the next page, again if it must be.
func (s *Shop) fetch(ctx context.Context) error {
	begun, pause := time.Now(), time.Second
	for {
		after, err := s.try(ctx)
		again, ok := errors.AsType[*again](err)
		if !ok {
			return err
		}
		wait := max(pause, after)
		if time.Since(begun)+wait > s.o.Patience {
			return fmt.Errorf("page %d of the %s: %w", s.page, s.o.Kind, again.error)
		}
		if s.o.Waits != nil {
			s.o.Waits(wait, again.error)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
		pause = min(2*pause, 30*time.Second)
	}
}

// again is an error that may pass.
type again struct{ error }

// try asks for the next page once. It returns how long the shop asks to wait.
func (s *Shop) try(ctx context.Context) (time.Duration, error) {
	asked, cancel := context.WithTimeout(ctx, perRequest)
	defer cancel()
	u := s.base.JoinPath("wp-json/wc/v3", s.o.Kind)
	u.RawQuery = s.query().Encode()
	req, err := http.NewRequestWithContext(asked, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, err
	}
	req.SetBasicAuth(s.o.Key, s.o.Secret)
	req.Header.Set("Accept", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return 0, &again{fmt.Errorf("the shop does not answer: %w", plain(err))}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostBytes+1))
	if err == nil && len(body) > mostBytes {
		return 0, fmt.Errorf("page %d of the %s has more than %d bytes", s.page, s.o.Kind, mostBytes)
	}
	if err != nil {
		return 0, &again{fmt.Errorf("the answer broke off: %w", plain(err))}
	}
	if err := s.refused(res, body); err != nil {
		return retryAfter(res), err
	}
	return 0, s.take(res, body)
}

// plain is an error without the address, which has no secret but is long.
func plain(err error) error {
	if wrong, ok := errors.AsType[*url.Error](err); ok {
		return wrong.Err
	}
	return err
}

// refused says what an answer means that is no page.
func (s *Shop) refused(res *http.Response, body []byte) error {
	var said struct{ Code, Message string }
	_ = json.Unmarshal(body, &said) // an error page of the server's is HTML
	code := ""
	if said.Code != "" {
		code = fmt.Sprintf(" (%.60s: %.200s)", said.Code, said.Message)
	}
	switch {
	case res.StatusCode == http.StatusOK:
		return nil
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return &again{fmt.Errorf("the shop answered %s%s", res.Status, code)}
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		return fmt.Errorf("the shop refuses the key%s: make one at WooCommerce › Settings › Advanced › REST API, for a user who may read %s", code, s.o.Kind)
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return fmt.Errorf("the shop is elsewhere, at %.200s: use that as the address", res.Header.Get("Location"))
	case res.StatusCode == http.StatusNotFound:
		return fmt.Errorf("no REST API of WooCommerce is at %s%s: is the address right, and are permalinks other than \"plain\"?", s.base, code)
	}
	return fmt.Errorf("the shop answered %s%s", res.Status, code)
}

// take keeps the elements of a page that were not read before.
func (s *Shop) take(res *http.Response, body []byte) error {
	var all []json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return fmt.Errorf("page %d of the %s is not a list of JSON; does a plugin write into the answers?", s.page, s.o.Kind)
	}
	s.total, _ = strconv.Atoi(res.Header.Get("X-WP-Total"))
	ids, err := ascending(all)
	if err != nil {
		return fmt.Errorf("page %d of the %s: %w", s.page, s.o.Kind, err)
	}
	if len(ids) > 0 && s.seen > 0 {
		switch {
		case ids[0] > s.seen && s.page > 1:
			s.page-- // some of what comes before it moved up, and was not read
			return nil
		case ids[0] == s.first && s.page > s.of:
			return fmt.Errorf("page %d of the %s is the one before it: does a plugin or a cache change what is asked for?", s.page, s.o.Kind)
		}
	}
	end := (s.page-1)*stride + perPage
	s.last = s.total > 0 && end >= s.total || s.total == 0 && len(all) < perPage
	for i, id := range ids {
		if id > s.seen {
			s.waits = append(s.waits, all[i])
		}
	}
	if len(ids) > 0 {
		s.first, s.seen = ids[0], max(s.seen, ids[len(ids)-1])
	}
	s.of = s.page
	s.page++
	return nil
}

// ascending returns the ids of a page, which ascend, as it was asked for: where they do
// not, some would be missed.
func ascending(all []json.RawMessage) ([]int64, error) {
	ids := make([]int64, len(all))
	for i, x := range all {
		id, err := strconv.ParseInt(idOf(x), 10, 64)
		if err != nil || id <= 0 || i > 0 && id <= ids[i-1] {
			return nil, errors.New("it is not sorted by id, so that some would be missed; does a plugin change the order?")
		}
		ids[i] = id
	}
	return ids, nil
}

// retryAfter returns how long an answer asks to wait, up to five minutes.
func retryAfter(res *http.Response) time.Duration {
	h := res.Header.Get("Retry-After")
	wait := time.Duration(0)
	if n, err := strconv.Atoi(h); err == nil && n > 0 {
		wait = time.Duration(min(n, 300)) * time.Second
	} else if at, err := http.ParseTime(h); err == nil {
		wait = min(time.Until(at), 5*time.Minute)
	}
	return max(0, wait)
}
