package gateway

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"homing/events"
	"homing/pkg/link"
	"homing/pkg/programme"
)

//go:embed page.html page.css
var files embed.FS

var (
	style = func() template.CSS {
		b, err := files.ReadFile("page.css")
		if err != nil {
			panic(err) // it is part of the program
		}
		return template.CSS(b)
	}()
	pages = template.Must(template.ParseFS(files, "page.html"))

	// policy lets a page show its own style and send its form back, and no more.
	// The style is in the page, known by its hash: a second request would
	// need a path that every proxy passes on.
	policy = "default-src 'none'; style-src 'sha256-" + hash(string(style)) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// The tones of a page, each with its own sign.
const (
	asking  = "ask"
	done    = "done"
	problem = "problem"
)

// view is one page.
type view struct {
	Store *programme.Store
	Tone  string
	Title string
	Text  []string // paragraphs
	Quote string   // the answer the customer is about to send
	Form  *form
}

// form is what a page asks. Sent without a choice, it means everything the link is for.
type form struct {
	Legend  string
	Choices []choice
	Scope   string // instead of choices; may be empty
	Button  string
	Quiet   bool // not what most people come for
	Note    string
}

type choice struct{ Value, Label, Hint string }

// Style is the page's own; see policy.
func (view) Style() template.CSS { return style }

// Host is the address of the shop, as people write it.
func (v view) Host() string {
	_, host, ok := strings.Cut(v.Store.View.URL, "://")
	if !ok {
		return ""
	}
	return strings.TrimPrefix(strings.TrimRight(host, "/"), "www.")
}

func (v view) write(w http.ResponseWriter, code int) {
	var b bytes.Buffer
	if err := pages.Execute(&b, v); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes())
}

func askUnsubscribe(s *programme.Store, l link.Link) view {
	return view{Store: s, Tone: asking, Title: "Unsubscribe from " + s.View.Name + "?", Form: &form{
		Legend: "Which emails would you like to stop?",
		Choices: []choice{
			{events.ScopeAll, "All marketing emails", "Offers, reminders and news. You’ll still get emails about your orders."},
			{l.Worker, "Only " + programme.EmailsOf(l.Worker), "You’ll still get our other emails."},
		},
		Button: "Unsubscribe",
	}}
}

func left(s *programme.Store) view {
	return view{Store: s, Tone: done, Title: "You’re unsubscribed", Text: []string{
		"You won’t receive any more marketing emails from " + s.View.Name + ", including any already scheduled.",
		"You’ll still get emails about your orders. You can close this page now.",
	}}
}

func leftOne(s *programme.Store, l link.Link) view {
	return view{Store: s, Tone: done, Title: "You’re unsubscribed", Text: []string{
		"You won’t receive any more " + programme.EmailsOf(l.Worker) + " from " + s.View.Name + ", including any already scheduled.",
		"You can close this page now.",
	}, Form: &form{Scope: events.ScopeAll, Button: "Unsubscribe from all marketing emails", Quiet: true}}
}

// answers says in everyday words what the codes of answers mean.
var answers = map[string]string{
	"not-needed":     "I don’t need anything at the moment.",
	"too-expensive":  "It’s too expensive for me.",
	"bad-experience": "I had a bad experience.",
	"elsewhere":      "I buy elsewhere now.",
	"other":          "I have another reason.",
}

// questions says what was asked.
var questions = map[string]string{"why_left": "Why you haven’t been back"}

func askAnswer(s *programme.Store, l link.Link) view {
	v := view{Store: s, Tone: asking, Title: questions[l.Question], Quote: answers[l.Answer], Form: &form{
		Button: "Send this answer", Note: "Only " + s.View.Name + " will see it. Nothing is sent until you press the button.",
	}}
	if v.Title == "" {
		v.Title = "Your answer"
	}
	if v.Quote == "" {
		v.Quote = strings.NewReplacer("-", " ", "_", " ").Replace(l.Answer)
	}
	return v
}

func thanks(s *programme.Store) view {
	return view{Store: s, Tone: done, Title: "Thank you", Text: []string{s.View.Name + " has your answer. You can close this page now."}}
}

func incomplete(s *programme.Store) view {
	return view{Store: s, Tone: problem, Title: "There’s nothing here", Text: []string{
		"If you followed a link in an email, part of it is missing. Please open it from the email again. If you copy it, make sure you copy all of it.",
		"Nothing was changed.",
	}}
}

func invalid(s *programme.Store) view {
	return view{Store: s, Tone: problem, Title: "This link doesn’t work", Text: []string{
		"It may have been changed along the way, or it’s from a very old email. Please use the link in a more recent email, or reply to one and ask to be taken off the list.",
		"Nothing was changed.",
	}}
}

func notHere(s *programme.Store) view {
	return view{Store: s, Tone: problem, Title: "That isn’t possible here", Text: []string{
		"Please open the link from the email again. Nothing was changed.",
	}}
}

func tryAgain(s *programme.Store, scope string) view {
	return view{Store: s, Tone: problem, Title: "That didn’t work", Text: []string{
		"We couldn’t save that just now, so it’s not done yet. Please try again in a minute.",
	}, Form: &form{Scope: scope, Button: "Try again"}}
}
