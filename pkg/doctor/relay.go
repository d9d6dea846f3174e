package doctor

import (
	"strconv"
	"strings"
	"time"
)

// RelayFacts are what a relay said until it was ready for an email. It was given none.
type RelayFacts struct {
	Addr     string
	Stores   []string
	Security string // STARTTLS, TLS, or "" for none
	Near     bool   // it is on this machine
	Err      string // why it could not be made ready, and in which phase
	Advice   string // what to do about that
	User     bool   // there is one to log in with
	// Offers are the extensions that it offers, with their parameters.
	Offers      map[string]string
	Certificate time.Time // when it ends; zero: none was shown
}

// leastSize is more than the largest email of Homing, with pictures left at the shop.
const leastSize = 1 << 20

// Extensions are those that are told about.
var Extensions = []string{"STARTTLS", "AUTH", "SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING", "DSN"}

// JudgeRelay judges what a relay can do.
func JudgeRelay(r RelayFacts, now time.Time) []Finding {
	about := "relay " + r.Addr
	if r.Err != "" {
		return Of(RelayOf, Finding{Level: Trouble, About: about, Text: r.Err, Why: "no email of " + and(r.Stores) + " leaves until it works", Do: r.Advice})
	}
	var has, lacks []string
	for _, e := range Extensions {
		if _, offered := r.Offers[e]; offered || e == "STARTTLS" && r.Security != "" {
			has = append(has, e)
		} else {
			lacks = append(lacks, e)
		}
	}
	text := "ready for email, " + secured(r.Security)
	if r.User {
		text += ", logged in"
	}
	text += "; offers " + and(has)
	if lacks != nil {
		text += "; not " + and(lacks)
	}
	return Of(RelayOf, append([]Finding{{Level: OK, About: about, Text: text}}, r.more(about, now)...)...)
}

// more is what could be better with a relay that works.
func (r RelayFacts) more(about string, now time.Time) (out []Finding) {
	if _, offers := r.Offers["PIPELINING"]; !offers {
		out = append(out, Finding{Level: Note, About: about, Text: "does not offer PIPELINING", Why: "each email takes some more round trips, so that fewer leave over one connection"})
	}
	_, offers := r.Offers["STARTTLS"]
	switch {
	case r.Security == "" && !r.Near && r.User:
		out = append(out, Finding{Level: Trouble, About: about, Text: "the password for the relay goes over the network in the clear", Why: "anybody who reads it can send in your name", Do: "write smtp:// or smtps:// in smtp.url"})
	case r.Security == "" && !r.Near:
		out = append(out, Finding{Level: Warning, About: about, Text: "emails go to the relay in the clear", Why: "anybody on the way can read them", Do: "write smtp:// or smtps:// in smtp.url"})
	case r.Security == "" && offers:
		out = append(out, Finding{Level: Note, About: about, Text: "offers STARTTLS, which smtp+insecure:// does not use"})
	}
	if _, auth := r.Offers["AUTH"]; auth && !r.User && !r.Near {
		out = append(out, Finding{Level: Note, About: about, Text: "offers a login, and smtp.url has no user", Why: "it may take email for your own domain only, or from this address only", Do: "write the user in smtp.url, or in smtp.url_file"})
	}
	if n := sizeOf(r.Offers); n > 0 && n < leastSize {
		out = append(out, Finding{Level: Warning, About: about, Text: "takes emails of " + size(n) + " at most (SIZE)", Why: "larger ones are refused, and dropped", Do: "raise its limit, such as message_size_limit in Postfix"})
	}
	return append(out, ends(about, r.Certificate, now, "after that no email leaves", "renew it, or ask who runs the relay")...)
}

func secured(how string) string {
	if how == "" {
		return "unencrypted"
	}
	return "encrypted (" + how + ")"
}

// sizeOf is the largest email that a relay takes; 0: it does not say.
func sizeOf(offers map[string]string) (n int64) {
	first, _, _ := strings.Cut(strings.TrimSpace(offers["SIZE"]), " ")
	n, _ = strconv.ParseInt(first, 10, 64)
	return n
}
