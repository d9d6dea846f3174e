package examine

import (
	"context"
	"net/http"
	"time"

	"homing/pkg/customer"
	"homing/pkg/doctor"
	"homing/pkg/link"
	"homing/pkg/programme"
)

// nobody is the id of no customer: a link is signed for them that changes nothing.
const nobody = "homing-doctor"

// gateway follows a link that our key signed, and one that nobody did. Neither changes
// anything: a GET never does.
func (x *examiner) gateway(ctx context.Context) []doctor.Finding {
	g := doctor.GatewayFacts{URL: x.o.Config.HTTP.PublicURL}
	stores := programme.StoreNames(x.o.Config)
	if g.URL != "" && (x.o.Links == nil || len(stores) == 0) {
		return []doctor.Finding{doctor.NotLooked(doctor.PublicURL, "without a secret and a store no link can be signed")}
	}
	if g.URL == "" {
		return doctor.JudgeGateway(g, time.Now())
	}
	id, err := customer.NewIdentity(x.o.Config.Secret.Reveal())
	if err != nil {
		return []doctor.Finding{doctor.Unknown(doctor.PublicURL, g.URL, err.Error())}
	}
	good := x.o.Links.URL(link.Link{Purpose: link.Unsubscribe, Customer: id.Key(stores[0], nobody), Worker: programme.WorkerNames()[0]})
	res, err := x.get(ctx, good)
	if err != nil {
		g.Err = words(unquoted(err))
		return doctor.JudgeGateway(g, time.Now())
	}
	g.Code = res.StatusCode
	if res.StatusCode/100 == 3 {
		g.Redirect = res.Header.Get("Location")
	}
	if res.TLS != nil && len(res.TLS.PeerCertificates) > 0 {
		g.Certificate = res.TLS.PeerCertificates[0].NotAfter
	}
	if res, err = x.get(ctx, forged(good)); err == nil {
		g.Forged = res.StatusCode
	}
	return doctor.JudgeGateway(g, time.Now())
}

func (x *examiner) get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := x.o.HTTP.Do(req)
	if err == nil {
		_ = res.Body.Close() // the answer's first line says it all
	}
	return res, err
}

// forged is a link with another end, which is its signature's.
func forged(url string) string {
	for _, other := range []byte("ab") {
		if url[len(url)-1] != other {
			return url[:len(url)-1] + string(other)
		}
	}
	return url
}
