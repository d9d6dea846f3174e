package doctor

import (
	"fmt"
	"slices"
	"time"
)

// A Queue is a consumer, and what waits for it at two looks.
type Queue struct {
	Consumer       string
	Role           string // whose processes read it
	Waiting, Later uint64
	Between        time.Duration // the two looks
	Pulls          int           // requests of processes that wait for messages, at the second
	Held           string        // why its worker sends nothing; empty: it sends
}

// muchWaits is from how many messages on a queue is long.
const muchWaits = 1000

// JudgeLag judges what waits. roles are those that processes have, as far as any
// answered.
func JudgeLag(queues []Queue, roles []string) []Finding {
	var out []Finding
	all := uint64(0)
	for _, q := range queues {
		all += q.Later
		if f, found := judgeQueue(q, roles); found {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		text := "nothing waits"
		if all > 0 {
			text = many(all, "message waits", "messages wait") + ", and somebody works on it"
		}
		out = append(out, Finding{Level: OK, Text: text})
	}
	return Of(Lag, out...)
}

func judgeQueue(q Queue, roles []string) (Finding, bool) {
	f := Finding{About: "consumer " + q.Consumer}
	pace := 0.0 // messages a second that the queue grows by
	if q.Between > 0 {
		pace = (float64(q.Later) - float64(q.Waiting)) / q.Between.Seconds()
	}
	waits := many(q.Later, "message waits", "messages wait")
	switch {
	case q.Later == 0:
		return f, false
	case q.Held != "":
		f.Level, f.Text = Note, fmt.Sprintf("%s, since the worker is held: %s", waits, q.Held)
		f.Do = "homing status says since when and why; homing resume " + q.Role + ", if you paused it and it should send"
	case q.Pulls == 0 && q.Later >= q.Waiting && !slices.Contains(roles, q.Role):
		f.Level, f.Text = Trouble, fmt.Sprintf("%s, and no process asks for them", waits)
		f.Why, f.Do = "nothing becomes of them", "start a process with the role: homing run "+q.Role
	case pace > 1 && q.Later >= muchWaits:
		f.Level, f.Text = Warning, fmt.Sprintf("%s, and it grows by %s a second", waits, count(int(pace)))
		f.Why, f.Do = "events and emails come later and later", "add replicas: homing run "+q.Role+"; for due emails the relay's rate may be the limit (pacing.throughput.per_second)"
	case q.Later >= muchWaits && pace < -1:
		left := time.Duration(float64(q.Later) / -pace * float64(time.Second)).Round(time.Second)
		f.Level, f.Text = Note, fmt.Sprintf("%s, and it shrinks by %s a second: empty in about %v", waits, count(int(-pace)), left)
	case q.Later >= muchWaits:
		f.Level, f.Text = Warning, fmt.Sprintf("%s, and it does not get shorter", waits)
		f.Why, f.Do = "events and emails are late", "look at the log and /readyz of the processes with the role "+q.Role+"; add replicas if they are busy"
	default:
		return f, false
	}
	return f, true
}
