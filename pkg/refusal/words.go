package refusal

import (
	"slices"
	"strings"
)

// What a relay means that gives no enhanced code, by words of its refusal of a
// recipient. The words are those of Exim, OpenSMTPD, Haraka, nodemailer's smtp-server,
// Courier, qmail and the large mailbox providers.
var (
	// ofSender says that it is not the recipient who is refused. It is looked for first:
	// "Sender verify failed: no such user" is about us, and nobody is suppressed by
	// a doubt.
	ofSender = []string{
		"relay", "not permitted", "not allowed", "authenti", "authoris", "authoriz", "sender", "denied", "log in", "login",
		"policy", "spam", "spf", "dkim", "dmarc", "blocked", "your domain", "blacklist", "blocklist", "block list", "black list", "listed", "reputation",
		"banned", "prohibit", "helo", "reverse dns", "rdns", "ptr record", "client host", "your host", "your ip", "mail from", "tls",
	}
	ofRate    = []string{"rate", "quickly", "too fast", "too many", "too much"}
	ofFull    = []string{"quota", "full", "storage", "exceeded"}
	ofTime    = []string{"try again", "temporar", "too many", "too fast", "too much", "quickly", "rate limit", "later"}
	ofUnknown = []string{
		"unrouteable address", "unroutable address", "no such user", "no such recipient", "no such mailbox", "no such address", "no such account",
		"no such person", "no such local user", "user unknown", "unknown user", "unknown recipient", "recipient unknown", "unknown mailbox", "mailbox unknown",
		"unknown address", "address unknown", "unknown local part", "unknown account", "account unknown", "user not found", "recipient not found", "mailbox not found",
		"address not found", "account not found", "does not exist", "doesn't exist", "not exist", "no mailbox", "no user", "not a valid mailbox", "not a known user",
		"user doesn't have", "user does not have", "no longer exists", "no account", "not our customer",
		"mailbox disabled", "mailbox is disabled", "account disabled", "account is disabled", "account has been disabled", "user disabled", "deactivated",
		"benutzer unbekannt", "unbekannter benutzer", "empfänger unbekannt", "unbekannter empfänger", "utilisateur inconnu", "destinataire inconnu", "adresse inconnue",
		"usuario desconocido", "usuario no existe", "destinatario desconocido", "utente sconosciuto", "utente inesistente", "usuário desconhecido", "gebruiker onbekend",
		"okänd mottagare", "ukendt bruger", "ukjent bruker", "nieznany użytkownik", "neznámý uživatel", "пользователь не найден", "用户不存在", "宛先不明",
	}
)

// byWords judges a refusal of a recipient that has no enhanced code. Words that may
// mean a recipient or a rule leave it in doubt: OpenSMTPD's "Invalid recipient" is
// what it says to a client it does not know, too.
//
// shown is without the local part of the recipient, said is with it. People are called
// "user", "full" and "sender": a word that is only in said may be theirs, and is enough
// for everything but to blame the sender.
func byWords(code int, shown, said string) Meaning {
	switch {
	case says(shown, ofSender):
		return SenderAtFault
	case says(said, ofSender): // or the recipient is called so
		return Doubtful
	case says(said, ofUnknown):
		return BadAddress
	case code == 552, says(said, ofFull), says(said, ofTime):
		return Later // over quota (RFC 5321, section 4.2.3), or too much at a time
	}
	return Doubtful
}

// says reports whether a reply has one of the words.
func says(reply string, words []string) bool {
	reply = strings.ToLower(reply)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(reply, w) })
}
