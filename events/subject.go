package events

import "strings"

// The first token of the subjects storefronts publish on.
const subjectRoot = "storefront"

// maxStore is the longest name of a store.
const maxStore = 63

// Subject returns the subject an event of this type and store is published on:
// "storefront.main.order.placed".
func Subject(store string, t Type) string {
	return subjectRoot + "." + store + "." + string(t)
}

// MessageID returns the Nats-Msg-Id an event is best published with, by which the stream
// tells a copy: all that makes an event the same, as its id alone may also be that of
// another store, type or source. What is brought over (historical) is not the same as what
// happens now, which leads to email.
func MessageID(e Event) string {
	id := e.Store + " " + string(e.Type) + " " + e.Source + " " + e.ID
	if e.Historical {
		id += " historical"
	}
	return id
}

// ParseSubject takes a subject apart. It checks its shape and the pattern of
// the store's name, not whether the type is known; its error is an *Error.
func ParseSubject(subject string) (store string, t Type, err error) {
	rest, ok := strings.CutPrefix(subject, subjectRoot+".")
	if !ok {
		return "", "", badSubject(subject)
	}
	store, name, ok := strings.Cut(rest, ".")
	if !ok || !validStore(store) {
		return "", "", badSubject(subject)
	}
	entity, action, ok := strings.Cut(name, ".")
	if !ok || !validToken(entity) || !validToken(action) {
		return "", "", badSubject(subject)
	}
	return store, Type(name), nil
}

func badSubject(subject string) *Error {
	return &Error{Reason: ReasonBadSubject, Detail: "subject " + quote(subject) +
		" is not storefront.<store>.<entity>.<action> with a store of a-z, 0-9 and -"}
}

// validStore reports whether s matches [a-z0-9][a-z0-9-]{0,62}.
func validStore(s string) bool {
	if s == "" || len(s) > maxStore || s[0] == '-' {
		return false
	}
	return slug(s)
}

// slug reports whether s is made of a-z, 0-9 and - alone.
func slug(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// validToken reports whether s can be half of a type: a-z, 0-9, _ and -.
func validToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}
