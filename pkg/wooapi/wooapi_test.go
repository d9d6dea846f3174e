package wooapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/shop"
	"homing/pkg/wooapi"
)

// rest is a shop's REST API, as WordPress answers.
type rest struct {
	mu    sync.Mutex
	ids   []int
	asked []url.Values
	// before is called before the n-th request is answered, from 1; true: it answered.
	before func(n int, w http.ResponseWriter) bool
	stuck  bool // it gives the first page whatever is asked for
	bare   bool // a proxy takes the headers with the numbers away
	hides  int  // an id that the key may not read: it is counted, and not shown
}

func (s *rest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	s.asked = append(s.asked, q)
	if s.before != nil && s.before(len(s.asked), w) {
		return
	}
	if user, pass, _ := r.BasicAuth(); user != "ck_1" || pass != "cs_2" || r.URL.Path != "/wp-json/wc/v3/orders" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	per, _ := strconv.Atoi(q.Get("per_page"))
	from, _ := strconv.Atoi(q.Get("offset"))
	if page, _ := strconv.Atoi(q.Get("page")); page > 0 && !q.Has("offset") {
		from = (page - 1) * per
	}
	if s.stuck {
		from = 0
	}
	if !s.bare {
		w.Header().Set("X-WP-Total", strconv.Itoa(len(s.ids)))
		w.Header().Set("X-WP-TotalPages", strconv.Itoa((len(s.ids)+per-1)/per))
		w.Header().Set("Link", `<https://elsewhere.example/wp-json/wc/v3/orders?page=9>; rel="next"`)
	}
	var all []string
	for _, id := range s.ids[min(from, len(s.ids)):min(from+per, len(s.ids))] {
		if id != s.hides {
			all = append(all, fmt.Sprintf(`{"id":%d,"status":"processing","currency":"GBP","total":"12.50","date_created":"2024-07-02T10:11:12","customer_id":0,"billing":{"email":"c@example.com"},"line_items":[{"id":1,"name":"Tea","product_id":7,"quantity":1,"subtotal":"12.50","price":12.5}]}`, id))
		}
	}
	fmt.Fprintf(w, "[%s]", strings.Join(all, ","))
}

func numbers(from, to int) (out []int) {
	for i := from; i <= to; i++ {
		out = append(out, i)
	}
	return out
}

// reader opens the orders of a shop, over a transport without a network, so that time
// can be made up.
func reader(t *testing.T, s *rest, page int) (*wooapi.Shop, *[]string) {
	t.Helper()
	var waited []string
	in, err := wooapi.Open(wooapi.Options{
		URL: "https://shop.example", Key: "ck_1", Secret: "cs_2", Kind: wooapi.Orders, Page: page, Patience: 10 * time.Minute,
		Store: shop.Store{ID: "main"}, Client: &http.Client{Transport: handled{s}},
		Waits: func(d time.Duration, why error) { waited = append(waited, fmt.Sprint(d, " ", why)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return in, &waited
}

type handled struct{ http.Handler }

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// all reads the orders to the end, and returns their numbers with their pages.
func all(ctx context.Context, in *wooapi.Shop) (ids, pages []int, err error) {
	for {
		r, err := in.Next(ctx)
		if errors.Is(err, io.EOF) {
			return ids, pages, nil
		}
		if err != nil {
			return ids, pages, err
		}
		_, after, _ := strings.Cut(r.Events[0].ID, "order.placed-")
		number, _, _ := strings.Cut(after, "-")
		id, err := strconv.Atoi(number)
		if err != nil {
			return nil, nil, err
		}
		ids, pages = append(ids, id), append(pages, r.Line)
	}
}

func TestAListIsReadPageByPage(t *testing.T) {
	for _, n := range []int{0, 1, 99, 100, 101, 198, 199, 200, 1000} {
		for _, bare := range []bool{false, true} {
			s := &rest{ids: numbers(1, n), bare: bare}
			in, _ := reader(t, s, 0)
			ids, pages, err := all(t.Context(), in)
			if err != nil || !slices.Equal(ids, s.ids) {
				t.Fatalf("%d orders, without headers %v: %d are read, %v", n, bare, len(ids), err)
			}
			if !slices.IsSorted(pages) || n > 0 && pages[0] != 1 {
				t.Errorf("the pages are %v", pages)
			}
			if most := n/99 + 2; len(s.asked) > most {
				t.Errorf("%d orders took %d requests", n, len(s.asked))
			}
			if !bare && in.Total() != n {
				t.Errorf("it says that there are %d", in.Total())
			}
		}
	}
}

// While a shop is read it sells, and people delete orders: none that is there from the
// beginning to the end is missed, and none comes twice.
func TestWhatChangesWhileItIsReadIsNotMissed(t *testing.T) {
	for name, change := range map[string]func(s *rest){
		"one is deleted":                  func(s *rest) { s.ids = slices.Delete(s.ids, 3, 4) },
		"the last of the page is deleted": func(s *rest) { s.ids = slices.Delete(s.ids, 99, 100) },
		"a whole page is deleted":         func(s *rest) { s.ids = slices.Delete(s.ids, 0, 150) },
		"one is deleted, another is new":  func(s *rest) { s.ids = append(slices.Delete(s.ids, 3, 4), 1000) },
		"an old one is listed again":      func(s *rest) { s.ids = append([]int{1}, s.ids...) },
		"new ones":                        func(s *rest) { s.ids = append(s.ids, numbers(1000, 1150)...) },
	} {
		t.Run(name, func(t *testing.T) {
			s := &rest{ids: numbers(2, 451)}
			s.before = func(n int, _ http.ResponseWriter) bool {
				if n == 3 {
					change(s)
				}
				return false
			}
			in, _ := reader(t, s, 0)
			ids, _, err := all(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range s.ids {
				if id > 1 && !slices.Contains(ids, id) {
					t.Errorf("%d is missed", id)
				}
			}
			if slices.Sort(ids); len(slices.Compact(slices.Clone(ids))) != len(ids) {
				t.Error("some come twice")
			}
		})
	}
}

func TestWhatTheKeyMayNotReadIsPassedOver(t *testing.T) {
	s := &rest{ids: numbers(1, 250), hides: 120}
	in, _ := reader(t, s, 0)
	if ids, _, err := all(t.Context(), in); err != nil || len(ids) != 249 {
		t.Errorf("%d are read, %v", len(ids), err)
	}
}

// Nothing is taken from a shop that does not do as it is asked: some would be missed.
func TestAShopThatAnswersSomethingElseIsAnError(t *testing.T) {
	for says, s := range map[string]*rest{
		"page 2 of the orders is the one before it": {ids: numbers(1, 250), stuck: true},
		"is not sorted by id":                       {ids: []int{3, 2, 1}},
	} {
		in, _ := reader(t, s, 0)
		if _, _, err := all(t.Context(), in); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

func TestABusyShopIsAskedAgain(t *testing.T) {
	at := map[int]func(w http.ResponseWriter){
		1: func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) },
		2: func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "17")
			w.WriteHeader(http.StatusTooManyRequests)
		},
		4: func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", time.Now().Add(42*time.Second).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		},
		5: func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusServiceUnavailable)
		},
	}
	synctest.Test(t, func(t *testing.T) {
		s := &rest{ids: numbers(1, 150)}
		s.before = func(n int, w http.ResponseWriter) bool {
			if at[n] != nil {
				at[n](w)
			}
			return at[n] != nil
		}
		in, waited := reader(t, s, 0)
		begun := time.Now()
		ids, _, err := all(t.Context(), in)
		if err != nil || len(ids) != 150 {
			t.Fatalf("%d are read, %v", len(ids), err)
		}
		want := []string{"1s the shop answered 502 Bad Gateway", "17s the shop answered 429 Too Many Requests", "42s the shop answered 503 Service Unavailable", "5m0s the shop answered 503 Service Unavailable"}
		if !slices.Equal(*waited, want) || time.Since(begun) != 6*time.Minute {
			t.Errorf("it took %v, and said %q", time.Since(begun), *waited)
		}
	})
}

func TestAShopThatIsAwayForLongEndsTheReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &rest{ids: numbers(1, 150)}
		s.before = func(n int, w http.ResponseWriter) bool {
			if n > 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return n > 1
		}
		in, _ := reader(t, s, 0)
		begun := time.Now()
		ids, _, err := all(t.Context(), in)
		if err == nil || !strings.Contains(err.Error(), "page 2 of the orders: the shop answered 503") || len(ids) != 100 {
			t.Errorf("%d are read, %v", len(ids), err)
		}
		if took := time.Since(begun); took > 10*time.Minute || took < 9*time.Minute {
			t.Errorf("it gave up after %v", took)
		}
	})
}

// Interrupted in a pause it ends at once, and goes on at the page that it names.
func TestAReadingThatIsInterruptedGoesOnAtItsPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &rest{ids: numbers(1, 450)}
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("interrupted")
		s.before = func(n int, w http.ResponseWriter) bool {
			if n == 3 {
				w.WriteHeader(http.StatusTooManyRequests)
				time.AfterFunc(100*time.Millisecond, func() { cancel(stop) })
			}
			return n == 3
		}
		in, _ := reader(t, s, 0)
		ids, pages, err := all(ctx, in)
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		again, _ := reader(t, s, pages[len(pages)-1])
		rest, _, err := all(t.Context(), again)
		if err != nil {
			t.Fatal(err)
		}
		got := append(ids, rest...)
		slices.Sort(got)
		if !slices.Equal(slices.Compact(got), s.ids) {
			t.Errorf("%d and then %d are read of %d", len(ids), len(rest), len(s.ids))
		}
	})
}
