package delivery

import (
	"math/rand/v2"
	"time"

	"homing/pkg/bus"
	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/schedule"
	"homing/pkg/touch"
	"homing/workers"
)

// attempt is one touch on its way.
type attempt struct {
	msg     *bus.Msg
	touch   touch.Touch
	id      string // of the touch
	key     uint64 // of its claim
	owner   uint64 // tells this attempt's claim from any other's
	step    touch.Step
	store   *programme.Store
	worker  *programme.Worker
	route   Route
	record  customer.Record   // the customer
	mailbox customer.Record   // what is known about the customer's address
	epoch   uint64            // of both
	loaded  time.Time         // when both were read, in real time
	judged  time.Time         // when the gate was last asked
	shop    *product.Snapshot // what is known of the store's products: the same for what is judged and what is said

	letPass   bool            // it has let others pass, for the sake of throughput
	permitted bool            // its send permit was leased
	endTry    func()          // lets the next touch try a store that is passed by; may be nil
	wording   workers.Wording // what the message says, as the worker chose
	shared    []touch.Touch   // others that were pending when it chose
	offer     *customer.Offer // what the message offers
	message   channel.Message // composed
	to        string          // whom the composed message is to
	conn      channel.Conn    // open
	handed    bool            // the message was given to the channel
	answered  bool            // and the channel answered
}

// elsewhere is how long a touch waits whose store this replica does not know.
const elsewhere = time.Minute

func (d *Delivery) attempt(m *bus.Msg) (*attempt, error) {
	t, err := schedule.Decode(m.Data())
	if err != nil {
		return nil, bus.Bad("unknown", "bad_touch", err.Error())
	}
	store, ok := d.o.Stores[t.Customer.Store]
	if !ok {
		return nil, bus.Later(elsewhere) // other replicas may have it in their configuration already, or still
	}
	a := &attempt{msg: m, touch: t, id: t.ID(), store: store, worker: store.Worker(t.Worker), route: d.o.Routes[t.Customer.Store], owner: rand.Uint64()}
	a.key = customer.ClaimKey(a.id)
	a.step, _ = a.worker.Step(t.Step)
	return a, nil
}

// release gives back what others may be waiting for.
func (a *attempt) release() {
	if a.conn != nil {
		a.conn.Release()
		a.conn = nil
	}
	a.discard()
	if a.endTry != nil {
		a.endTry()
		a.endTry = nil
	}
}

// discard lets go of the message that was composed.
func (a *attempt) discard() {
	if a.message != nil {
		a.message.Release()
		a.message = nil
	}
}

// person is the attempt's customer, as the gate and the worker see them.
func (d *Delivery) person(a *attempt) *programme.Person {
	store := a.touch.Customer.Store
	p := &programme.Person{Store: a.store, Customer: &a.record.Customer, Mailbox: gate.MailboxOf(&a.mailbox.Customer),
		Address: func(email string) string { return d.o.Address(store, email) }}
	if a.shop == nil && d.o.Products != nil {
		a.shop = d.o.Products(store)
	}
	p.Products = a.shop
	return p
}
