package homingtest

import (
	"time"
	_ "unsafe" // for go:linkname

	"github.com/nats-io/nats-server/v2/server"
)

// On fake time, what wakes up without a need is nearly all that a day costs:
// nats-server reports its statistics every ten seconds and looks after its log
// every second, and has no option for either.

//go:linkname statsHBInterval github.com/nats-io/nats-server/v2/server.statsHBInterval
var statsHBInterval time.Duration

//go:linkname changeRateLimitLogInterval github.com/nats-io/nats-server/v2/server.(*Server).changeRateLimitLogInterval
func changeRateLimitLogInterval(*server.Server, time.Duration)

const rarely = 12 * time.Hour

func init() { statsHBInterval = rarely }

// calm has the server wake up only for what it is there for.
func calm(s *server.Server) { changeRateLimitLogInterval(s, rarely) }
