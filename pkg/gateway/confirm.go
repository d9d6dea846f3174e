package gateway

import (
	"context"
	"net/http"
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
	a := reply{kind: "confirm", code: http.StatusOK}
	if !g.admit(r, l.Customer.Token) {
		a.view, a.code = notNow(s), http.StatusTooManyRequests
		return a
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		a.view, a.code = g.asked(r.Context(), s, l, func(c *customer.Customer) view {
			if !g.confirms(l, c) {
				return expired(s)
			}
			return asksToConfirm(s)
		})
		if a.code == http.StatusOK && a.view.Tone == problem {
			a.code = http.StatusGone
		}
	case http.MethodPost:
		form, err := sent(w, r)
		if err != nil {
			a.view, a.code = notHere(s), http.StatusRequestEntityTooLarge
			return a
		}
		a.view, a.code = g.change(r, s, form, func(ctx context.Context) (view, error) { return g.confirmed(ctx, s, l) })
		if a.code == http.StatusOK && a.view.Tone == problem {
			a.code = http.StatusGone
		}
	default:
		a.view, a.code, a.allow = notHere(s), http.StatusMethodNotAllowed, "GET, HEAD, POST"
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

func (g *Gateway) confirmed(ctx context.Context, s site, l link.Link) (view, error) {
	c, err := g.o.Person(ctx, l.Customer)
	if err != nil {
		return view{}, err
	}
	if !g.confirms(l, &c) {
		return expired(s), nil
	}
	return g.agreed(ctx, s, l, preference.DoubleOptIn)
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
