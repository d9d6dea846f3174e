package mailer_test

import (
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/homingtest"
	"homing/pkg/mailer"
)

// A server that is down is dialled by one of all replicas, more and more rarely, and all
// send again within seconds once it is back.
func TestAServerThatIsDownIsDialledByOneOfAllReplicas(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	down(t, refused, 20, 50)
}

// What may be a replica's own network is nobody else's business: each goes on trying.
func TestAServerThatCannotBeReachedIsDialledByEachReplica(t *testing.T) {
	down(t, &net.DNSError{Err: "no such host", Name: "relay.example"}, 60, 150)
}

func down(t *testing.T, failure error, least, most int) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var why error
		dials := 0
		relays, closeAll := mailer.FakeRelaysOver(t, 3, func() error {
			mu.Lock()
			defer mu.Unlock()
			dials++
			return why
		})
		share(homingtest.RedisInProcess(t), relays...)
		send := func(lasts time.Duration) (accepted [3]int) {
			var wg sync.WaitGroup
			for i, r := range relays {
				for j := range 10 {
					wg.Go(func() {
						for begin := time.Now(); time.Since(begin) < lasts; time.Sleep(time.Second) {
							out, err := mailer.SendTo(t, r, fmt.Sprintf("c%d@customer.example", j))
							if err == nil && out.State == mailer.Accepted {
								mu.Lock()
								accepted[i]++
								mu.Unlock()
							}
						}
					})
				}
			}
			wg.Wait()
			return accepted
		}
		set := func(err error) {
			mu.Lock()
			defer mu.Unlock()
			why, dials = err, 0
		}
		set(failure)
		send(5 * time.Minute)
		if t.Logf("%d dials in five minutes", dials); dials < least || dials > most {
			t.Errorf("%d dials in five minutes, want %d to %d", dials, least, most)
		}
		set(nil)
		for i, n := range send(30 * time.Second) {
			if n < 100 {
				t.Errorf("replica %d had %d of 300 accepted in the half minute after", i, n)
			}
		}
		closeAll()
	})
}
