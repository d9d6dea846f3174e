package events

import (
	"bytes"
	"math/bits"
	"reflect"
	"time"
	"unsafe"
)

// payload reads the data of an event of type t, which is known.
func (r *reader) payload(t Type) Data {
	row := rowOf[t]
	if r.peek() == '"' && !r.inside {
		return r.inString(t)
	}
	d, p := row.make()
	if r.peek() != '{' {
		if r.peek() == '[' {
			r.failAsData(r.describe() + " is not an object; publish each event as a message of its own")
			return d
		}
		r.failAsData(r.describe() + " is not an object")
		return d
	}
	r.base = r.depth
	r.fields(row.shape, p)
	return d
}

// fields reads an object into the struct at p, which has the shape s.
func (r *reader) fields(s *shape, p unsafe.Pointer) {
	var got uint32
	var like *likenesses // which hardly any object has
	next, faulty := 0, r.faults.count()
	if !r.object() {
		return
	}
	for r.field() {
		i := next // mostly: as Encode and the docs have them
		if i >= len(s.fields) || s.fields[i].name != string(r.name) {
			if i = s.find(r.name); i < 0 {
				if !r.trusted {
					like = s.resemble(like, r.name)
				}
				r.skip()
				continue
			}
		}
		f := &s.fields[i]
		next = i + 1
		if got&(1<<i) != 0 {
			r.again(f, unsafe.Add(p, f.offset))
		}
		if some := r.value(f, unsafe.Add(p, f.offset)); some || f.given || r.faults != nil && r.err == nil && r.faults.within(r.where()) {
			got |= 1 << i
		} else {
			got &^= 1 << i
		}
	}
	if r.trusted || r.err != nil {
		return
	}
	if like != nil {
		r.unknown(s, like, got)
	}
	if missing := s.required &^ got; missing != 0 {
		for ; missing != 0; missing &= missing - 1 {
			r.lacks(s, bits.TrailingZeros32(missing), like)
		}
	} else if r.faults.count() != faulty { // what they say together is not known
	} else if s.check != nil {
		if name, reason, problem := s.check(p); problem != "" {
			r.failAt(name, reason, "%s", problem)
		}
	} else if s.doubt != nil && !r.rounded {
		if name, reason, problem := s.doubt(p); problem != "" {
			r.warnAt(name, reason, "%s", problem)
		}
	}
}

// again is called for a field that was read before: the last one counts, and
// alone, unless there may be only one.
func (r *reader) again(f *field, p unsafe.Pointer) {
	if f.once && !r.trusted {
		r.fail(ReasonBadValue, "given twice")
	} else if f.kind == isObject {
		reflect.NewAt(f.shape.typ, p).Elem().SetZero()
	}
}

// value reads a field into p, and reports whether it is more than empty.
func (r *reader) value(f *field, p unsafe.Pointer) bool {
	switch {
	case f.kind == textCustomerID:
		s := r.customerID()
		*(*string)(p) = s
		return s != ""
	case f.kind <= textReference:
		s := r.id()
		if s != "" && inDoubt(s) {
			s = r.judgeID(s, f.kind)
		}
		*(*string)(p) = s
		return s != ""
	case f.kind < wholeAny:
		s := r.textOf(f.kind)
		*(*string)(p) = s
		return s != ""
	case f.kind < isMoney:
		n := r.wholeOf(f.kind)
		*(*int)(p) = n
		return n != 0
	}
	switch f.kind {
	case isMoney:
		r.money((*Money)(p))
		return !(*Money)(p).IsZero()
	case isTime:
		*(**time.Time)(p) = r.moment()
	case isUntil:
		*(**time.Time)(p) = r.until()
	case isBool:
		*(*bool)(p) = *r.boolean()
	case isMaybe:
		*(**bool)(p) = r.boolean()
	case isIDs:
		return r.ids((*[]string)(p))
	case isConsent:
		c := new(Consent)
		*(**Consent)(p) = c
		r.fields(f.shape, unsafe.Pointer(c))
	case isAtMost:
		a := new(AtMost)
		*(**AtMost)(p) = a
		r.fields(f.shape, unsafe.Pointer(a))
	case isKinds:
		return r.kinds((*map[string]bool)(p))
	case isScore:
		n := r.between(0, maxScore)
		*(**int)(p) = &n
	case isItems:
		return list[Item](r, f.shape, p, 2) // one is the price's
	case isChangedItems:
		return list[ChangedItem](r, f.shape, p, 1)
	default:
		r.fields(f.shape, p)
	}
	return true
}

func (r *reader) textOf(k kind) string {
	switch k {
	case textName:
		return r.text(maxName)
	case textProductName:
		return r.text(maxProductName)
	case textURL:
		return r.hint(webURL, WarnDroppedURL, `an address of the web that can be used, like "https://shop.example/p/1"`)
	case textTimeZone:
		return r.hint(timeZone, WarnDroppedValue, `a time zone, like "Europe/London"`)
	case textLocale:
		return r.hint(locale, WarnDroppedValue, `a language, like "en-GB"`)
	case textCountry:
		return r.hint(country, WarnDroppedValue, `a country, like "GB"`)
	case textEmail:
		return r.address()
	case textBirthday:
		return r.birthday()
	case textScope:
		return r.scope()
	case textConsent:
		return r.one(Subscribed, ConsentRequested, Unsubscribed, ConsentUnknown)
	case textWindow:
		return r.window()
	case textAnswer:
		return r.one(AnswerScale, AnswerChoice, AnswerText)
	case textScale:
		return r.one(CSAT, NPS)
	case textProse:
		return r.text(MaxAnswerText)
	case textSecureURL:
		return r.hint(secureURL, WarnDroppedURL, `an address of the web that can be used and begins with https, like "https://shop.example/subscriptions/1"`)
	case textInterval:
		return r.one(EveryDay, EveryWeek, EveryMonth, EveryYear)
	case textCancellation:
		return r.one(CancelReasons()...)
	}
	return ""
}

func (r *reader) wholeOf(k kind) int {
	switch k {
	case wholeQuantity:
		return r.quantity(leaveTheLineOut)
	case wholeChangedQuantity:
		return r.quantity(sayWhatChanged)
	case wholeSupplyDays:
		return r.supplyDays()
	case wholeRating:
		return r.between(1, 5)
	case wholeYear:
		return r.between(1970, 9999)
	case wholeLimit:
		return r.between(1, maxLimit)
	case wholeIntervalCount:
		return r.between(1, maxIntervalCount)
	case wholePoints:
		return r.between(-maxPoints, maxPoints)
	}
	return r.whole()
}

func (r *reader) ids(to *[]string) bool {
	*to = nil
	for ok := r.list(); ok && r.element(MaxCoupons); {
		*to = append(*to, r.id())
	}
	return len(*to) > 0
}

// Room is made at first for so many lines at most, by what opens in so much of the
// document.
const (
	manyLines = 32
	lookAhead = 8 << 10
)

// list reads a list of objects of the shape s into the []T at p. Each has a number
// of braces, mostly.
func list[T any](r *reader, s *shape, p unsafe.Pointer, braces int) bool {
	var out []T
	for ok := r.list(); ok && r.element(MaxItems); {
		if out == nil {
			opening := bytes.Count(r.data[r.pos:min(len(r.data), r.pos+lookAhead)], []byte{'{'})
			out = make([]T, 0, min(max(1, opening/braces), manyLines))
		}
		if n := len(out); n < cap(out) {
			out = out[:n+1] // which was never written to
		} else {
			out = append(out, *new(T))
		}
		r.fields(s, unsafe.Pointer(&out[len(out)-1]))
	}
	*(*[]T)(p) = out
	return len(out) > 0
}
