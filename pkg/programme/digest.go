package programme

import (
	"time"

	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/workers/digest"
)

// Digest is what sends the people of a shop their weekly digest. It is none of the store's
// Workers, which are all about customers: whoever goes through those does not meet it.
type Digest struct {
	*Worker
	at        localtime.WeekTime
	zone      *time.Location
	addresses map[customer.Key]string
}

// openDigest makes the digest of a store. identity may be nil where nothing is sent.
func openDigest(c config.Store, zone *time.Location, of gate.Policy, identity *customer.Identity) *Digest {
	d := &Digest{Worker: &Worker{Kind: digest.Kind, Worker: digest.New(c.DigestAt, zone), Policy: of}, at: c.DigestAt, zone: zone, addresses: map[customer.Key]string{}}
	if identity != nil {
		for _, address := range c.DigestTo {
			d.addresses[identity.Staff(c.ID, address)] = address
		}
	}
	return d
}

// Next returns when the first digest after a time is due.
func (d *Digest) Next(after time.Time) time.Time { return d.at.Next(after, d.zone) }

// Keys returns where it is kept what was sent to each recipient.
func (d *Digest) Keys() (out []customer.Key) {
	for k := range d.addresses {
		out = append(out, k)
	}
	return out
}

// Address returns the address of a recipient; "" if they are none any more.
func (d *Digest) Address(k customer.Key) string { return d.addresses[k] }
