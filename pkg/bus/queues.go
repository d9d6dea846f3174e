package bus

import "time"

// A Queue is a consumer that has work to do: messages of its stream that it has not
// answered.
type Queue struct {
	Stream, Consumer string
	Worker           string // whose; "" for intake and erasures
	Due              bool   // it has touches that fell due, and its stream also those that are pending
}

// Queues returns all streams of an installation with some workers, split over some
// partitions, and all of its queues.
func Queues(ws []Worker, n Partitions) (names []string, queues []Queue) {
	for _, s := range streams(Limits{}, ws, n) {
		names = append(names, s.Name)
	}
	for _, c := range consumers(ws, time.Time{}, n) {
		queues = append(queues, Queue{c.stream, c.config.Durable, c.worker, c.due})
	}
	return names, queues
}
