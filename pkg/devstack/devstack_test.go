package devstack

import (
	"net"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func addrOf(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func TestCandidates(t *testing.T) {
	for name, c := range map[string]struct {
		port     int
		nextFree bool
		n        int
	}{
		"any":                 {0, true, 1},
		"none":                {-1, true, 1},
		"this one only":       {4222, false, 1},
		"this one or a later": {4222, true, 1 + portTries},
		"the end of ports":    {65534, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := candidates(c.port, c.nextFree); len(got) != c.n || got[0] != c.port {
				t.Errorf("candidates(%d, %v) = %v", c.port, c.nextFree, got)
			}
		})
	}
}

func TestDialable(t *testing.T) {
	got := map[string]string{}
	for _, addr := range []string{"127.0.0.1:1025", "0.0.0.0:1025", "[::]:1025", ":1025", "[::1]:1025", "mail.example:1025"} {
		got[addr] = dialable(addr)
	}
	want := map[string]string{
		"127.0.0.1:1025": "127.0.0.1:1025", "0.0.0.0:1025": "127.0.0.1:1025", "[::]:1025": "127.0.0.1:1025",
		":1025": "127.0.0.1:1025", "[::1]:1025": "[::1]:1025", "mail.example:1025": "mail.example:1025",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
