package homingtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

var given struct {
	sync.Mutex
	ports map[int]bool
}

// FreePort returns a port of the loopback interface that nobody listens on, each only once.
// It is below those that the system hands out: one of those could be taken while a server
// is being restarted.
func FreePort(t testing.TB) int {
	t.Helper()
	given.Lock()
	defer given.Unlock()
	for range 1000 {
		port := 20_000 + rand.IntN(10_000) // tests of other packages look for some, too
		if given.ports[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		_ = l.Close()
		if given.ports == nil {
			given.ports = map[int]bool{}
		}
		given.ports[port] = true
		return port
	}
	t.Fatal("there is no free port between 20000 and 30000")
	return 0
}
