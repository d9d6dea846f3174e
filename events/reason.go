package events

import "fmt"

// A Reason says in one word why an event was rejected, or what a warning is
// about. It is the last token of the subject rejected.<store>.<reason> and a
// metric label, so there are few.
type Reason string

// The reasons of a rejection.
const (
	// ReasonBadSubject: the subject is not storefront.<store>.<entity>.<action>.
	ReasonBadSubject Reason = "bad_subject"
	// ReasonUnknownStore: no store of that name is configured.
	ReasonUnknownStore Reason = "unknown_store"
	// ReasonUnknownType: no event type of that name may be published.
	ReasonUnknownType Reason = "unknown_type"
	// ReasonTypeMismatch: the envelope's type is not the subject's.
	ReasonTypeMismatch Reason = "type_mismatch"
	// ReasonNotJSON: the body is not one JSON document.
	ReasonNotJSON Reason = "not_json"
	// ReasonInvalidUTF8: the body or a header is not valid UTF-8.
	ReasonInvalidUTF8 Reason = "invalid_utf8"
	// ReasonTooLarge: the body is larger than MaxSize.
	ReasonTooLarge Reason = "too_large"
	// ReasonTooDeep: the body is nested deeper than MaxDepth.
	ReasonTooDeep Reason = "too_deep"
	// ReasonTooManyItems: a list is longer than MaxItems, or MaxCoupons.
	ReasonTooManyItems Reason = "too_many_items"
	// ReasonMissingField: a required field is absent, null or blank.
	ReasonMissingField Reason = "missing_field"
	// ReasonOversizedField: an identifier is longer than MaxID characters.
	ReasonOversizedField Reason = "oversized_field"
	// ReasonWrongKind: a field has another JSON type than it should.
	ReasonWrongKind Reason = "wrong_kind"
	// ReasonBadAddress: an email address cannot be used.
	ReasonBadAddress Reason = "bad_address"
	// ReasonBadMoney: an amount or its currency cannot be read.
	ReasonBadMoney Reason = "bad_money"
	// ReasonBadQuantity: a quantity is below 1 or absurdly high.
	ReasonBadQuantity Reason = "bad_quantity"
	// ReasonBadTime: a time is not RFC 3339 or lies outside of its range.
	ReasonBadTime Reason = "bad_time"
	// ReasonBadValue: another field holds a value that it cannot have.
	ReasonBadValue Reason = "bad_value"
	// ReasonUnknownReport: what came back to the return path of an email cannot be read.
	ReasonUnknownReport Reason = "unknown_report"
	// ReasonUnreadableWebhook: a webhook is signed as it should be, and is not what its topic
	// says that it is.
	ReasonUnreadableWebhook Reason = "unreadable_webhook"
	// ReasonPrivacyRequest: a shop's system asks for something about somebody's data that a
	// person has to do.
	ReasonPrivacyRequest Reason = "privacy_request"
)

// The reasons of a warning.
const (
	// WarnDroppedURL: a link or the address of a picture cannot be used.
	WarnDroppedURL Reason = "dropped_url"
	// WarnDroppedValue: a name, a time zone, a language, a country, a birthday, a
	// number of days or a reference to something else cannot be what it says.
	WarnDroppedValue Reason = "dropped_value"
	// WarnQuantityRounded: a quantity with decimals was rounded up to whole pieces.
	WarnQuantityRounded Reason = "quantity_rounded"
	// WarnTotalMismatch: what is given of an order does not add up to its total.
	WarnTotalMismatch Reason = "total_mismatch"
	// WarnUnknownField: a field that there is not has nearly the name of one that there
	// is.
	WarnUnknownField Reason = "unknown_field"
	// WarnUnknownOrder: something is told of an order to a customer who did not place it.
	// Decode does not know: intake, which does, adds it.
	WarnUnknownOrder Reason = "unknown_order"
	// WarnLinkHost: a link leads to a host that the store does not link to. Decode
	// does not know the store: intake, which does, adds it.
	WarnLinkHost Reason = "link_host"
)

// WarningReasons returns every Reason of a warning.
func WarningReasons() []Reason {
	return []Reason{WarnDroppedURL, WarnDroppedValue, WarnQuantityRounded, WarnTotalMismatch, WarnUnknownField, WarnUnknownOrder, WarnLinkHost}
}

// Reasons returns every Reason of a rejection.
func Reasons() []Reason {
	return []Reason{
		ReasonBadSubject, ReasonUnknownStore, ReasonUnknownType, ReasonTypeMismatch,
		ReasonNotJSON, ReasonInvalidUTF8, ReasonTooLarge, ReasonTooDeep, ReasonTooManyItems,
		ReasonMissingField, ReasonOversizedField, ReasonWrongKind, ReasonBadAddress,
		ReasonBadMoney, ReasonBadQuantity, ReasonBadTime, ReasonBadValue, ReasonUnknownReport, ReasonUnreadableWebhook, ReasonPrivacyRequest,
	}
}

// An Error says why an event cannot be used, to the developer who sent it: the first
// thing that is wrong with it, and what else is. It fits in one line and never holds
// an email address.
type Error struct {
	Reason Reason
	Field  string // path inside data ("order.items[2].quantity"), an attribute of the envelope, or ""
	Detail string // what is wrong and what would be right

	Others []*Error // what else is wrong, as far as it is listed
	More   int      // how much more is
}

func errorf(reason Reason, field, format string, args ...any) *Error {
	return &Error{Reason: reason, Field: field, Detail: fmt.Sprintf(format, args...)}
}
