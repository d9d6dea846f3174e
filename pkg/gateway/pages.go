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
	// The style stands in the page, known by its hash: a second request would
	// need a path that every proxy passes on.
	policy = "default-src 'none'; style-src 'sha256-" + hash(string(style)) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// The tones of a page, each with a sign of its own.
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
	Quote string   // what the customer is about to say
	Form  *form
}

// form is what a page asks. Sent without a choice it means all that the link is for.
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

// Host is where the shop is, as people write it.
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
		Legend: "What do you no longer want?",
		Choices: []choice{
			{events.ScopeAll, "All marketing emails", "Offers, reminders and news. Emails about your orders still reach you."},
			{l.Worker, "Only " + programme.EmailsOf(l.Worker), "You keep getting our other emails."},
		},
		Button: "Unsubscribe",
	}}
}

func left(s *programme.Store) view {
	return view{Store: s, Tone: done, Title: "You’re unsubscribed", Text: []string{
		s.View.Name + " sends you no more marketing emails. That is in force now, also for emails that were already planned.",
		"Emails about your orders still reach you. You can close this page.",
	}}
}

func leftOne(s *programme.Store, l link.Link) view {
	return view{Store: s, Tone: done, Title: "You’re unsubscribed", Text: []string{
		s.View.Name + " sends you no more " + programme.EmailsOf(l.Worker) + ". That is in force now, also for emails that were already planned.",
		"You can close this page.",
	}, Form: &form{Scope: events.ScopeAll, Button: "Unsubscribe from all marketing emails", Quiet: true}}
}

// answers says in people's words what the codes of answers mean.
var answers = map[string]string{
	"not-needed":     "I don’t need anything at the moment.",
	"too-expensive":  "It is too expensive for me.",
	"bad-experience": "I had a bad experience.",
	"elsewhere":      "I buy elsewhere now.",
	"other":          "I have another reason.",
}

// questions says what was asked.
var questions = map[string]string{"why_left": "Why you haven’t been back"}

func askAnswer(s *programme.Store, l link.Link) view {
	v := view{Store: s, Tone: asking, Title: questions[l.Question], Quote: answers[l.Answer], Form: &form{
		Button: "Send this answer", Note: "Only " + s.View.Name + " gets it, and nothing is sent before you press the button.",
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
	return view{Store: s, Tone: done, Title: "Thank you", Text: []string{s.View.Name + " has your answer. You can close this page."}}
}

func incomplete(s *programme.Store) view {
	return view{Store: s, Tone: problem, Title: "There is nothing here", Text: []string{
		"If you came by a link in an email, a part of it is missing. Please open it from the email once more; if you copy it, copy all of it.",
		"Nothing was changed.",
	}}
}

func invalid(s *programme.Store) view {
	return view{Store: s, Tone: problem, Title: "This link is not valid", Text: []string{
		"It was changed on its way, or is from a very old email. Please use the link in a newer one, or reply to it and ask to be taken off the list.",
		"Nothing was changed.",
	}}
}

func notHere(s *programme.Store) view {
	return view{Store: s, Tone: problem, Title: "That is not possible here", Text: []string{
		"Please open the link from the email once more. Nothing was changed.",
	}}
}

func tryAgain(s *programme.Store, scope string) view {
	return view{Store: s, Tone: problem, Title: "That did not work", Text: []string{
		"We could not save it just now, so it is not done yet. Please try again in a minute.",
	}, Form: &form{Scope: scope, Button: "Try again"}}
}
