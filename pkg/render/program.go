package render

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"time"

	"homing/events"
)

// A program is a template compiled to closures. html/template parses and
// escapes; this only replaces text/template's interpreter, which looks every
// field and function up by reflection each time and took about four times as long. Load
// executes both on all samples and refuses a template on which they differ.
type program struct {
	run   step
	slots int // variables, $ included
	cost  int // nodes executed if every loop ran over maxItems items
}

// A step writes part of an email.
type step func(e *env) signal

// An expr yields a value.
type expr func(e *env) value

// A signal says how a step ended.
type signal int

const (
	goOn signal = iota
	breakLoop
	continueLoop
	stop // e.err says why
)

// A kind is the type of a value.
type kind uint8

const (
	nothing kind = iota
	text
	whole   // int
	truth   // bool
	amount  // events.Money
	moment  // time.Time
	list    // slice
	pointer // to a record
	record  // struct
	markup  // text that is HTML already
)

// A value is what an expression yields; which field holds it depends on kind.
type value struct {
	kind kind
	text string // text, markup; currency of an amount
	num  int64  // whole, truth; minor units of an amount
	ref  reflect.Value
}

// An env is the state of one execution.
type env struct {
	out  bytes.Buffer
	loc  *locale
	look *Look
	vars []value // a frame for each template being executed
	base int     // of the current frame
	args []value // of the calls being made
	dot  value
	err  error
}

var (
	errMissing = errors.New("a value is missing that the template relies on")
	errTooDeep = errors.New("partials call each other too deeply")
)

// maxVars is far more than maxCost lets an email use at a time.
const maxVars = 10_000

// exec runs p over data and leaves the output in e.out.
func (e *env) exec(p *program, l *locale, data *Data) error {
	e.out.Reset()
	e.loc, e.err = l, nil
	e.vars, e.args, e.base = e.vars[:0], e.args[:0], 0
	e.call(p, valueOf(reflect.ValueOf(data).Elem(), record))
	return e.err
}

// forget drops what points to a customer's data.
func (e *env) forget() {
	e.dot = value{}
	clear(e.vars[:cap(e.vars)])
	clear(e.args[:cap(e.args)])
}

// call runs a template with a dot and variables of its own.
func (e *env) call(p *program, dot value) signal {
	if len(e.vars) > maxVars {
		return e.fail(errTooDeep)
	}
	base, outer := e.base, e.dot
	e.base = len(e.vars)
	for range p.slots {
		e.vars = append(e.vars, value{})
	}
	e.vars[e.base], e.dot = dot, dot
	sig := p.run(e)
	e.vars = e.vars[:e.base]
	e.base, e.dot = base, outer
	return sig
}

func (e *env) fail(err error) signal {
	if e.err == nil {
		e.err = err
	}
	return stop
}

// room says whether the output may grow by n bytes.
func (e *env) room(n int) bool { return e.out.Len()+n <= maxOutput }

// valueOf wraps what a field of Data holds, which is of kind k.
func valueOf(v reflect.Value, k kind) value {
	switch k {
	case text:
		return value{kind: text, text: v.String()}
	case whole:
		return value{kind: whole, num: v.Int()}
	case truth:
		return boolean(v.Bool())
	case amount:
		m := v.Addr().Interface().(*events.Money)
		return value{kind: amount, num: m.Minor, text: m.Currency}
	}
	return value{kind: k, ref: v}
}

func kindOf(t reflect.Type) kind {
	switch {
	case t == typeMoney:
		return amount
	case t == typeTime:
		return moment
	}
	switch t.Kind() {
	case reflect.String:
		return text
	case reflect.Int:
		return whole
	case reflect.Bool:
		return truth
	case reflect.Slice:
		return list
	case reflect.Pointer:
		return pointer
	}
	return record
}

func boolean(b bool) value {
	if b {
		return value{kind: truth, num: 1}
	}
	return value{kind: truth}
}

// field is the i-th field, of kind k, of a record or of what a pointer points to.
func (e *env) field(v value, i int, k kind) value {
	if v.kind == pointer {
		if v.ref.IsNil() {
			e.fail(errMissing)
			return value{}
		}
		v.ref = v.ref.Elem()
	}
	if !v.ref.IsValid() {
		e.fail(errMissing)
		return value{}
	}
	return valueOf(v.ref.Field(i), k)
}

// isTrue is what if and with test.
func (v *value) isTrue() bool {
	switch v.kind {
	case text, markup:
		return v.text != ""
	case whole, truth:
		return v.num != 0
	case list:
		return v.ref.Len() > 0
	case pointer:
		return !v.ref.IsNil()
	case record, amount, moment:
		return true
	}
	return false
}

// str is how a value prints.
func (v *value) str() string {
	switch v.kind {
	case text, markup:
		return v.text
	case whole:
		return strconv.FormatInt(v.num, 10)
	case truth:
		return strconv.FormatBool(v.num != 0)
	}
	return ""
}

func (v *value) money() events.Money { return events.Money{Minor: v.num, Currency: v.text} }

func (v *value) time() time.Time {
	if t, ok := v.ref.Addr().Interface().(*time.Time); ok {
		return *t
	}
	return time.Time{}
}

// equal and less compare two values of one kind; the compiler allows no others.
func equal(a, b *value) bool { return a.num == b.num && a.text == b.text }

func less(a, b *value) bool {
	if a.kind == whole {
		return a.num < b.num
	}
	return a.text < b.text
}

// A native is a template function over values.
type native func(l *locale, a []value) value

func textValue(s string) value { return value{kind: text, text: s} }

// natives are functions again, without reflection. A test holds the two lists
// equal.
var natives = map[string]native{
	"money":   func(l *locale, a []value) value { return textValue(l.money(a[0].money())) },
	"number":  func(l *locale, a []value) value { return textValue(l.numeral(int(a[0].num))) },
	"percent": func(l *locale, a []value) value { return textValue(l.percent(int(a[0].num))) },
	"tenths":  func(l *locale, a []value) value { return textValue(l.tenths(int(a[0].num))) },
	"ordinal": func(l *locale, a []value) value { return textValue(l.ordinal(int(a[0].num))) },
	"plural": func(l *locale, a []value) value {
		var room [2 * len(categories)]string
		forms := room[:0]
		for _, f := range a[1:] {
			forms = append(forms, f.text)
		}
		return textValue(l.plural(int(a[0].num), forms))
	},
	"date":      func(l *locale, a []value) value { return textValue(l.date(a[0].time())) },
	"day":       func(l *locale, a []value) value { return textValue(l.day(a[0].time())) },
	"truncate":  func(_ *locale, a []value) value { return textValue(truncate(int(a[0].num), a[1].text)) },
	"parameter": func(_ *locale, a []value) value { return textValue(parameter(a[0].text, a[1].text, int(a[2].num))) },
	"default":   func(_ *locale, a []value) value { return textValue(fallback(a[0].text, a[1].text)) },
	"times": func(_ *locale, a []value) value {
		m := times(a[0].money(), int(a[1].num))
		return value{kind: amount, num: m.Minor, text: m.Currency}
	},
	"link": func(_ *locale, a []value) value {
		return value{kind: record, ref: reflect.ValueOf(&Link{a[0].text, a[1].text}).Elem()}
	},
	"scale": func(_ *locale, a []value) value {
		made := scale(a[0].ref.Interface().(Ask), a[1].text, a[2].text)
		return value{kind: record, ref: reflect.ValueOf(&made).Elem()}
	},
	"image": func(_ *locale, a []value) value {
		return value{kind: record, ref: reflect.ValueOf(&Image{a[0].text, a[1].text, a[2].text}).Elem()}
	},
	commentFunc: func(_ *locale, a []value) value { return value{kind: markup, text: a[0].text} },
	"not":       func(_ *locale, a []value) value { return boolean(!a[0].isTrue()) },
	"ne":        func(_ *locale, a []value) value { return boolean(!equal(&a[0], &a[1])) },
	"lt":        func(_ *locale, a []value) value { return boolean(less(&a[0], &a[1])) },
	"le":        func(_ *locale, a []value) value { return boolean(!less(&a[1], &a[0])) },
	"gt":        func(_ *locale, a []value) value { return boolean(less(&a[1], &a[0])) },
	"ge":        func(_ *locale, a []value) value { return boolean(!less(&a[0], &a[1])) },
	"len": func(_ *locale, a []value) value {
		if a[0].kind == list {
			return value{kind: whole, num: int64(a[0].ref.Len())}
		}
		return value{kind: whole, num: int64(len(a[0].text))}
	},
	"eq": func(_ *locale, a []value) value {
		for i := 1; i < len(a); i++ {
			if equal(&a[0], &a[i]) {
				return boolean(true)
			}
		}
		return boolean(false)
	},
}
