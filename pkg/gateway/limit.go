package gateway

import "net/http"

// How many requests a minute are answered on the pages that read a customer or keep what
// they write. Unsubscribing has no limit: a mailbox provider's one-click requests come
// from few addresses, and each must be answered.
const (
	perLink    = 30  // of one customer's links
	perAddress = 300 // of one address, which a whole company may share
)

// tooMany is the answer to a request that is not admitted.
func tooMany(kind string, s site) reply {
	return reply{kind: kind, view: notNow(s), code: http.StatusTooManyRequests}
}

// admit counts a request, and reports whether it is to be answered.
func (g *Gateway) admit(r *http.Request, token string) bool {
	return g.counts.Count("link", token, perLink) && g.counts.Count("address", g.o.Proxies.From(r), perAddress)
}
