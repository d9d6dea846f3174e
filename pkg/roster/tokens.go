package roster

import (
	"bytes"
	"slices"
	"sort"

	"homing/pkg/customer"
)

// size is how many bytes a token is.
const size = 10

// tokens are those of many customers, sorted, as bytes.
type tokens []byte

func (t tokens) len() int { return len(t) / size }

func (t tokens) at(i int) []byte { return t[i*size : (i+1)*size] }

func (t tokens) token(i int) string { return customer.Tokens.EncodeToString(t.at(i)) }

// find returns where a token is.
func (t tokens) find(token []byte) (int, bool) {
	return sort.Find(t.len(), func(i int) int { return bytes.Compare(token, t.at(i)) })
}

// sorted sorts tokens, and leaves one of each.
func (t tokens) sorted() tokens {
	all := make([][]byte, t.len())
	for i := range all {
		all[i] = t.at(i)
	}
	slices.SortFunc(all, bytes.Compare)
	return bytes.Join(slices.CompactFunc(all, bytes.Equal), nil)
}

// count finds out what became of one audience.
type count struct {
	before  tokens
	first   bool   // nothing is known of it
	stayed  []bool // of before
	members tokens
	came    tokens
}

// newCount begins with what was known of an audience; nil: nothing was.
func newCount(a *audience) *count {
	if a == nil {
		return &count{first: true}
	}
	return &count{before: a.Members, stayed: make([]bool, a.Members.len())}
}

// add adds a person who is in it. Who was in it before under another of their ids has
// stayed.
func (c *count) add(token string, ids []string) {
	own, err := customer.Tokens.DecodeString(token)
	if err != nil || len(own) != size {
		return // it is no token
	}
	c.members = append(c.members, own...)
	was := c.first
	for _, id := range append([]string{token}, ids...) {
		b, err := customer.Tokens.DecodeString(id)
		if err != nil {
			continue
		}
		if i, in := c.before.find(b); in {
			c.stayed[i], was = true, true
		}
	}
	if !was {
		c.came = append(c.came, own...)
	}
}

// audience returns what it is as of a night.
func (c *count) audience(night string) *audience {
	a := &audience{Night: night, Members: c.members.sorted(), Came: c.came.sorted()}
	for i, stayed := range c.stayed {
		if !stayed {
			a.Left = append(a.Left, c.before.at(i)...)
		}
	}
	return a
}
