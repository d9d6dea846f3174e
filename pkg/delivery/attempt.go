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
	"homing/pkg/reason"
	"homing/pkg/schedule"
	"homing/pkg/touch"
	"homing/pkg/trace"
	"homing/workers"
)

// attempt is one touch on its way.
type attempt struct {
	msg     *bus.Msg  // nil: it is rehearsed
	due     uint64    // sequence of the message as which it fell due
	began   time.Time // when this process began with it
	touch   touch.Touch
	span    *trace.Span // nil: nothing is traced
	id      string      // of the touch
	key     uint64      // of its claim
	owner   uint64      // tells this attempt's claim from any other's
	step    touch.Step
	store   *programme.Store
	worker  *programme.Worker
	route   Route
	record  customer.Record                            // that the touch was planned for: the claim is in it
	apart   bool                                       // it shares no memory with the person
	person  *customer.Person                           // all that are the same person: what is judged by
	other   *customer.Person                           // who answers to the address that the touch goes to, if it isn't the person
	to      string                                     // that address
	mailbox customer.Key                               // where it is kept what is known about that address
	epoch   uint64                                     // of all
	loaded  time.Time                                  // when they were read, in real time
	judged  time.Time                                  // when the gate was last asked
	shop    *product.Snapshot                          // what is known of the store's products: the same for what is judged and what is said
	habits  func(c *customer.Customer) *product.Habits // of the person, as they were read

	letPass   bool            // it has let others pass, for the sake of throughput
	permitted bool            // its send permit was leased
	leased    time.Time       // when that was asked for, in business time
	endTry    func()          // lets the next touch try a store that is passed by; may be nil
	wording   workers.Wording // what the message says, as the worker chose
	shared    []touch.Touch   // others that were pending when it chose
	offer     *customer.Offer // what the message offers
	message   channel.Message // composed
	conn      channel.Conn    // open
	claimed   uint64          // the epoch in which the claim was taken
	handed    bool            // the message was given to the channel
	answered  bool            // and the channel answered
	left      *channel.Copy   // what it showed, once it has left, perhaps
	doubted   bool            // by an answer that may mean that the address does not exist
}

// elsewhere is how long a touch waits whose store this replica does not know.
const elsewhere = time.Minute

func (d *Delivery) attempt(m *bus.Msg) (*attempt, error) {
	t, err := schedule.Decode(m.Data())
	if err != nil {
		return nil, bus.Bad("unknown", "bad_touch", err.Error())
	}
	a := new(attempt)
	if err := d.attemptAt(a, t); err != nil {
		return nil, err
	}
	md, err := m.Metadata()
	if err != nil {
		return nil, err
	}
	a.msg, a.due = m, md.Sequence.Stream
	return a, nil
}

// attemptAt begins an attempt at a touch, which comes with no message.
func (d *Delivery) attemptAt(a *attempt, t touch.Touch) error {
	store, ok := d.o.Stores[t.Customer.Store]
	if !ok {
		return bus.Later(elsewhere) // other replicas may have it in their configuration already, or still
	}
	a.began, a.touch, a.id, a.owner = time.Now(), t, t.ID(), rand.Uint64()
	a.store, a.worker, a.route = store, store.Worker(t.Worker), d.o.Routes[t.Customer.Store]
	if own, ok := d.o.Others[Way{t.Customer.Store, t.Worker}]; ok {
		a.route = own
	}
	a.key = customer.ClaimKey(a.id)
	a.step, _ = a.worker.Step(t)
	return nil
}

// by is the name of the channel that the touch goes by; "" if that is email, which goes to
// an address.
func (a *attempt) by() string { return a.worker.Policy.Channel }

// down is why a worker waits while its channel is down.
func (a *attempt) down() reason.Reason {
	if a.by() != "" {
		return reason.ChannelDown
	}
	return reason.SMTPDown
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

// personOf is the attempt's person, as the gate and the worker see them.
func (d *Delivery) personOf(a *attempt) *programme.Person {
	p := d.around(a, a.person)
	p.To = a.to
	if a.other != nil {
		to := d.around(a, a.other)
		p.Mailbox, p.Shared = to.Mailbox, to.Shared
		p.Recipient = &gate.Recipient{Customer: to.Customer, Mailbox: a.mailbox.Token, Erased: a.other.ErasedAt()}
	}
	return p
}

// around is a person with what is known around them.
func (d *Delivery) around(a *attempt, who *customer.Person) *programme.Person {
	store := a.touch.Customer.Store
	p := &programme.Person{Store: a.store, Customer: &who.Customer, Shared: who.Crowded, Habits: a.habits,
		Address: func(email string) string { return d.o.Address(store, email) }}
	for i := range who.Mailboxes {
		if m := who.Mailboxes[i]; m.Key == a.mailbox {
			p.Mailbox = gate.MailboxOf(&m.Customer)
		}
	}
	if a.shop == nil && d.o.Products != nil {
		a.shop = d.o.Products(store)
	}
	p.Products = a.shop
	return p
}
