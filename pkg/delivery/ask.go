package delivery

import (
	"context"

	"homing/pkg/reason"
	"homing/pkg/touch"
)

// ask is the stage that counts the questions to one mailbox under all spellings of its
// address. What it counted stays counted, even if nothing leaves after it: rather one
// question too few than one too many.
func (d *Delivery) ask(ctx context.Context, a *attempt) Decision {
	if d.o.Asked == nil || !a.step.Asks {
		return Decision{}
	}
	tooOften, err := d.o.Asked.Take(ctx, a.touch.Customer.Store, a.to, a.id, d.o.Scale.Now())
	if err != nil {
		return waitFor(err)
	}
	if tooOften != "" {
		return d.verdict(a, touch.DropFor(reason.AlreadyAsked, tooOften))
	}
	return Decision{}
}
