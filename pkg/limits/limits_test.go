package limits

import (
	"net/http"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhereARequestComesFrom(t *testing.T) {
	ours := Proxies{netip.MustParsePrefix("198.51.100.0/24")}
	for _, c := range []struct {
		proxies   Proxies
		remote    string
		forwarded string
		want      string
	}{
		{nil, "203.0.113.9:1", "", "203.0.113.9/32"},
		{nil, "203.0.113.9:1", "192.0.2.1", "203.0.113.9/32"}, // says so itself
		{nil, "127.0.0.1:1", "192.0.2.1", "192.0.2.1/32"},
		{nil, "10.0.0.1:1", "203.0.113.9, 192.0.2.1, 10.0.0.2", "192.0.2.1/32"},
		{nil, "10.0.0.1:1", "", ""},
		{nil, "10.0.0.1:1", "unknown", ""},
		{nil, "[2001:db8:1:2:3::4]:1", "", "2001:db8:1:2::/64"},
		{nil, "[::ffff:203.0.113.9]:1", "", "203.0.113.9/32"},
		{ours, "198.51.100.7:1", "203.0.113.9", "203.0.113.9/32"},
		{ours, "198.51.100.7:1", "203.0.113.9, 198.51.100.8", "203.0.113.9/32"},
		{ours, "10.0.0.1:1", "203.0.113.9", "10.0.0.1/32"}, // not one of them
		{nil, "@", "203.0.113.9", ""},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := c.proxies.From(r); got != c.want {
			t.Errorf("%s, forwarded %q: %q, want %q", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestCountsAreOfAMinuteAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Counts
		for i := range 3 {
			if ok := c.Count("bad", "a", 2); ok != (i < 2) {
				t.Errorf("%d: %v", i, ok)
			}
		}
		if c.Count("bad", "a", 2) || !c.Count("bad", "b", 1) || !c.Count("good", "a", 1) {
			t.Error("others are counted with it")
		}
		if !c.Count("bad", "", 0) {
			t.Error("nobody is over a limit")
		}
		time.Sleep(time.Minute)
		if !c.Count("bad", "a", 1) {
			t.Error("the minute is over")
		}
		for i := range 2 * manyCounts {
			c.Count("x", strconv.Itoa(i), 1)
		}
		if len(c.count) > manyCounts {
			t.Errorf("%d counts are kept", len(c.count))
		}
	})
}

func TestANameIsRememberedForOneToTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Lately
		if l.Has("a") || !l.Add("a") || l.Add("a") || !l.Has("a") || l.Has("b") {
			t.Error("a name is new once")
		}
		time.Sleep(61 * time.Second)
		if !l.Add("b") || l.Add("a") || !l.Has("a") {
			t.Error("forgotten too early")
		}
		time.Sleep(61 * time.Second)
		if !l.Add("c") || l.Has("a") || !l.Add("a") {
			t.Error("remembered for too long")
		}
	})
}
