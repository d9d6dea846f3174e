package doctor

import (
	"fmt"
	"strings"
)

// SPFFacts are what SPF says of the domain of the return path.
type SPFFacts struct {
	Answer  Answer // TXT of the domain: those that begin with v=spf1
	Lookups int    // questions to DNS that the record leads to; 0: not known
	Broken  string // why receivers cannot evaluate it
	Anybody bool   // it allows every address there is
	// Allowed has what it says of each address that email leaves from, as far as they are
	// known.
	Allowed []Allowed
	Told    bool // the addresses were named; else they are those of the relay's name
}

// Allowed is what SPF says of one address: pass, fail, softfail, neutral, …
type Allowed struct{ Address, Result string }

// MostLookups is how many questions to DNS an SPF record may lead to (RFC 7208, 4.6.4).
const MostLookups = 10

// JudgeSPF judges whether SPF allows the relay.
func JudgeSPF(s Sender) []Finding {
	about, d := "store "+s.Store, s.ReturnPath
	if s.Provider != "" && !s.Own {
		return Of(DNS, Finding{Level: OK, About: about, Text: "SPF is a matter of the provider's own return path (" + s.Provider + ")"})
	}
	bad := Finding{Level: Trouble, About: about, Why: "receivers take the email for forged: they refuse it or file it as spam"}
	switch f := s.SPF; {
	case f.Answer.Err != "":
		return Of(DNS, Unknown(DNS, about, "SPF of "+d+": "+f.Answer.Err))
	case len(f.Answer.Records) == 0:
		bad.Level, bad.Text, bad.Why = Warning, "there is no SPF record for "+d, "mailbox providers trust such emails less; Gmail demands SPF or DKIM of everybody"
		bad.Do = "publish at " + d + ", type TXT: v=spf1 " + mechanisms(f.Allowed) + " ~all, with the addresses that the relay sends from, or what your provider says"
	case len(f.Answer.Records) > 1:
		bad.Text, bad.Do = fmt.Sprintf("there are %d SPF records for %s, so none of them counts", len(f.Answer.Records), d), "join them into one that begins with v=spf1"
	case f.Lookups > MostLookups:
		bad.Text, bad.Do = fmt.Sprintf("the SPF record of %s leads to %d lookups, and receivers do %d at most, so it counts as broken", d, f.Lookups, MostLookups), "take out includes of services you no longer use, or write their addresses as ip4: and ip6:"
	case f.Broken != "":
		bad.Text, bad.Do = "receivers cannot evaluate the SPF record of "+d+": "+f.Broken, "correct the record: "+f.Answer.Records[0]
	default:
		return Of(DNS, s.allowed()...)
	}
	return Of(DNS, bad)
}

// allowed judges a record that can be evaluated.
func (s Sender) allowed() []Finding {
	about, d := "store "+s.Store, s.ReturnPath
	var out []Finding
	if s.SPF.Anybody {
		out = append(out, Finding{Level: Warning, About: about, Text: "the SPF record of " + d + " allows every address there is (+all)", Why: "anybody may send in your name", Do: "end it with ~all or -all"})
	}
	var passed, others []string
	for _, a := range s.SPF.Allowed {
		if a.Result == "pass" {
			passed = append(passed, a.Address)
		} else {
			others = append(others, fmt.Sprintf("%s (%s)", a.Address, a.Result))
		}
	}
	ok := Finding{Level: OK, About: about, Text: "the SPF record of " + d + " allows " + and(passed)}
	switch {
	case len(s.SPF.Allowed) == 0:
		ok = Finding{Level: Note, About: about, Text: "the SPF record of " + d + " can be evaluated; whether it allows the addresses that email leaves from is not known, as the relay is on this machine or has none in DNS",
			Do: "homing doctor --sends-from ADDRESS asks about the relay's addresses on the internet"}
	case len(others) > 0 && s.SPF.Told:
		ok = Finding{Level: Trouble, About: about, Text: "the SPF record of " + d + " does not allow " + and(others), Why: "receivers take the email for forged: they refuse it or file it as spam",
			Do: "add them to the record: " + mechanisms(s.SPF.Allowed)}
	case len(others) > 0:
		ok = Finding{Level: Warning, About: about, Text: "the SPF record of " + d + " does not allow the address of the relay's name: " + and(others), Why: "if emails leave from there, receivers take them for forged; a provider's relay may send from others, which its include names",
			Do: "add " + mechanisms(s.SPF.Allowed) + " or your provider's include to the record; homing doctor --sends-from ADDRESS asks about the addresses it really sends from"}
	}
	if s.SPF.Lookups > MostLookups-2 {
		ok.Text += fmt.Sprintf(" (it needs %d of %d lookups)", s.SPF.Lookups, MostLookups)
	}
	return append(out, ok)
}

// mechanisms allow addresses that are not allowed yet.
func mechanisms(all []Allowed) string {
	var out []string
	for _, a := range all {
		switch {
		case a.Result == "pass":
		case strings.Contains(a.Address, ":"):
			out = append(out, "ip6:"+a.Address)
		default:
			out = append(out, "ip4:"+a.Address)
		}
	}
	if out == nil {
		return "ip4:…"
	}
	return strings.Join(out, " ")
}
