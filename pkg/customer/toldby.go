package customer

import "slices"

// ToldBy returns the customer as they are with what somebody else said about the same
// things: who answers to the address that an order came with, and says, under an id of
// their own or as a guest, that it was cancelled, came back, or was reviewed. It is for
// an email that goes to that address.
//
// Of orders, what both know is joined; whose other orders those are, does not change. Of
// notes, reviews and complaints count: a complaint about an order may be closed by
// either, one in general only by who opened it.
func (c *Customer) ToldBy(who *Customer) Customer {
	out := c.clone()
	for _, os := range [][]Order{out.Orders, out.Untold} {
		for i := range os {
			os[i] = os[i].clone() // joining changes it
		}
	}
	erased := out.Erased
	out.Erased = Stamp{} // each was erased for itself
	for _, os := range [][]Order{who.Orders, who.Untold} {
		for i := range os {
			if _, seen := out.seen(os[i].ID); seen || out.order(os[i].ID) != nil {
				out.joinOrder(os[i].clone())
			}
		}
	}
	for _, s := range who.Seen {
		is := func(o Order) bool { return hash48(o.ID) == s.Hash }
		_, seen := out.seenAt(s.Hash)
		if !s.erased() && (seen || slices.ContainsFunc(out.Orders, is) || slices.ContainsFunc(out.Untold, is)) {
			out.joinSeen(s)
		}
	}
	out.Erased = erased
	for _, n := range who.Notes {
		if n.Kind == Reviewed || n.Kind == Disliked || n.About != 0 && (n.Kind == ComplaintOpened || n.Kind == ComplaintClosed) {
			out.remember(n)
		}
	}
	if opened := who.Noted(ComplaintOpened, ""); len(opened) > 0 && who.ComplaintOpen("") {
		n := opened[0]
		if closed := out.Noted(ComplaintClosed, ""); len(closed) > 0 {
			n.At = max(n.At, closed[0].At) // theirs is open still
		}
		out.remember(n)
	}
	return out
}
