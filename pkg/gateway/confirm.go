package gateway

import (
	"context"
	"net/http"
	"net/url"
	"time"

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
// mailbox that the customer still has. What somebody confirms at one address says nothing
// about another.
func (g *Gateway) confirms(l link.Link, c *customer.Customer) bool {
	ago := g.o.Now().Sub(time.Unix(l.At, 0))
	return g.o.Mailbox != nil && ago < confirmable && g.o.Mailbox(l.Customer.Store, c.Account()) == l.Mailbox
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
