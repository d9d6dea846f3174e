package app

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"homing/pkg/bus"
)

// forPerson is what came in and leads to no event: a person has to look at it.
type forPerson struct {
	store, reason string
	from          string // where it came in, in the form of a subject
	detail        string // what is wrong with it
	customer      string // the token of the customer it is about, by which an erasure finds it; "": not known
	data          []byte
}

// maxForPerson is how much of it is kept.
const maxForPerson = 256 << 10

// keepForPerson keeps it on REJECTED. Once it returns nil, it is there.
func (a *App) keepForPerson(ctx context.Context, k forPerson) error {
	if !a.nc.IsConnected() {
		return errors.New("not connected to NATS")
	}
	m := nats.NewMsg("rejected." + k.store + "." + k.reason)
	if m.Data = k.data; len(m.Data) > maxForPerson {
		m.Header.Set(bus.HeaderTruncated, strconv.Itoa(len(m.Data)))
		m.Data = m.Data[:maxForPerson]
	}
	m.Header.Set(bus.HeaderSubject, k.from)
	m.Header.Set(bus.HeaderDetail, headerText(k.detail))
	if k.customer != "" {
		m.Header.Set(bus.HeaderCustomer, k.customer)
	}
	ctx, cancel := context.WithTimeout(ctx, bus.AckTimeout)
	defer cancel()
	_, err := a.js.PublishMsg(ctx, m)
	return err
}

// headerText is text as a header may have it.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, s[:min(len(s), 500)])
}
