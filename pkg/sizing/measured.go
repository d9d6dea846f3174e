package sizing

// Measure is one thing that was measured.
type Measure struct {
	Value float64
	Unit  string
	From  string // which part of which program measured it
}

// String writes the measure with its unit.
func (m Measure) String() string { return Count(m.Value) + " " + m.Unit }

// What was measured, in one run on the machine that docs/performance.md names, except for
// Fact: run make capacity, and write here what they say.
var (
	EventHoming = Measure{2327, "µs of Homing for an event", "make capacity, workers: an order at 200/s, for which all workers plan"}
	EventNATS   = Measure{2040, "µs of NATS for an event", "the same"}
	EventRedis  = Measure{457, "µs of Redis for an event", "the same"}
	EmailHoming = Measure{862, "µs of Homing for an email", "make capacity, processes: an order to its email, by one process"}
	EmailNATS   = Measure{476, "µs of NATS for an email", "the same"}
	EmailRedis  = Measure{168, "µs of Redis for an email", "the same"}

	Process  = Measure{206, "MB for a process", "make capacity, memory: the most of any part (196 MiB)"}
	Customer = Measure{627, "bytes for a customer of 1.4 orders", "make capacity, customers: Redis for each customer, all told"}
	Order    = Measure{74, "bytes for each order more", "make capacity, customers: Redis for each order more of a customer"}
	Entry    = Measure{546, "bytes for an event", "make capacity, customers: TIMELINE for each event"}
	Fact     = Measure{751, "bytes for an email", "processes: TIMELINE for the email alone, of 1,000; a run of its own, since bytes do not depend on load"}

	PendingDisk   = Measure{1035, "bytes of disk for a pending email", "make capacity, pending: 1,000,000"}
	PendingMemory = Measure{765, "bytes of memory for a pending email", "make capacity, pending: 1,000,000"}
	StreamRate    = Measure{41_000, "messages a second into a stream", "make capacity, pending: the bare limit, of 100,000"}
	Refold        = Measure{16_400, "entries a second", "make capacity, refold: 200,000"}
)

// What is assumed, and was not measured.
const (
	sampleOrders   = 1.4   // of a customer of the sample shop
	mostOrders     = 100.0 // of a customer are kept in detail
	used           = 0.5   // of a core, so that the worst minute of the worst hour has room
	smallest       = 0.1   // of a core
	processCores   = 2.0   // that one process makes use of
	relayRoom      = 1.5   // for those that come late, and are tried again
	redisRoom      = 2.0   // growth, and copies of pages while it rewrites its file
	redisLeast     = 100e6 // bytes, for claims, connections and itself
	natsRoom       = 2.0   // garbage, and what is read
	natsLeast      = 500e6 // bytes, for itself, and what it reads and writes
	diskRoom       = 1.3   // what is deleted takes disk until its block is empty
	storefrontDays = 30.0  // of raw events, as nats.streams.storefront.max_age has it
	pendingDays    = 20.0  // an email waits on average
	streamShare    = 0.25  // of what one stream takes while nothing else happens
)

// All returns what was measured, for the documentation.
func All() []Measure {
	return []Measure{EventHoming, EventNATS, EventRedis, EmailHoming, EmailNATS, EmailRedis, Process, Customer, Order, Entry, Fact, PendingDisk, PendingMemory, StreamRate, Refold}
}
