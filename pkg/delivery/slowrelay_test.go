package delivery_test

import (
	"fmt"
	"testing"
	"time"

	"homing/events"
)

// A relay answers an email after 40 seconds: longer than a claim lasts, and than NATS
// waits for a sign of life. Two replicas send each touch once.
func TestARelayThatAnswersLateGetsEachEmailOnce(t *testing.T) {
	for _, chunking := range []bool{false, true} {
		bubble(t, &series{}, func(r *rig) {
			r.sink.Chunking = chunking
			r.sink.Answer = func(command, _ string) string {
				if command == "." {
					time.Sleep(40 * time.Second)
				}
				return ""
			}
			const people = 40
			ids := make([]string, people)
			for i := range ids {
				ids[i] = fmt.Sprint("c-", i)
			}
			r.known(ids...)
			r.start()
			r.start()
			for _, id := range ids {
				r.touch(id, "offer", "l", time.Minute, nil)
			}
			time.Sleep(10 * time.Minute)
			if n := len(r.sink.Mails()); n != people {
				t.Errorf("chunking %v: %d emails, want %d", chunking, n, people)
			}
			if n := len(r.facts(events.TypeEmailSent)); n != people {
				t.Errorf("chunking %v: %d facts that it was sent, want %d", chunking, n, people)
			}
		})
	}
}
