package kept

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/customer"
)

const (
	// most is how many copies wait at most to be stored; those of a few seconds. One has
	// some 15 KB of memory.
	most = 2048
	// together is how many are stored at a time.
	together = 64
	// tries is how often it is tried to store a copy, waiting between them.
	tries = 5
	wait  = 2 * time.Second
)

// A Keeper stores copies, apart from those who make them: nobody waits for it, and when
// it cannot store one, for a minute or so, that one is lost and counted.
type Keeper struct {
	publish *bus.Publisher
	packer  packer
	log     *zap.Logger
	queue   chan of
	failing bool // what was stored last could not be; used by Run alone

	kept, lost atomic.Uint64
}

// of is a copy, and whose it is.
type of struct {
	key  customer.Key
	copy Copy
}

// NewKeeper returns a keeper. It stores what it is given while Run runs.
func NewKeeper(js jetstream.JetStream, log *zap.Logger) *Keeper {
	return &Keeper{publish: bus.NewPublisher(js), packer: newPacker(), log: log, queue: make(chan of, most)}
}

// Keep takes a copy to be stored. It never waits.
func (k *Keeper) Keep(key customer.Key, c Copy) {
	select {
	case k.queue <- of{key, c}:
	default:
		k.lost.Add(1)
	}
}

// Kept is how many copies were stored.
func (k *Keeper) Kept() uint64 { return k.kept.Load() }

// Lost is how many copies could not be stored.
func (k *Keeper) Lost() uint64 { return k.lost.Load() }

// Run stores copies until ctx ends, and then, trying once, what it was given before.
func (k *Keeper) Run(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case first := <-k.queue:
			k.store(ctx, k.gather(first))
		case <-ctx.Done():
		}
	}
	for stored := true; ; {
		select {
		case first := <-k.queue:
			if batch := k.gather(first); stored {
				stored = k.store(ctx, batch)
			} else {
				k.lost.Add(uint64(len(batch)))
			}
		default:
			return
		}
	}
}

// gather takes what waits with the first, up to a batch.
func (k *Keeper) gather(first of) []of {
	batch := []of{first}
	for len(batch) < together {
		select {
		case next := <-k.queue:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// store stores a batch, and reports whether it could. One that is stored a second time,
// as its acknowledgement was lost, is found once.
func (k *Keeper) store(ctx context.Context, batch []of) bool {
	packed := make([][]byte, len(batch))
	for i, x := range batch {
		packed[i] = k.packer.pack(x.copy)
	}
	err := k.tell(batch, packed)
	for try := 1; err != nil && try < tries && pause(ctx, wait); try++ {
		err = k.tell(batch, packed)
	}
	if err == nil {
		k.kept.Add(uint64(len(batch)))
		k.failing = false
		return true
	}
	k.lost.Add(uint64(len(batch)))
	if !k.failing {
		k.log.Warn("copies of emails cannot be kept; the emails leave all the same", zap.Int("lost", len(batch)), zap.Error(bus.Explain(err)))
	}
	k.failing = true
	return false
}

// tell publishes, also while the process is stopping.
func (k *Keeper) tell(batch []of, packed [][]byte) error {
	msgs := make([]*nats.Msg, len(batch)) // the publisher makes them its own
	for i, x := range batch {
		msgs[i] = &nats.Msg{Subject: subject(x.key, x.copy.To), Data: packed[i], Header: nats.Header{bus.HeaderTouch: {x.copy.Touch}}}
	}
	ctx, cancel := context.WithTimeout(context.Background(), bus.AckTimeout)
	defer cancel()
	_, err := k.publish.Publish(ctx, msgs)
	return err
}

// pause waits, and reports whether ctx had not ended by then.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
