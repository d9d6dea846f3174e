package gateway

import (
	"bytes"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"homing/events"
	"homing/pkg/link"
)

var pages = template.Must(template.ParseFS(files, "page.html", "settings.html"))

// The tones of a page, each with its own sign.
const (
	asking  = "ask"
	done    = "done"
	problem = "problem"
)

// view is one page.
type view struct {
	site  site
	Tone  string
	Title string
	Text  []string // paragraphs
	List  []string // of what is agreed to
	Quote string   // the answer the customer is about to send
	Form  *form

	Settings *settings // what the customer may choose
	More     *further  // another page
	Small    string    // at the end
}

// A further page is one that another leads to.
type further struct{ URL, Label string }

// form is what a page asks. Sent without a choice, it means everything the link is for.
type form struct {
	Legend  string
	Field   string // the name of what is chosen
	Choices []choice
	Hidden  []hidden
	Button  string
	Quiet   bool // not what most people come for
	Note    string
	Scores  *scores
	Words   *words

	Questions []question // what a survey goes on to ask
	Born      *born
}

// hidden is a field that the page sends as it is.
type hidden struct{ Name, Value string }

type choice struct {
	Value, Label, Hint string
	Chosen             bool
}

// Dress is what the page looks like.
func (v view) Dress() *dress { return v.site.dress }

// Lang and Dir are the language of the page.
func (v view) Lang() string { return v.site.words.Lang }

// Dir is "rtl" for a language that is written from right to left.
func (v view) Dir() string { return v.site.words.Dir }

// Name is that of the shop.
func (v view) Name() string { return v.site.store.View.Name }

// Alt is what the logo says.
func (v view) Alt() string {
	if alt := v.Dress().Logo.Alt; alt != "" {
		return alt
	}
	return v.Name()
}

// URL is the address of the shop.
func (v view) URL() string { return v.site.store.View.URL }

// Host is that, as people write it.
func (v view) Host() string {
	_, host, ok := strings.Cut(v.URL(), "://")
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
	h := w.Header()
	h.Set("Content-Security-Policy", v.Dress().policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang())
	h.Add("Vary", "Accept-Language")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes())
}

func askUnsubscribe(s site, l link.Link) view {
	return view{site: s, Tone: asking, Title: s.say("ask_title"), Form: &form{
		Legend: s.say("ask_which"), Field: "scope",
		Choices: []choice{
			{events.ScopeAll, s.say("ask_all"), s.say("ask_all_hint"), true},
			{l.Worker, s.sayOf("ask_one", l.Worker), s.sayOf("ask_one_hint", l.Worker), false},
		},
		Button: s.say("ask_button"),
	}}
}

func left(s site) view {
	return view{site: s, Tone: done, Title: s.say("left_title"), Text: []string{s.say("left_all"), s.say("left_orders")}}
}

func leftOne(s site, l link.Link) view {
	return view{
		site: s, Tone: done, Title: s.say("left_title"), Text: []string{s.sayOf("left_one", l.Worker), s.say("left_close")},
		Form: &form{Hidden: []hidden{{"scope", events.ScopeAll}}, Button: s.say("left_button"), Quiet: true},
	}
}

func incomplete(s site) view { return nothing(s, "missing") }

func invalid(s site) view { return nothing(s, "invalid") }

func notHere(s site) view { return nothing(s, "refused") }

// nothing is a page after which all is as it was before.
func nothing(s site, why string) view {
	return view{site: s, Tone: problem, Title: s.say(why + "_title"), Text: []string{s.say(why + "_text"), s.say("unchanged")}}
}

// tryAgain asks to send the same once more.
func tryAgain(s site, again []hidden) view {
	return view{
		site: s, Tone: problem, Title: s.say("retry_title"), Text: []string{s.say("retry_text")},
		Form: &form{Hidden: again, Button: s.say("retry_button")},
	}
}
