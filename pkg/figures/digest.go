package figures

import (
	"context"
	"net/http"
	"slices"
	"time"

	"homing/pkg/render"
)

// email is the template of the digest.
const email = "digest/weekly"

// A Digest is a weekly digest that is not sent.
type Digest struct {
	Data  render.Data
	Shown func(html string) string // its HTML with its charts, as a browser shows it
	Next  time.Time                // when the next one leaves, on the clocks of the store
	To    int                      // to how many people; 0: to nobody
}

// digestPage is the digest as it would be sent now.
type digestPage struct {
	Digest
	Trouble       string
	Store         string
	Stores        []string // where there are several
	Subject, Text string
	Frame         string
}

func (s *section) showDigest(w http.ResponseWriter, r *http.Request) {
	p := digestPage{Store: r.URL.Query().Get("store")}
	if len(s.stores) > 1 {
		p.Stores = s.stores
	}
	if !slices.Contains(s.stores, p.Store) {
		p.Store = s.stores[0]
	}
	status := http.StatusOK
	if err := s.makeDigest(r.Context(), &p); err != nil {
		p.Trouble, status = err.Error(), http.StatusBadGateway
	}
	s.app.Show(w, r, status, path, "The weekly digest", s.digest, p)
}

// makeDigest makes what the next recipient would get, with the templates that are in force.
func (s *section) makeDigest(ctx context.Context, p *digestPage) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if p.Digest, err = s.nights.Digest(ctx, p.Store); err != nil {
		return err
	}
	mail, err := s.app.InForce(ctx, email, p.Data)
	if err != nil {
		return err
	}
	p.Subject, p.Text, p.Frame = mail.Subject, mail.Text, s.app.Frame(p.Shown(mail.HTML))
	return nil
}
