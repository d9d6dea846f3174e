package doctor

import (
	"fmt"
	"strings"
)

// A Sender is a store as receivers see it: its domains, and what DNS says about them.
type Sender struct {
	Store      string
	From       string // the domain of from
	ReturnPath string // the domain that SPF is asked of and bounces go to
	Own        bool   // smtp.return_path is set; else bounces go to from
	Provider   string // of the relay, which may put an envelope sender of its own
	SPF        SPFFacts
	DKIM       DKIMFacts
	DMARC      DMARCFacts
	// Registered returns the part of a domain that somebody registered.
	Registered func(domain string) string
	Mail       Answer // hosts that take email for ReturnPath: MX, or else its address; "." says that none does
}

// DMARCFacts are the record that counts for the domain of from.
type DMARCFacts struct {
	At     string // the domain that it is of: that of from, or else the registered one
	Answer Answer // TXT of _dmarc.<At>
}

// JudgeSender judges what receivers will make of a store's emails.
func JudgeSender(s Sender) []Finding {
	out := JudgeSPF(s)
	out = append(out, JudgeDKIM(s.Store, s.DKIM)...)
	out = append(out, s.dmarc()...)
	return append(out, s.bounces()...)
}

// aligned reports whether a domain counts for DMARC as that of from: the same, or, unless
// the record is strict, of the same registered domain (RFC 7489, section 3.1).
func (s Sender) aligned(domain, mode string) bool {
	if mode == "s" {
		return strings.EqualFold(domain, s.From)
	}
	return domain != "" && s.Registered(domain) == s.Registered(s.From)
}

func (s Sender) dmarc() []Finding {
	about, at := "store "+s.Store, "_dmarc."+s.DMARC.At
	if s.DMARC.Answer.Err != "" {
		return Of(DNS, Unknown(DNS, about, at+": "+s.DMARC.Answer.Err))
	}
	var records []tags
	for _, r := range s.DMARC.Answer.Records {
		if strings.HasPrefix(strings.ReplaceAll(r, " ", ""), "v=DMARC1") {
			records = append(records, readTags(r))
		}
	}
	publish := fmt.Sprintf("publish at _dmarc.%s, type TXT: v=DMARC1; p=none; rua=mailto:…, and raise p to quarantine once its reports show your emails to be fine", s.Registered(s.From))
	switch {
	case len(records) == 0:
		return Of(DNS, Finding{Level: Warning, About: about, Text: "there is no DMARC record for " + s.From, Why: "Gmail, Yahoo and Microsoft demand one of those who send 5,000 emails a day or more", Do: publish})
	case len(records) > 1:
		return Of(DNS, Finding{Level: Trouble, About: about, Text: fmt.Sprintf("there are %d DMARC records at %s, and receivers ignore all of them", len(records), at), Why: "it is as if there were none", Do: "leave one of them"})
	}
	return Of(DNS, s.alignment(records[0], at)...)
}

// alignment judges whether SPF or DKIM vouches for the domain that people see.
func (s Sender) alignment(t tags, at string) []Finding {
	about := "store " + s.Store
	policy := t["p"]
	if s.DMARC.At != s.From && t["sp"] != "" {
		policy = t["sp"]
	}
	spf, dkim := s.aligned(s.ReturnPath, t["aspf"]), s.aligned(s.DKIM.Domain, t["adkim"]) && s.DKIM.Domain != ""
	f := Finding{Level: Trouble, About: about, Why: "the record asks receivers to " + asks(policy) + " such emails"}
	if policy == "none" {
		f.Level, f.Why = Warning, "with p=none they only report it; with a stricter policy such emails would be refused"
	}
	switch {
	case dkim:
		return []Finding{{Level: OK, About: about, Text: fmt.Sprintf("the DMARC record at %s (p=%s) is satisfied by the DKIM signature of %s", at, policy, s.DKIM.Domain)}}
	case s.DKIM.Domain != "" && !spf:
		f.Text = fmt.Sprintf("neither the DKIM signature (%s) nor the return path (%s) is of the domain of from, %s, as DMARC demands", s.DKIM.Domain, s.ReturnPath, s.From)
	case s.DKIM.Domain != "":
		f.Level, f.Text = Warning, fmt.Sprintf("the DKIM signature is of %s, which does not count for %s: only SPF does", s.DKIM.Domain, s.From)
		f.Why = "SPF is lost as soon as somebody forwards the email"
	case spf && s.Provider == "":
		f.Level, f.Text, f.Why = Warning, "only SPF vouches for "+s.From+" with DMARC, as emails are not signed", "SPF is lost as soon as somebody forwards the email"
	default:
		f.Text = fmt.Sprintf("nothing vouches for %s with DMARC: emails are not signed, and the return path is of %s", s.From, s.ReturnPath)
	}
	f.Do = fmt.Sprintf("set stores.%s.dkim.domain to %s, and publish the key there", s.Store, s.From)
	return []Finding{f}
}

func asks(policy string) string {
	if policy == "quarantine" {
		return "file as spam"
	}
	return "refuse"
}

// bounces judges whether what comes back reaches anybody.
func (s Sender) bounces() []Finding {
	about := "store " + s.Store
	key := "stores." + s.Store + ".from"
	if s.Own {
		key = "smtp.return_path"
	}
	bad := Finding{Level: Trouble, About: about, Why: "many receivers refuse email whose sender cannot be answered, and bounces are lost",
		Do: fmt.Sprintf("publish an MX record for %s that leads to the server with that mailbox, or correct %s", s.ReturnPath, key)}
	switch {
	case s.Mail.Err != "":
		return Of(DNS, Unknown(DNS, about, "MX of "+s.ReturnPath+": "+s.Mail.Err))
	case len(s.Mail.Records) == 0:
		bad.Text = "no server takes email for " + s.ReturnPath + ", where bounces go: it has neither an MX record nor an address"
	case s.Mail.Records[0] == ".":
		bad.Text = s.ReturnPath + ", where bounces go, says that it takes no email (a null MX)"
	default:
		return Of(DNS, Finding{Level: OK, About: about, Text: "bounces go to " + s.ReturnPath + ", for which " + s.Mail.Records[0] + " takes email"})
	}
	return Of(DNS, bad)
}
