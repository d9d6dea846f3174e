// Package reports takes what providers of email report by a webhook: Amazon SES, SendGrid,
// Mailgun and Postmark. It verifies that the provider says it, reads which email each
// report is about and what became of it, and answers once that is recorded. It knows
// neither NATS nor Redis, and decides nothing about customers.
//
// Which email a report is about is said by the code that the email carried (see package
// returnpath), and by nothing else: the recipients that it names are not asked.
package reports

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/pkg/feedback"
	"homing/pkg/limits"
	"homing/pkg/returnpath"
)

// Options are what a Handler works with.
type Options struct {
	// Path is what the paths begin with; the provider's name follows.
	Path string
	// What each provider is known by; nobody reports who is not known.
	Topics   []string         // SES: the ARNs of SNS topics
	SendGrid *ecdsa.PublicKey // its verification key
	Mailgun  string           // its signing key
	Postmark Login

	// Record takes in what is said, all of it in one pass, and returns for each what it was
	// in a word; "" if it isn't understood. Once it returns nil, all is safe.
	Record func(ctx context.Context, said []Said) ([]string, error)
	// Keep keeps what a provider said and nobody can read, for a person. code may be "".
	Keep func(ctx context.Context, provider, code string, begins []byte) error
	// Took is told who said what, for each report.
	Took func(provider, what string)
	// Client fetches from Amazon SNS alone; nil: one of its own.
	Client  *http.Client
	Now     func() time.Time // nil: the clock
	Log     *zap.Logger
	Proxies limits.Proxies // in front of it
}

// Login is what Postmark shows, which signs nothing.
type Login struct{ User, Password string }

// Said is one report.
type Said struct {
	Code   string // of the email, as it came back; "" if none did
	Report feedback.Report
	Raw    []byte // as it came
}

// What Took is told apart from what Record says.
const (
	Unread  = "unknown"   // kept for a person
	Refused = "refused"   // not the provider's
	Later   = "later"     // not recorded: asked to try again
	Foreign = "foreign"   // about an email that isn't ours
	Other   = "other"     // about something else, such as a click or a subscription
	Again   = "duplicate" // the same request again
)

// The limits. Providers wait ten seconds and more for their answer, and try again.
const (
	maxBody    = 4 << 20
	maxReports = 10_000 // of a request
	maxKept    = 64 << 10
	patience   = 8 * time.Second // for recording
	retryAfter = "30"

	// atOnce is how many requests are read and recorded at a time, and perClient how many
	// of those may be of one address: one client that trickles leaves room for others.
	atOnce    = 32
	perClient = 8
)

// A source is a provider.
type source interface {
	// known refuses by the head of a request, before anything of its body is read.
	known(r *http.Request) error
	// read verifies the body, and returns what it says. Its error is or wraps one of those
	// below; any other means that it could not be found out, and the provider tries again.
	read(ctx context.Context, r *http.Request, body []byte) (found, error)
}

// found is what a request says.
type found struct {
	said  []Said
	other int    // things that are known, and nothing is done about
	after func() // once all is recorded; nil: nothing
}

var (
	errForged  = errors.New("the signature does not match")
	errOld     = errors.New("its time is not that of today")
	errAgain   = errors.New("the same request came before")
	errOddForm = errors.New("verified, and not of a form that is known")
)

// Handler serves the webhooks.
type Handler struct {
	o       Options
	sources map[string]source
	places  *places
	refused quiet
	put     quiet // off
}

// New returns a handler of what Options say.
func New(o Options) *Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &Handler{o: o, sources: map[string]source{}, places: newPlaces(atOnce, perClient)}
	if len(o.Topics) > 0 {
		h.sources[returnpath.SES] = newSNS(o)
	}
	if o.SendGrid != nil {
		h.sources[returnpath.SendGrid] = sendGrid{o.SendGrid}
	}
	if o.Mailgun != "" {
		h.sources[returnpath.Mailgun] = newMailgun(o)
	}
	if o.Postmark.Password != "" {
		h.sources[returnpath.Postmark] = newPostmark(o.Postmark)
	}
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	name := strings.TrimPrefix(r.URL.Path, h.o.Path)
	s := h.sources[name]
	switch {
	case s == nil:
		http.Error(w, "Nothing is here.", http.StatusNotFound)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "Reports are posted.", http.StatusMethodNotAllowed)
	default:
		h.post(w, r, name, s)
	}
}

// post takes one request in.
func (h *Handler) post(w http.ResponseWriter, r *http.Request, name string, s source) {
	if err := s.known(r); err != nil {
		h.refuse(w, name, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	leave, err := h.places.take(ctx, h.o.Proxies.From(r))
	if err != nil {
		h.later(w, name, err)
		return
	}
	defer leave()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			http.Error(w, "This is too long for a report.", http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "The request broke off.", http.StatusBadRequest)
		return
	}
	// What was read is recorded, even if the provider doesn't wait for it.
	ctx, cancel = context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer cancel()
	switch err := h.take(ctx, r, name, s, body); {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, errForged), errors.Is(err, errOld):
		h.refuse(w, name, err)
	default:
		h.later(w, name, err)
	}
}

// take reads a request, and returns nil once all that it says is safe.
func (h *Handler) take(ctx context.Context, r *http.Request, name string, s source, body []byte) error {
	f, err := s.read(ctx, r, body)
	switch {
	case errors.Is(err, errAgain):
		h.o.Took(name, Again)
		return nil
	case errors.Is(err, errOddForm):
		return h.keep(ctx, name, "", body)
	case err != nil:
		return err
	}
	said := f.said
	if len(said) > maxReports {
		return h.keep(ctx, name, "", body)
	}
	if len(said) > 0 {
		what, err := h.o.Record(ctx, said)
		if err != nil {
			return err
		}
		for i, x := range said {
			if what[i] != "" {
				h.o.Took(name, what[i])
			} else if err := h.keep(ctx, name, x.Code, x.Raw); err != nil {
				return err
			}
		}
	}
	for range f.other {
		h.o.Took(name, Other)
	}
	if f.after != nil {
		f.after()
	}
	return nil
}

func (h *Handler) keep(ctx context.Context, name, code string, raw []byte) error {
	if err := h.o.Keep(ctx, name, code, raw[:min(len(raw), maxKept)]); err != nil {
		return err
	}
	h.o.Took(name, Unread)
	return nil
}

// refuse answers what is not believed. 403 is tried again by all of them: a wrong key here
// can be corrected without losing anything. Only Mailgun's 406 is for good.
func (h *Handler) refuse(w http.ResponseWriter, name string, err error) {
	h.o.Took(name, Refused)
	if h.refused.ask(h.o.Now()) {
		h.o.Log.Warn("a report was refused; if it came from the provider, look at its section under feedback in the configuration",
			zap.String("provider", name), zap.Error(err))
	}
	if errors.Is(err, errOld) {
		http.Error(w, "This report is too old, or of the future.", http.StatusNotAcceptable)
		return
	}
	if errors.Is(err, errLogin) {
		w.Header().Set("WWW-Authenticate", `Basic realm="reports"`)
		http.Error(w, "A user and a password are wanted.", http.StatusUnauthorized)
		return
	}
	http.Error(w, "This report is not believed.", http.StatusForbidden)
}

// later asks the provider to try again.
func (h *Handler) later(w http.ResponseWriter, name string, err error) {
	h.o.Took(name, Later)
	if h.put.ask(h.o.Now()) {
		h.o.Log.Warn("a report is not recorded; the provider is asked to try again", zap.String("provider", name), zap.Error(err))
	}
	w.Header().Set("Retry-After", retryAfter)
	http.Error(w, "It cannot be recorded now. Please try again.", http.StatusServiceUnavailable)
}
