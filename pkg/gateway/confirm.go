package gateway

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/link"
	"homing/pkg/preference"
)

// confirmable is for how long a link confirms an address.
const confirmable = 7 * 24 * time.Hour

// confirm answers a link that confirms that somebody wants email: they asked for it, or
// somebody did who gave their address.
func (g *Gateway) confirm(w http.ResponseWriter, r *http.Request, s site, l link.Link) reply {
	const kind = "confirm"
	if !g.admit(r, l.Customer.Token) {
		return tooMany(kind, s)
	}
	a := page{
		kind: kind, most: maxBody,
		show: func() (view, int) {
			return g.asked(r.Context(), s, l, func(c *customer.Customer) view {
				if !g.confirms(l, c) {
					return expired(s)
				}
				return asksToConfirm(s)
			})
		},
		press: func(url.Values) (view, int) {
			return g.change(r, s, l, nil, func(ctx context.Context, c *customer.Customer) (view, error) {
				if !g.confirms(l, c) {
					return expired(s), nil
				}
				return g.agreed(ctx, s, l, c, preference.DoubleOptIn)
			})
		},
	}.answer(w, r, s)
	if a.code == http.StatusOK && a.view.Tone == problem {
		a.code = http.StatusGone
	}
	return a
}

// confirms reports whether a link still confirms something: it was sent lately, to the
// mailbox that the customer still has, and they have not said no since. What somebody
// confirms at one address says nothing about another; and a page that was left open, or an
// old email, brings nobody back who left.
func (g *Gateway) confirms(l link.Link, c *customer.Customer) bool {
	sent := time.Unix(l.At, 0)
	if g.o.Mailbox == nil || g.o.Now().Sub(sent) >= confirmable || g.o.Mailbox(l.Customer.Store, c.Account()) != l.Mailbox {
		return false
	}
	complained := c.LastNoted(customer.Complained)
	if complained.After(sent) && !(c.Opinion.Status == events.Subscribed && c.Opinion.At > complained.UnixMilli()) {
		return false
	}
	_, waits := c.Unconfirmed()
	return waits || c.SaidYes() && !preference.Left(c)
}

func asksToConfirm(s site) view {
	return view{
		site: s, Tone: asking, Title: s.say("confirm_title"), Text: []string{s.say("confirm_text")}, List: kindsOf(s), Small: s.say("back_stop"),
		Form: &form{Button: s.say("confirm_button"), Note: s.say("confirm_note")},
	}
}

func expired(s site) view {
	return view{site: s, Tone: problem, Title: s.say("expired_title"), Text: []string{s.say("expired_text")}}
}
