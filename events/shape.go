package events

import (
	"reflect"
	"strings"
	"time"
	"unsafe"
)

// A shape is how a struct is written in JSON: its fields, in their order. It is
// made once from the struct's tags, so that reader, encoder and schemas agree.
// The tag json names a field. The tag rule, "<kind>,<option>…", says what else
// there is to know; the kind may be left out where it follows from the
// Go type. The options:
//
//   - required: it must be there and not be empty;
//   - given: it must be there, and is written even when it is empty;
//   - once: it may not be there twice;
//   - rare: it and the fields after it are mostly left out.
//
// An embedded struct with a name of its own, the customer, is required and may
// be there once; one without is part of the struct around it.
type shape struct {
	typ      reflect.Type
	fields   []field
	links    []int          // fields that are links, or have links in them
	required uint32         // bit i: fields[i] must be there
	rare     int            // the first of the fields that are mostly left out
	rest     uintptr        // where that field is
	length   uintptr        // from there to the end of the struct; 0: no field is rare
	items    uintptr        // where its items are, for an estimate of its length; 0: it has none
	alike    map[string]int // the fields by what resembles their names; see resemble
	check    judge          // of more than one field; nil: none
	doubt    judge          // what to warn of in more than one field; nil: nothing
}

// A judge says what is wrong with the struct at a pointer, if anything is.
type judge func(unsafe.Pointer) (field string, r Reason, problem string)

type field struct {
	name   string
	plain  string // the name in one word
	key    string // `,"name":`
	offset uintptr
	kind   kind
	given  bool
	once   bool
	always bool   // it is written even when it is empty
	shape  *shape // of an object, or of each element of a list
}

// A kind says by which rules a field is read, and how it is kept.
type kind uint8

const (
	textID kind = iota
	textCustomerID
	textOwnID     // of what the event is about
	textProductID // of a line
	textReference // to something that need not be there
	textName
	textProductName
	textURL
	textTimeZone
	textLocale
	textCountry
	textEmail
	textBirthday
	textScope
	textConsent
	textWindow
	textAnswer
	textScale
	textProse
	textSecureURL
	textInterval
	textCancellation
	wholeAny // from here on: int
	wholeQuantity
	wholeChangedQuantity
	wholeSupplyDays
	wholeRating
	wholeYear
	wholeLimit
	wholeIntervalCount
	wholePoints
	isMoney // from here on: each of its own type
	isTime
	isUntil
	isBool
	isMaybe
	isIDs
	isReference
	isObject
	isConsent
	isAtMost
	isKinds
	isScore
	isItems
	isChangedItems
)

// kinds has the word for a kind in the tag rule, and its Go type. An object has
// none: any struct is one.
var kinds = map[kind]struct {
	word string
	typ  reflect.Type
}{
	textID:               {"", reflect.TypeFor[string]()},
	textCustomerID:       {"customer_id", reflect.TypeFor[string]()},
	textOwnID:            {"own_id", reflect.TypeFor[string]()},
	textProductID:        {"product_id", reflect.TypeFor[string]()},
	textReference:        {"reference", reflect.TypeFor[string]()},
	textName:             {"name", reflect.TypeFor[string]()},
	textProductName:      {"product_name", reflect.TypeFor[string]()},
	textURL:              {"url", reflect.TypeFor[string]()},
	textTimeZone:         {"time_zone", reflect.TypeFor[string]()},
	textLocale:           {"locale", reflect.TypeFor[string]()},
	textCountry:          {"country", reflect.TypeFor[string]()},
	textEmail:            {"email", reflect.TypeFor[string]()},
	textBirthday:         {"birthday", reflect.TypeFor[string]()},
	textScope:            {"scope", reflect.TypeFor[string]()},
	textConsent:          {"consent_word", reflect.TypeFor[string]()},
	textWindow:           {"window", reflect.TypeFor[string]()},
	textAnswer:           {"answer", reflect.TypeFor[string]()},
	textScale:            {"scale", reflect.TypeFor[string]()},
	textProse:            {"prose", reflect.TypeFor[string]()},
	textSecureURL:        {"https", reflect.TypeFor[string]()},
	textInterval:         {"interval", reflect.TypeFor[string]()},
	textCancellation:     {"cancellation", reflect.TypeFor[string]()},
	wholeAny:             {"", reflect.TypeFor[int]()},
	wholeQuantity:        {"quantity", reflect.TypeFor[int]()},
	wholeChangedQuantity: {"changed_quantity", reflect.TypeFor[int]()},
	wholeSupplyDays:      {"supply_days", reflect.TypeFor[int]()},
	wholeRating:          {"rating", reflect.TypeFor[int]()},
	wholeYear:            {"year", reflect.TypeFor[int]()},
	wholeLimit:           {"limit", reflect.TypeFor[int]()},
	wholeIntervalCount:   {"interval_count", reflect.TypeFor[int]()},
	wholePoints:          {"points", reflect.TypeFor[int]()},
	isMoney:              {"", reflect.TypeFor[Money]()},
	isTime:               {"", reflect.TypeFor[*time.Time]()},
	isUntil:              {"until", reflect.TypeFor[*time.Time]()},
	isBool:               {"", reflect.TypeFor[bool]()},
	isMaybe:              {"", reflect.TypeFor[*bool]()},
	isIDs:                {"", reflect.TypeFor[[]string]()},
	isReference:          {"", reflect.TypeFor[Reference]()},
	isConsent:            {"", reflect.TypeFor[*Consent]()},
	isAtMost:             {"", reflect.TypeFor[*AtMost]()},
	isKinds:              {"kinds", reflect.TypeFor[map[string]bool]()},
	isScore:              {"score", reflect.TypeFor[*int]()},
	isItems:              {"", reflect.TypeFor[[]Item]()},
	isChangedItems:       {"", reflect.TypeFor[[]ChangedItem]()},
}

// kindOf returns the kind of a field. What is wrong with a tag is found at the
// start of the program: the reader relies on kind and Go type being one.
func kindOf(word string, typ reflect.Type) kind {
	for k, x := range kinds {
		if x.word == word && x.typ == typ {
			return k
		}
	}
	if word != "" || typ.Kind() != reflect.Struct {
		panic("no field of an event is of type " + typ.String() + " with the rule " + word)
	}
	return isObject
}

// checks are the rules about more than one field of an object.
var checks = map[reflect.Type]judge{
	reflect.TypeFor[Customer](): func(p unsafe.Pointer) (string, Reason, string) {
		if c := (*Customer)(p); c.ID == "" && c.Email == "" {
			return "", ReasonMissingField, "neither id nor email; one of them is needed"
		}
		return "", "", ""
	},
	reflect.TypeFor[CustomerMerged](): func(p unsafe.Pointer) (string, Reason, string) {
		if d := (*CustomerMerged)(p); d.From == d.ID {
			return "from", ReasonBadValue, "a customer cannot be merged with themselves"
		}
		return "", "", ""
	},
	reflect.TypeFor[CustomerAnswered]():     func(p unsafe.Pointer) (string, Reason, string) { return (*CustomerAnswered)(p).says() },
	reflect.TypeFor[Subscription]():         func(p unsafe.Pointer) (string, Reason, string) { return (*Subscription)(p).counts() },
	reflect.TypeFor[SubscriptionRenewing](): func(p unsafe.Pointer) (string, Reason, string) { return (*SubscriptionRenewing)(p).ahead() },
	reflect.TypeFor[Referral](): func(p unsafe.Pointer) (string, Reason, string) {
		if r := (*Referral)(p); r.Code == "" && r.Referrer == "" {
			return "code", ReasonMissingField, "missing; send the code that the friend used, or the id of the customer who recommended the shop as referrer"
		}
		return "", "", ""
	},
	reflect.TypeFor[AtMost](): func(p unsafe.Pointer) (string, Reason, string) {
		switch a := (*AtMost)(p); {
		case a.Limit == 0 && a.Window != "":
			return "limit", ReasonMissingField, "missing; to lift the cap, send at_most: {}"
		case a.Limit != 0 && a.Window == "":
			return "window", ReasonMissingField, `missing; write for example "7d"`
		}
		return "", "", ""
	},
}

// doubts warn of what more than one field of an object says.
var doubts = map[reflect.Type]judge{
	reflect.TypeFor[Order](): func(p unsafe.Pointer) (string, Reason, string) { return (*Order)(p).addUp() },
}

// shapeOf makes the shape of a struct.
func shapeOf(typ reflect.Type) *shape {
	s := &shape{typ: typ, check: checks[typ], doubt: doubts[typ]}
	s.add(typ, 0)
	s.alike = s.resembling()
	return s
}

func (s *shape) add(typ reflect.Type, at uintptr) {
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			s.add(f.Type, at+f.Offset)
			continue
		}
		word, options, _ := strings.Cut(f.Tag.Get("rule"), ",")
		k := kindOf(word, f.Type)
		x := field{name: name, plain: strings.ReplaceAll(name, "_", ""), key: `,"` + name + `":`, offset: at + f.Offset, kind: k,
			given: strings.Contains(options, "given"), once: f.Anonymous || strings.Contains(options, "once")}
		anyone := strings.Contains(options, "anyone")
		required := x.given || f.Anonymous && !anyone || strings.Contains(options, "required")
		x.always = k == isObject || x.given || required && k >= isIDs
		switch k {
		case isObject:
			if x.shape = shapeOf(f.Type); anyone {
				x.shape.check = nil
			}
			if x.shape.items != 0 {
				s.items = x.offset + x.shape.items
			}
		case isReference:
			x.shape = shapeOf(f.Type)
		case isConsent, isAtMost, isItems, isChangedItems:
			x.shape = shapeOf(f.Type.Elem())
		}
		if k == isItems {
			s.items = x.offset
		}
		if required {
			s.required |= 1 << len(s.fields)
		}
		if x.leads() {
			s.links = append(s.links, len(s.fields))
		}
		if strings.Contains(options, "rare") {
			s.rare, s.rest, s.length = len(s.fields), x.offset, s.typ.Size()-x.offset
		}
		s.fields = append(s.fields, x)
	}
}

// find returns which field has that name; -1: none.
func (s *shape) find(name []byte) int {
	for i := range s.fields {
		if s.fields[i].name == string(name) {
			return i
		}
	}
	return -1
}

// public returns the fields as the docs and commands see them.
func (s *shape) public() []Field {
	out := make([]Field, len(s.fields))
	for i, f := range s.fields {
		out[i] = Field{Name: f.name, Required: s.required&(1<<i) != 0, List: f.kind == isIDs || f.kind == isItems || f.kind == isChangedItems}
		if f.shape != nil {
			out[i].Fields = f.shape.public()
		}
	}
	return out
}
