package feedback

import (
	"reflect"
	"strings"
	"testing"
)

// daemon is what a mail server writes to people only.
func daemon(head, text string) string {
	return "From: Mail Delivery System <MAILER-DAEMON@mta.example>\nSubject: Undelivered Mail Returned to Sender\n" + head + "\n" + text +
		"\n\nReturn-Path: <b+code@shop.example>\nSubject: No such user, mailbox full, blacklisted\n\n550 5.1.1 hello\n"
}

func qmail(said string) string {
	return "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n" +
		"This is a permanent error; I've given up. Sorry it didn't work out.\n\n<ann@customer.example>:\n" + said +
		"\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <b+code@shop.example>\nSubject: Mailbox full\n\n550 5.1.1 hello\n"
}

// Servers that write to people only, in forms of theirs.
func TestReportsForPeopleAreRead(t *testing.T) {
	for _, c := range []struct {
		name, mail string
		want       Meaning
	}{
		{"qmail: unknown here", qmail("Sorry, no mailbox here by that name. (#5.1.1)"), Hard},
		{"qmail: vpopmail", qmail("Sorry, no mailbox here by that name. vpopmail (#5.1.1)"), Hard},
		{"qmail: no such host", qmail("Sorry, I couldn't find any host named customer.example. (#5.1.2)"), Hard},
		{"qmail: no exchanger", qmail("Sorry, I couldn't find a mail exchanger or IP address. (#5.4.4)"), Hard},
		{"qmail: another server refused", qmail("192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 <ann@customer.example>: Recipient address rejected: User unknown\nGiving up on 192.0.2.1."), Hard},
		{"qmail: refused without a code", qmail("192.0.2.1 does not like recipient.\nRemote host said: 550 sorry, no such user\nGiving up on 192.0.2.1."), Hard},
		{"qmail: over quota", qmail("192.0.2.1 does not like recipient.\nRemote host said: 552 disk quota exceeded\nGiving up on 192.0.2.1."), Soft},
		{"qmail: over quota here", qmail("Message would exceed the user's quota. (#5.2.2)"), Soft},
		{"qmail: no connection", qmail("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to try again; this message has been in the queue too long."), Soft},
		{"qmail: too long in the queue", qmail("Connected to 192.0.2.1 but connection died. (#4.4.2)\nI'm not going to try again; this message has been in the queue too long."), Soft},
		{"qmail: our sender", qmail("Connected to 192.0.2.1 but sender was rejected.\nRemote host said: 550 5.1.1 unknown sender"), NotTheirs},
		{"qmail: the content", qmail("192.0.2.1 failed after I sent the message.\nRemote host said: 554 no such user to the filter"), NotTheirs},
		{"qmail: a policy", qmail("192.0.2.1 does not like recipient.\nRemote host said: 550 5.7.1 Service unavailable; client host blocked\nGiving up on 192.0.2.1."), NotTheirs},
		{"Yahoo", daemon("", "Sorry, we were unable to deliver your message to the following address.\n\n<ann@customer.example>:\n550: 5.1.1 <ann@customer.example>... User unknown\n\n--- Below this line is a copy of the message."), Hard},
		{"Yahoo: gave up", daemon("", "Sorry, we were unable to deliver your message to the following address.\n\n<ann@customer.example>:\nUnable to deliver message after multiple retries, giving up.\n\n--- Below this line is a copy of the message."), Soft},
		{"Exim before 4.83", daemon("X-Failed-Recipients: ann@customer.example\nAuto-Submitted: auto-replied\n",
			"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ann@customer.example\n    SMTP error from remote mail server after RCPT TO:<ann@customer.example>:\n    host mx.customer.example [192.0.2.1]: 550 5.1.1 <ann@customer.example>:\n    Recipient address rejected: User unknown\n\n------ This is a copy of the message, including all the headers. ------"), Hard},
		{"Exim before 4.83: a domain", daemon("X-Failed-Recipients: ann@customer.example\n", "The following address(es) failed:\n\n  ann@customer.example\n    Unrouteable address\n\n------ This is a copy of the message. ------"), Hard},
		{"Exim before 4.83: late", daemon("", "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mta.example.\n\n  ann@customer.example\n    Delay reason: 550 5.1.1\n\nNo action is required on your part. Delivery attempts will continue."), Waiting},
		{"Gmail before 2016", daemon("X-Failed-Recipients: ann@customer.example\n", "Delivery to the following recipient failed permanently:\n\n     ann@customer.example\n\nTechnical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the server for the recipient domain customer.example.\n\nThe error that the other server returned was:\n550 5.1.1 User Unknown\n\n----- Original message -----"), Hard},
		{"Gmail before 2016: late", daemon("", "THIS IS A WARNING MESSAGE ONLY.\n\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nDelivery to the following recipient has been delayed:\n\n     ann@customer.example\n\nMessage will be retried for 2 more day(s)"), Waiting},
		{"OpenSMTPD before 5.5", daemon("", "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nann@customer.example: 550 5.1.1 no such user\n\n    Below is a copy of the original message:"), Hard},
		{"DragonFly", "From: MAILER-DAEMON <>\nSubject: Mail delivery failed\n\nThis is the DragonFly Mail Agent v0.13 at mta.example.\n\nThere was an error delivering your mail to <ann@customer.example>.\n\nmx.customer.example [192.0.2.1] did not like our RCPT TO:\n552 5.2.2 <ann@customer.example>: Mailbox full\n\nMessage headers follow.\n\nSubject: no such user\n", Soft},
		{"Sendmail: a transcript", daemon("", "The original message was received at Thu, 5 Mar 2026 10:00:00 +0000\nfrom localhost\n\n   ----- The following addresses had permanent fatal errors -----\n<ann@customer.example>\n    (reason: 550 5.1.1 <ann@customer.example>... User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mx.customer.example.:\n>>> RCPT To:<ann@customer.example>\n<<< 550 5.1.1 <ann@customer.example>... User unknown"), Hard},
		{"Exchange 2003", "From: System Administrator <postmaster@customer.example>\nSubject: Undeliverable: Thank you\n\nYour message\n\n  To:      ann@customer.example\n  Subject: Thank you\n\ndid not reach the following recipient(s):\n\nann@customer.example on Thu, 5 Mar 2026 10:00:00 -0000\n    The e-mail account does not exist at the organization this message was sent to. Unknown recipient.\n", Hard},
		{"WorkMail: the part for programs among the words", "From: MAILER-DAEMON@eu-west-1.amazonses.example\nSubject: Delivery Status Notification (Failure)\n\nAn error occurred while trying to deliver the mail to the following recipients:\nann@customer.example\n\nTechnical report:\n\nReporting-MTA: dsn; a27-85.smtp-out.example\n\nAction: failed\nFinal-Recipient: rfc822; ann@customer.example\nDiagnostic-Code: smtp; 550 5.1.1 <ann@customer.example>... User Unknown\nStatus: 5.1.1\n", Hard},
		{"a report without its boundary", "From: MAILER-DAEMON@mta.example\nContent-Type: multipart/report; report-type=delivery-status\n\nIt could not be delivered.\n\nReporting-MTA: dns; mta.example\n\nFinal-Recipient: rfc822; ann@customer.example\nAction: failed\nStatus: 5.2.2\n\nSubject: hello\n", Soft},
		{"in German", daemon("", "Ihre Nachricht konnte nicht zugestellt werden.\n\n<ann@customer.example>: host mx.customer.example[192.0.2.1] said: 550 5.1.1 Benutzer unbekannt\n\n--- Below this line is a copy of the message."), Hard},
		{"in German, without a code", daemon("", "Ihre Nachricht konnte nicht zugestellt werden.\n\n<ann@customer.example>:\nEmpfänger unbekannt\n\n--- Below this line is a copy of the message."), Hard},
		{"in French", daemon("", "Votre message n'a pas pu être remis.\n\n<ann@customer.example>: 550 Adresse d au moins un destinataire invalide. Utilisateur inconnu\n"), Hard},
	} {
		r := Read(strings.NewReader(c.mail))
		if r.Kind != Delivery || r.Means() != c.want {
			t.Errorf("%s: %v %v, want %v: %+v", c.name, r.Kind, r.Means(), c.want, r.Recipients)
		}
		if crlf := Read(strings.NewReader(strings.ReplaceAll(c.mail, "\n", "\r\n"))); !reflect.DeepEqual(r, crlf) {
			t.Errorf("%s: with CR it is %+v", c.name, crlf)
		}
		for _, x := range r.Recipients {
			if strings.Contains(x.Words, "@") || strings.Contains(x.Words, "hello") {
				t.Errorf("%s: words %q", c.name, x.Words)
			}
		}
	}
	// What says nothing for certain is for a person, and so is what no server wrote.
	for name, mail := range map[string]string{
		"a server that gives no reason": daemon("", "Your message could not be delivered. Please call us."),
		"a list of our emails":          daemon("", "Here are your messages, as you asked."),
		"a person about a failure":      "From: Ann <ann@customer.example>\nSubject: Re: Tea\n\nYour parcel could not be delivered: 550 5.1.1 no such user\n",
		"a person, with a status":       "From: Ann <ann@customer.example>\nSubject: Re: Tea\n\nFinal-Recipient: rfc822; ann@customer.example\nAction: failed\nStatus: 5.1.1\n",
	} {
		if r := Read(strings.NewReader(mail)); r.Kind != Unknown {
			t.Errorf("%s: %v %+v", name, r.Kind, r.Recipients)
		}
	}
}

// Delivery reports as other servers write them.
func TestOtherServersReportsAreRead(t *testing.T) {
	failed := func(status, diagnostic string) string {
		return "Action: failed\nStatus: " + status + "\nDiagnostic-Code: " + diagnostic
	}
	global := strings.NewReplacer("message/delivery-status", "message/global-delivery-status", "rfc822;", "utf-8;", "ann@", "änn@").Replace(dsn(failed("5.1.1", "smtp; 550 5.1.1 unbekannt"), ""))
	encoded := strings.Replace(dsn("", ""), "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mta.example\r\n\r\nFinal-Recipient: rfc822; ann@customer.example\r\n",
		"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\nUmVwb3J0aW5nLU1UQTogZG5zOyBtdGEuZXhhbXBsZQoKRmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGFubkBjdXN0b21lci5leGFtcGxlCkFjdGlvbjogZmFpbGVkClN0YXR1czogNS4xLjEK\r\n", 1)
	for _, c := range []struct {
		name, mail string
		want       Meaning
	}{
		{"Exchange Online passes on", dsn(failed("5.0.350", "smtp;550 5.0.350 Remote server returned an error -> 550 5.1.1 user unknown"), ""), Hard},
		{"Exchange Online passes on, quoted", dsn(failed("5.0.350", "smtp;550 5.0.350 Remote server returned '552 5.2.2 mailbox full'"), ""), Soft},
		{"Exchange Online passes on a policy", dsn(failed("5.0.350", "smtp;550 5.0.350 Remote server returned an error -> 554 5.7.1 message rejected as spam"), ""), NotTheirs},
		{"Exchange Online: access denied", dsn(failed("5.4.1", "smtp;550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"), ""), Doubtful},
		{"Exchange: no reply from the domain", dsn(failed("4.4.316", "smtp;450 4.4.316 Connection refused [Message=Socket error code 10061]"), ""), Soft},
		{"Courier", dsn(failed("5.0.0", "unknown; 550 User unknown."), ""), Hard},
		{"Zimbra", dsn(failed("5.1.1", "smtp; 550 5.1.1 <ann@customer.example>: Recipient address rejected: customer.example"), ""), Hard},
		{"Domino", dsn(failed("5.1.1", "X-Notes; User ann (ann@customer.example) not listed in public Name & Address Book"), ""), Hard},
		{"Postfix: a local user", dsn(failed("5.1.1", "X-Postfix; unknown user: \"ann\""), ""), Hard},
		{"Postfix: the name server is away", dsn("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: X-Postfix; Name service error for domain customer.example: Host not found, try again", ""), Soft},
		{"Amazon SES: expired", dsn(failed("4.4.7", "smtp; 550 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.0 Unable to lookup DNS for customer.example>"), ""), Soft},
		{"Amazon SES: an invalid domain", dsn(failed("5.4.4", "smtp; 550 5.4.4 Invalid domain"), ""), Hard},
		{"a code in quotation marks", dsn(failed("5.0.0", "X-Notes; 5.1.0 - Unknown address error 550-'5.2.2 <ann@customer.example> Mailbox Full' (delivery attempts: 0)"), ""), Soft},
		{"Yandex", dsn(failed("5.7.1", "smtp; 550 5.7.1 No such user!"), ""), Hard},
		{"a policy about users", dsn(failed("5.7.1", "smtp; 550 5.7.1 relay denied: no such user"), ""), NotTheirs},
		{"an expired one of SendGrid's", dsn("Action: expired\nStatus: \nDiagnostic-Code: Connection timed out", ""), Soft},
		{"asked whether it would be taken", dsn("Action: deliverable\nStatus: 2.1.5\nDiagnostic-Code: smtp; 250 2.1.5 Ok", ""), Delivered},
		{"the reporter calls it unknown, the server calls us names", dsn(failed("5.1.1", "smtp; 550 5.7.1 IP address blacklisted by recipient"), ""), NotTheirs},
		{"the reporter calls it unknown, the server full", dsn(failed("5.1.1", "smtp; 552 5.2.2 Over quota"), ""), Soft},
		{"the reporter calls it unknown, the words full", dsn(failed("5.1.1", "smtp; 552 sorry, that mailbox is over quota"), ""), Soft},
		{"the reporter calls it malformed, the words name a list", dsn(failed("5.1.3", "smtp; 553 http://www.spamhaus.org/query/bl?ip=192.0.2.2"), ""), NotTheirs},
		{"unknown in a table of relays", dsn(failed("5.1.1", "smtp; 550 5.1.1 <ann@customer.example>: Recipient address rejected: User unknown in relay recipient table"), ""), Hard},
		{"nobody is named", strings.Replace(dsn(failed("5.1.1", "smtp; 550 5.1.1 unknown"), ""), "Final-Recipient: rfc822; ann@customer.example\r\n", "", 1), Hard},
		{"only as it was written first", strings.Replace(dsn(failed("5.1.1", "smtp; 550 5.1.1 unknown"), ""), "Final-Recipient", "Original-Recipient", 1), Hard},
		{"in UTF-8", global, Hard},
		{"encoded in base64", encoded, Hard},
		{"folded", dsn("Action: failed\nStatus:\n 5.1.1\nDiagnostic-Code: smtp;\n\t550-5.1.1 no\n   550 5.1.1 such user", ""), Hard},
		{"an HTML page next to it", strings.Replace(dsn(failed("5.1.1", "smtp; 550 5.1.1 unknown"), ""), "Content-Type: text/plain", "Content-Type: text/html", 1), Hard},
	} {
		r := Read(strings.NewReader(c.mail))
		if r.Kind != Delivery || len(r.Recipients) != 1 || r.Means() != c.want {
			t.Errorf("%s: %v %v, want %v: %+v", c.name, r.Kind, r.Means(), c.want, r.Recipients)
		}
		if unix := Read(strings.NewReader(strings.ReplaceAll(c.mail, "\r\n", "\n"))); !reflect.DeepEqual(r, unix) {
			t.Errorf("%s: without CR it is %+v", c.name, unix)
		}
	}
}

// An email that was forwarded to several has several recipients. It arrived if one of
// them got it.
func TestOfSeveralRecipientsTheBestCounts(t *testing.T) {
	two := func(first, second string) string {
		return dsn("Action: failed\nStatus: "+first+"\n\nFinal-Recipient: rfc822; bea@customer.example\nAction: failed\nStatus: "+second, "")
	}
	for _, c := range []struct {
		mail string
		want Meaning
	}{
		{two("5.1.1", "5.1.1"), Hard},
		{two("5.1.1", "5.2.2"), Soft},
		{two("5.2.2", "5.1.1"), Soft},
		{strings.Replace(two("5.1.1", "2.0.0"), "Action: failed\r\nStatus: 2", "Action: delivered\r\nStatus: 2", 1), Delivered},
		{qmail("Sorry, no mailbox here by that name. (#5.1.1)\n\n<bea@customer.example>:\nMessage would exceed the user's quota. (#5.2.2)"), Soft},
	} {
		if r := Read(strings.NewReader(c.mail)); len(r.Recipients) != 2 || r.Means() != c.want {
			t.Errorf("%v, want %v: %+v", r.Means(), c.want, r.Recipients)
		}
	}
}
