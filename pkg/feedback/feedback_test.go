package feedback

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func file(t testing.TB, name string) Report {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	r := Read(strings.NewReader(string(b)))
	// What is delivered by LMTP, or was in a file, may have other ends of lines.
	if unix := Read(strings.NewReader(strings.ReplaceAll(string(b), "\r\n", "\n"))); !reflect.DeepEqual(r, unix) {
		t.Errorf("%s: %+v without CR, %+v with them", name, unix, r)
	}
	return r
}

// What Exim 4.96, Postfix 3.7.11 and OpenSMTPD 6.8.0 wrote about emails of Homing's.
func TestRealReportsMeanWhatTheNextServerSaid(t *testing.T) {
	want := map[string]struct {
		means  Meaning
		status string
	}{
		"exim-blocked1-failed":       {NotTheirs, "5.7.1"},
		"exim-full1-failed":          {Soft, "5.2.2"},
		"exim-later1-failed":         {Soft, "4.2.0"},
		"exim-nobody-local-failed":   {Hard, "5.0.0"},
		"exim-nouser1-failed":        {Hard, "5.1.1"},
		"exim-plain5501-failed":      {Hard, "5.0.0"},
		"opensmtpd-blocked1-failed":  {NotTheirs, "5.7.1"},
		"opensmtpd-full1-failed":     {Soft, "5.2.2"},
		"opensmtpd-later1-delayed":   {Soft, "4.4.7"},
		"opensmtpd-nouser1-failed":   {Hard, "5.1.1"},
		"opensmtpd-plain5501-failed": {Hard, "5.0.0"},
		"postfix-blocked1-failed":    {NotTheirs, "5.7.1"},
		"postfix-full1-failed":       {Soft, "5.2.2"},
		"postfix-gone-failed":        {Hard, "5.4.4"},
		"postfix-later1-delayed":     {Waiting, "4.2.0"},
		"postfix-later1-failed":      {Soft, "4.2.0"},
		"postfix-nouser1-failed":     {Hard, "5.1.1"},
		"postfix-refused-delayed":    {Waiting, "4.4.1"},
		"postfix-rejdata1-failed":    {NotTheirs, "5.6.0"},
		"postfix-unicode1-failed":    {Hard, "5.1.1"},
	}
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files, %v; want %d", len(files), err, len(want))
	}
	for name, w := range want {
		r := file(t, name)
		if r.Kind != Delivery || len(r.Recipients) != 1 {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		got := r.Recipients[0]
		_, who, _ := strings.Cut(name, "-")
		who = who[:strings.LastIndexByte(who, '-')]
		if got.Means != w.means || got.Status != w.status || !strings.HasPrefix(got.Address, who+"@") {
			t.Errorf("%s: %v %s %s; want %v %s\n%+v", name, got.Means, got.Status, got.Address, w.means, w.status, got)
		}
		if strings.Contains(got.Words, who) || strings.Contains(got.Words, "@") || got.Words == "" {
			t.Errorf("%s: words %q", name, got.Words)
		}
		if len(r.MessageIDs) == 0 || !strings.HasPrefix(r.MessageIDs[0], "m17958") || !strings.HasSuffix(r.MessageIDs[0], "@shop.example") {
			t.Errorf("%s: message ids %v", name, r.MessageIDs)
		}
		if sender := "bounce+0abc@shop.test"; !strings.HasPrefix(name, "opensmtpd") && !slices.Equal(r.Senders, []string{sender}) {
			t.Errorf("%s: senders %v", name, r.Senders)
		}
	}
}

// dsn is a delivery report about ann@customer.example: its fields of her, and what a
// person is told.
func dsn(fields, text string) string {
	return strings.ReplaceAll("From: MAILER-DAEMON@mta.example\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"+
		"--b\nContent-Type: text/plain\n\n"+text+"\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mta.example\n\n"+
		"Final-Recipient: rfc822; ann@customer.example\n"+fields+"\n\n--b--\n", "\n", "\r\n")
}

func TestAReportIsJudgedByStatusThenCodeThenWords(t *testing.T) {
	failed := func(status, diagnostic string) string {
		return fmt.Sprintf("Action: failed\nStatus: %s\nDiagnostic-Code: %s", status, diagnostic)
	}
	told := func(words string) string { return dsn("Action: failed\nStatus: 5.0.0", "ann@customer.example: "+words) }
	exim := func(words string) string {
		return dsn("Action: failed\nStatus: 5.0.0", "The following address(es) failed:\n\n  ann@customer.example\n    "+words)
	}
	for _, c := range []struct {
		name, mail string
		want       Meaning
	}{
		{"Postfix: a domain that takes no email", dsn(failed("5.1.0", "X-Postfix; Domain customer.example does not accept mail (nullMX)"), ""), Hard},
		{"Postfix: disabled", dsn(failed("5.2.1", "smtp; 550 5.2.1 mailbox disabled"), ""), Hard},
		{"Postfix: three lines", dsn(failed("5.1.1", "smtp; 550-5.1.1 no such user 550-5.1.1 look elsewhere 550 5.1.1 bye"), ""), Hard},
		{"Postfix: no code", dsn(failed("5.0.0", "smtp; 550 No such person at this address"), ""), Hard},
		{"Postfix: could not connect until it expired", dsn(failed("4.4.1", "X-Postfix; connect to mx.customer.example[192.0.2.1]:25: Connection refused"), ""), Soft},
		{"Postfix: DNS did not answer", dsn(failed("4.4.3", "X-Postfix; Host or domain name not found. Name service error for name=customer.example type=MX: Host not found, try again"), ""), Soft},
		{"Postfix: loops", dsn(failed("5.4.6", "X-Postfix; mail for customer.example loops back to myself"), ""), Soft},
		{"Postfix: words about the content", dsn(failed("5.0.0", "smtp; 550 No such user in this text"), "<ann@customer.example>: host mx said: 550 No such\n    user in this text (in reply to end of DATA command)"), NotTheirs},
		{"Exim: disabled", dsn(failed("5.0.0", "smtp; 550 5.2.1 mailbox disabled"), ""), Hard},
		{"Exim: three lines", dsn(failed("5.0.0", "smtp; 550-5.1.1 no such user\n 550-5.1.1 look elsewhere\n 550 5.1.1 bye"), ""), Hard},
		{"Exim: full until it gave up", dsn(failed("5.0.0", "smtp; 452 4.2.2 mailbox is full: retry timeout exceeded"), ""), Soft},
		{"Exim: 4xx without a code", dsn(failed("5.0.0", "smtp; 451 user unknown at the moment: retry timeout exceeded"), ""), Soft},
		{"Exim: no such domain", exim("Unrouteable address"), Hard},
		{"Exim: null MX", exim("an MX or SRV record indicated no SMTP service"), Hard},
		{"Exim: nobody answers", exim("host mx.customer.example [192.0.2.1]\n    Connection refused: retry timeout exceeded"), Soft},
		{"Exim: long dead", exim("all hosts for 'customer.example' have been failing for a long time (and retry time not reached)"), Soft},
		{"Exim: over quota here", exim("mailbox is full (MTA-imposed quota exceeded while writing to file)"), Soft},
		{"Exim: the content, without a code", dsn(failed("5.0.0", "smtp; 550 user unknown to the spam filter"), "  ann@customer.example\n    host mx [192.0.2.1]\n    SMTP error from remote mail server after end of data:\n    550 user unknown"), NotTheirs},
		{"OpenSMTPD: disabled", told("550 5.2.1 mailbox disabled"), Hard},
		{"OpenSMTPD: says no more than that", told("550 Invalid recipient: <ann@customer.example>"), Doubtful},
		{"OpenSMTPD: no such domain", told("No MX found for domain"), Hard},
		{"OpenSMTPD: the network", told("Network error on destination MXs"), Soft},
		{"OpenSMTPD: expired", dsn("Action: delayed\nStatus: 4.4.7", "ann@customer.example: Envelope expired"), Soft},
		{"Exchange: unknown", dsn(failed("5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"), ""), Hard},
		{"Exchange: not found", dsn(failed("5.1.1", "smtp;550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found"), ""), Hard},
		{"Exchange: says access denied of unknown ones", dsn(failed("5.4.1", "smtp;550 5.4.1 Recipient address rejected: Access denied."), ""), Doubtful},
		{"Exchange: no such domain", dsn(failed("5.4.310", "smtp;550 5.4.310 DNS domain customer.example does not exist"), ""), Hard},
		{"Exchange: expired", dsn(failed("4.4.7", "smtp;550 4.4.7 QUEUE.Expired; message expired"), ""), Soft},
		{"Exchange: over quota", dsn(failed("5.2.2", "smtp;554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException"), ""), Soft},
		{"Exchange: not allowed", dsn(failed("5.7.133", "smtp;550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup"), ""), NotTheirs},
		{"Exchange: late, and tries on", dsn("Action: delayed\nStatus: 4.4.7\nDiagnostic-Code: smtp;400 4.4.7 Message delayed\nWill-Retry-Until: Tue, 1 Dec 2026 10:00:00 +0000", ""), Waiting},
		{"Gmail: unknown", dsn(failed("5.1.1", "smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try\n 550-5.1.1 double-checking the recipient's email address for typos"), ""), Hard},
		{"Gmail: over quota", dsn(failed("5.2.2", "smtp; 552-5.2.2 The email account that you tried to reach is over quota."), ""), Soft},
		{"Gmail: receives too fast", dsn(failed("5.2.1", "smtp; 550-5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages"), ""), Soft},
		{"Gmail: no such domain", dsn(failed("4.0.0", "smtp; DNS Error: DNS type 'mx' lookup of customer.example responded with code NXDOMAIN. Domain name not found: customer.example"), ""), Hard},
		{"Gmail: refuses what is not authenticated", dsn(failed("5.7.26", "smtp; 550-5.7.26 This mail has been blocked because the sender is unauthenticated."), ""), NotTheirs},
		{"a code in the status of another case, with a remark", dsn("ACTION:Failed\nstatus:5.1.1 (unknown)", ""), Hard},
		{"Sendmail: other, by its words", dsn(failed("5.3.0", "smtp; 553 5.3.0 <ann@customer.example>... User unknown"), ""), Hard},
		{"Outlook: other, and doubtful", dsn(failed("5.5.0", "smtp; 550 5.5.0 Requested action not taken: mailbox unavailable"), ""), Doubtful},
		{"a relay that has no rights", dsn(failed("5.0.0", "smtp; 550 relay not permitted"), ""), NotTheirs},
		{"a sender that is unknown", dsn(failed("5.0.0", "smtp; 550 Sender verify failed: no such user"), ""), NotTheirs},
		{"no words and no code", dsn("Action: failed\nStatus: 5.0.0", ""), Doubtful},
		{"no status", dsn("Action: failed\nDiagnostic-Code: smtp; 550 5.1.1 no such user", ""), Hard},
		{"4.0.0 without a word", dsn("Action: failed\nStatus: 4.0.0", ""), Soft},
		{"failed, and well", dsn(failed("2.0.0", "smtp; 250 ok"), ""), Unsaid},
		{"delivered", dsn("Action: delivered\nStatus: 2.0.0", ""), Delivered},
		{"relayed", dsn("Action: relayed\nStatus: 2.1.9", ""), Delivered},
		{"an action of its own", dsn("Action: vanished\nStatus: 5.1.1", ""), Unsaid},
	} {
		r := Read(strings.NewReader(c.mail))
		if r.Kind != Delivery || len(r.Recipients) != 1 {
			t.Errorf("%s: %+v", c.name, r)
		} else if got := r.Recipients[0]; got.Means != c.want {
			t.Errorf("%s: means %v, want %v: %+v", c.name, got.Means, c.want, got)
		}
	}
}

// A person or a domain may be called like a word that blames the sender.
func TestANameIsNoWord(t *testing.T) {
	mail := strings.ReplaceAll(dsn("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 relay: no such user at spam-relay.example", ""), "ann@customer.example", "relay@spam-relay.example")
	if got := Read(strings.NewReader(mail)).Recipients[0]; got.Means == NotTheirs || strings.Contains(got.Words, "relay") {
		t.Errorf("%+v", got)
	}
}

func arf(kind, original string) string {
	return strings.ReplaceAll("From: <fbl@provider.example>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=\"x y\"\n\n"+
		"--x y\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n--x y\nContent-Type: message/feedback-report\n\n"+
		"Feedback-Type: "+kind+"\nUser-Agent: SomeGenerator/1.0\nVersion: 1\nOriginal-Mail-From: <b+code@shop.example>\nOriginal-Rcpt-To: <ann@customer.example>\n\n"+
		"--x y\nContent-Type: message/rfc822\n\n"+original+"\n\n--x y--\n", "\n", "\r\n")
}

func TestAFeedbackReportIsAComplaintOrNot(t *testing.T) {
	for kind, want := range map[string]Kind{
		"abuse": Complaint, "Abuse": Complaint, "fraud": Complaint, "opt-out": Complaint,
		"not-spam": Unknown, "virus": Unknown, "auth-failure": Unknown, "other": Unknown, "": Unknown,
	} {
		r := Read(strings.NewReader(arf(kind, "Return-Path: <b+other@shop.example>\nMessage-ID: <1@shop.example>\nSubject: Tea\n\nhello")))
		if r.Kind != want || r.Feedback != strings.ToLower(kind) {
			t.Errorf("%q: %+v", kind, r)
		}
		if !slices.Equal(r.MessageIDs, []string{"1@shop.example"}) || !slices.Equal(r.Senders, []string{"b+other@shop.example", "b+code@shop.example"}) ||
			len(r.Recipients) != 1 || r.Recipients[0].Address != "ann@customer.example" {
			t.Errorf("%q: %+v", kind, r)
		}
	}
}

func TestOtherEmailIsNoReport(t *testing.T) {
	quoted := "Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\nContent-Type: message/rfc822\r\n\r\n" + dsn("Action: failed\nStatus: 5.1.1", "") + "\r\n--q--\r\n"
	for name, mail := range map[string]string{
		"nothing":                  "",
		"not an email":             "\x00\x01\x02",
		"an answer":                "Subject: Re: Tea\r\n\r\nThanks!",
		"a list's own":             "Auto-Submitted: no\r\nSubject: Tea\r\n\r\nhello",
		"a server's":               "Auto-Submitted: auto-replied\r\nFrom: <MAILER-DAEMON@mta.example>\r\nSubject: Hello\r\n\r\nhello",
		"a report in an email":     quoted,
		"a header without an end":  strings.Repeat("X: "+strings.Repeat("y", 900)+"\r\n", 100),
		"a boundary without parts": "Content-Type: multipart/report; boundary=b\r\n\r\nnothing",
	} {
		if r := Read(strings.NewReader(mail)); r.Kind != Unknown || r.Recipients != nil || r.MessageIDs != nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestWhoIsAwayAnswersByAProgram(t *testing.T) {
	for name, head := range map[string]string{
		"RFC 3834":                   "Auto-Submitted: auto-replied (vacation)\r\nSubject: Away",
		"in another case":            "AUTO-SUBMITTED: Auto-Replied\r\nSubject: Away",
		"Exchange":                   "From: Ann <ann@customer.example>\r\nX-Auto-Response-Suppress: All\r\nAuto-Submitted: auto-generated\r\nSubject: Automatic reply: Tea",
		"an autoresponder":           "X-Autoreply: yes\r\nSubject: Re: Tea",
		"one of a hosting":           "X-Autorespond: Tea\r\nPrecedence: auto_reply\r\nSubject: Re: Tea",
		"an old vacation":            "Precedence: bulk\r\nSubject: away from my mail",
		"by its subject":             "Subject: Out of Office: Tea",
		"in German":                  "Subject: =?utf-8?Q?Abwesenheitsnotiz=3A_Tee?=",
		"in French, in Latin-1":      "Subject: =?iso-8859-1?Q?R=E9ponse_automatique_=3A_Th=E9?=",
		"in Japanese":                "Subject: =?utf-8?B?6Ieq5YuV5b+c562UOiDojLY=?=",
		"with a report in its words": "Auto-Submitted: auto-replied\r\nSubject: Away",
	} {
		if r := Read(strings.NewReader(head + "\r\n\r\nI'm away. 550 5.1.1 no such user\r\n")); r.Kind != Automatic || r.Recipients != nil {
			t.Errorf("%s: %v %+v", name, r.Kind, r)
		}
	}
}

// Whatever comes, what is read of it is little.
func TestWhatIsReadIsBounded(t *testing.T) {
	group := "Final-Recipient: rfc822; a%d@customer.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; " + strings.Repeat("no ", 4000)
	var groups strings.Builder
	for i := range 200 {
		fmt.Fprintf(&groups, "\n\n"+group, i)
	}
	r := Read(strings.NewReader(dsn("Action: failed\nStatus: 5.1.1"+groups.String(), strings.Repeat("words ", 1<<16))))
	if r.Kind != Delivery || len(r.Recipients) > maxRecipients {
		t.Errorf("%v, %d recipients", r.Kind, len(r.Recipients))
	}
	for _, x := range r.Recipients {
		if len(x.said) > maxValue || len(x.Words) > 200 {
			t.Errorf("%d bytes said, %d shown", len(x.said), len(x.Words))
		}
	}
	deep := dsn("Action: failed\nStatus: 5.1.1", "")
	for i := range 10 {
		deep = fmt.Sprintf("Content-Type: multipart/mixed; boundary=d%d\r\n\r\n--d%d\r\n%s\r\n--d%d--\r\n", i, i, deep, i)
	}
	if r := Read(strings.NewReader(deep)); r.Kind != Unknown {
		t.Errorf("%d parts deep: %+v", 10, r)
	}
	many := "Content-Type: multipart/mixed; boundary=m\r\n\r\n" + strings.Repeat("--m\r\n\r\nx\r\n", 50000) + "--m--\r\n"
	if r := Read(strings.NewReader(many)); r.Kind != Unknown {
		t.Errorf("%+v", r)
	}
	endless := &zeros{}
	Read(endless)
	if endless.read > MaxBytes+64<<10 {
		t.Errorf("%d bytes were read", endless.read)
	}
}

// zeros is an email without an end.
type zeros struct{ read int }

func (z *zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "a: b\r\n"[(z.read+i)%6]
	}
	z.read += len(p)
	return len(p), nil
}

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(qmail("Sorry, no mailbox here by that name. (#5.1.1)")))
	f.Add([]byte(daemon("X-Failed-Recipients: ann@customer.example\n", "could not be delivered\n\n  ann@customer.example\n    550 5.1.1 unknown")))
	f.Add([]byte(arf("abuse", "Message-ID: <1@shop.example>\n\nhello")))
	f.Add([]byte(dsn("Action: failed\nStatus: 5.4.310\nDiagnostic-Code: smtp;550 5.4.310", "ann@customer.example: 550")))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := Read(strings.NewReader(string(b)))
		if len(r.Recipients) > maxRecipients || len(r.MessageIDs) > maxValues || len(r.Senders) > maxValues {
			t.Errorf("%+v", r)
		}
		for _, x := range r.Recipients {
			if len(x.Words) > 200 || strings.ContainsAny(x.Words, "@\r\n\x00") {
				t.Errorf("words %q", x.Words)
			}
			if r.Kind == Delivery && x.Means == Hard && x.Action != "failed" {
				t.Errorf("%+v is hard", x)
			}
		}
	})
}
