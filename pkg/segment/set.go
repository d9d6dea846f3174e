package segment

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/vm"

	"homing/pkg/customer"
	"homing/pkg/problem"
	"homing/pkg/suggest"
)

// Expressions are the segments of a configuration, by name.
type Expressions map[string]Expression

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// maxSegments is how many a store may have of its own.
const maxSegments = 100

// Validate reports names that a segment must not have.
func (xs Expressions) Validate() error {
	var l problem.List
	for _, name := range slices.Sorted(maps.Keys(xs)) {
		switch _, taken := builtIn[name]; {
		case taken:
			l.Add(name, "is a segment that there always is; choose another name")
		case !nameForm.MatchString(name):
			l.Add(name, "is not a name of a segment; use up to 40 of a-z, 0-9, _ and -, a letter first")
		case xs[name].text == "":
			l.Add(name, `is empty; write who is in the segment, for example group == "champion"`)
		}
	}
	if len(xs) > maxSegments {
		l.Add("", "there are %d segments, and a store has at most %d", len(xs), maxSegments)
	}
	return l.Err()
}

// builtIn are the segments that every store has.
var builtIn = func() map[string]Expression {
	out := map[string]Expression{}
	add := func(name, text string) {
		x, err := Parse(text)
		if err != nil {
			panic(err) // a constant
		}
		out[name] = x
	}
	for _, g := range Groups() {
		add(string(g), fmt.Sprintf("group == %q", g))
	}
	for _, l := range Levels() {
		add("clv_"+string(l), fmt.Sprintf("clv == %q", l))
		add("churn_"+string(l), fmt.Sprintf("churn == %q", l))
	}
	return out
}()

// A Set is the segments of one store. It is safe for concurrent use.
type Set struct {
	names []string // those that there always are first
	of    map[string]Expression
}

// NewSet returns the segments that every store has, and a store's own.
func NewSet(own Expressions) *Set {
	s := &Set{of: maps.Clone(builtIn)}
	for _, g := range Groups() {
		s.names = append(s.names, string(g))
	}
	for _, of := range []string{"clv_", "churn_"} {
		for _, l := range Levels() {
			s.names = append(s.names, of+string(l))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if _, taken := s.of[name]; !taken {
			s.names, s.of[name] = append(s.names, name), own[name]
		}
	}
	return s
}

// Names lists the segments, those that there always are first.
func (s *Set) Names() []string { return s.names }

// Expression returns what a segment is; the zero Expression if there is none.
func (s *Set) Expression(name string) Expression { return s.of[name] }

// Check reports names of segments that there are not.
func (s *Set) Check(names []string) error {
	for _, name := range names {
		if _, ok := s.of[name]; ok {
			continue
		}
		if near := suggest.Nearest(name, s.names); near != "" {
			return fmt.Errorf("there is no segment %s; did you mean %s?", name, near)
		}
		return fmt.Errorf("there is no segment %s; define it under segments, or use one that there always is, such as champion", name)
	}
	return nil
}

// CheckTiers reports segments that compare with a tier which a rewards programme with some
// tiers does not have: nobody would be in it.
func (s *Set) CheckTiers(tiers []string) error {
	if len(tiers) == 0 {
		return nil
	}
	for _, name := range s.names {
		for _, word := range s.of[name].tiers {
			if word == "" || slices.Contains(tiers, word) {
				continue
			}
			if near := suggest.Nearest(word, tiers); near != "" {
				return fmt.Errorf("segments.%s: there is no tier %q; did you mean %q?", name, word, near)
			}
			return fmt.Errorf("segments.%s: there is no tier %q; there are %s", name, word, strings.Join(tiers, ", "))
		}
	}
	return nil
}

// Uses reports whether any of some segments asks about one of some names.
func (s *Set) Uses(segments []string, names ...string) bool {
	return slices.ContainsFunc(segments, func(name string) bool {
		return slices.ContainsFunc(s.of[name].fields, func(f string) bool { return slices.Contains(names, f) })
	})
}

// Foresees reports whether any of some segments rests on how many orders are to be
// expected, which takes longer to learn than the rest.
func (s *Set) Foresees(segments []string) bool { return s.Uses(segments, "clv", "expected_orders") }

// Input is a customer, and what else must be known about them.
type Input struct {
	Customer *customer.Customer          // a person
	Category func(product string) string // that the catalog has a product in; nil: none is known
	Holdout  bool                        // they get no marketing email at all
	// Tier returns the customer's in the store's rewards programme; "": none. nil: there is no
	// programme.
	Tier func(c *customer.Customer, now time.Time) string
	Now  time.Time
}

// Memberships are what one customer belongs to. They are for one goroutine.
type Memberships struct {
	Profile
	tiered bool // Profile has the tier
	set    *Set
	in     Input
	env    env
	vm     vm.VM
}

// Of looks at a customer by a snapshot. Its error is ErrUnknown.
func (s *Set) Of(snapshot *Snapshot, in Input) (*Memberships, error) {
	m := new(Memberships)
	if err := s.Into(m, snapshot, in); err != nil {
		return nil, err
	}
	return m, nil
}

// Into is Of, in the memory of memberships that nobody needs any more: for callers who look
// at many customers, one after the other.
func (s *Set) Into(m *Memberships, snapshot *Snapshot, in Input) error {
	if !snapshot.Known() {
		return ErrUnknown
	}
	m.Profile, m.tiered, m.set, m.in = Profile{}, false, s, in
	t := traceOf(in.Customer, snapshot.At)
	snapshot.profile(&m.Profile, &t)
	m.Language, m.Country, m.Holdout = languageOf(in.Customer), in.Customer.Country.Value, in.Holdout
	m.env.names(&m.Profile, in.Now)
	return nil
}

// Tier returns the customer's tier in the store's rewards programme; "": none.
func (m *Memberships) Tier() string {
	if !m.tiered {
		m.tiered, m.Profile.Tier = true, m.in.tier()
		m.env.Tier = m.Profile.Tier
	}
	return m.Profile.Tier
}

func (in *Input) tier() string {
	if in.Tier == nil {
		return ""
	}
	return in.Tier(in.Customer, in.Now)
}

// Has reports whether the customer is in a segment; nobody is in one that there isn't.
func (m *Memberships) Has(name string) bool { return m.Meets(m.set.of[name]) }

// Meets reports whether an expression that is no segment's holds for the customer; the zero
// Expression holds for nobody.
func (m *Memberships) Meets(x Expression) bool {
	if x.program == nil {
		return false
	}
	if x.asks(tier) {
		m.Tier()
	}
	m.env.Answers = m.env.Answers[:0]
	for i := range x.questions {
		m.env.Answers = append(m.env.Answers, x.questions[i].answer(&m.in))
	}
	return x.holds(&m.env, &m.vm)
}

// asks reports whether the expression names a field.
func (x *Expression) asks(field string) bool { return slices.Contains(x.fields, field) }

// holds runs the program. It cannot fail: what it names is there, and has the right type.
func (x *Expression) holds(e *env, machine *vm.VM) bool {
	out, err := machine.Run(x.program, e)
	is, _ := out.(bool)
	return is && err == nil
}

// A Membership is whether a customer is in one segment, and what that rests on.
type Membership struct {
	Segment    string `json:"segment"`
	Expression string `json:"expression"`
	Member     bool   `json:"member"`
	Because    []Fact `json:"because"`
}

// A Fact is something that an expression asks about, and what it is for one customer.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Membership says whether the customer is in a segment, and why.
func (m *Memberships) Membership(name string) Membership {
	x := m.set.of[name]
	out := Membership{Segment: name, Expression: x.text, Member: m.Has(name)}
	for _, f := range x.fields {
		i := slices.IndexFunc(fields, func(o field) bool { return o.name == f })
		out.Because = append(out.Because, Fact{f, fields[i].tell(&m.Profile, m.in.Now)})
	}
	for i := range x.questions {
		out.Because = append(out.Because, Fact{x.questions[i].String(), yesOrNo(x.questions[i].answer(&m.in))})
	}
	return out
}

// All says so of all segments.
func (m *Memberships) All() []Membership {
	out := make([]Membership, len(m.set.names))
	for i, name := range m.set.names {
		out[i] = m.Membership(name)
	}
	return out
}

// String says what an expression asks about, and what it is for the customer, as in
// `group is active, country is DE`.
func (m Membership) String() string {
	var text strings.Builder
	for i, f := range m.Because {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(f.Name + " is " + f.Value)
	}
	return text.String()
}

// Of a question what is asked of it is found by its function.
func (q *question) answer(in *Input) bool {
	f, _ := functionOf(q.function)
	return f.ask(q, in)
}
