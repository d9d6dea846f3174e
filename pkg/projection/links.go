package projection

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// The links of a mailbox are the tokens of the ids that ever named it. Every mailbox
// has at least one, so they are kept as small as they go: many mailboxes of a bucket
// in one hash, 22 bytes each in a listpack, where a key of its own would cost a
// hundred more.
//
//	homing:{main.17}:l:<0 to f>   what the mailbox's token is the text of, less its first byte → ids, 10 bytes each   owner: projection
//	homing:{main.17}:lm:<token>   the ids of a mailbox with more than inlineLinks                                    owner: projection
//
// A value of more than 64 bytes would have Redis turn the whole hash into one that
// takes four times as much: then the value is "+", and the ids have a key of their
// own. Links are only added: what an id is to a mailbox is said by its own record.

// Link says that an id named a mailbox.
type Link struct{ Mailbox, ID customer.Key }

const (
	fieldBytes  = 9
	linkBytes   = 10
	inlineLinks = 6
	// KeptLinks is of how many ids the links are kept: one more than a person has, which
	// is enough to know that it is no person's mailbox.
	KeptLinks = customer.MaxPerson + 1
)

func linksKey(k customer.Key, field string) string {
	n := field[0] >> 4
	return "homing:{" + k.Store + buckets[k.Bucket] + "l:" + "0123456789abcdef"[n:n+1]
}

func manyLinksKey(k customer.Key) string { return tag(k.Store, k.Bucket) + "lm:" + k.Token }

// linkScript adds links.
//
// KEYS two for each: the hash, the key of a mailbox with many ids; ARGV[1] the most
// bytes in a hash, [2] the most bytes at all, then two for each: field, id. Returns nothing.
var linkScript = redis.NewScript(`
local inline, most = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = 1, #KEYS / 2 do
  local hash, own, field, id = KEYS[2*i-1], KEYS[2*i], ARGV[2*i+1], ARGV[2*i+2]
  local ids = redis.call('HGET', hash, field) or ''
  local many = ids == '+'
  if many then ids = redis.call('GET', own) or '' end
  local there = #ids >= most
  for at = 1, #ids, 10 do
    if string.sub(ids, at, at + 9) == id then there = true end
  end
  if not there then
    ids = ids .. id
    if many or #ids > inline then
      redis.call('SET', own, ids)
      redis.call('HSET', hash, field, '+')
    else
      redis.call('HSET', hash, field, ids)
    end
  end
end
return 0`)

// Link adds links; those that are there change nothing.
func (s *Customers) Link(ctx context.Context, links []Link) error {
	if err := s.guard.Ready(); err != nil || len(links) == 0 {
		return err
	}
	groups := s.perScript(byBucket(len(links), func(i int) customer.Key { return links[i].Mailbox }))
	_, err := s.eval(ctx, nil, len(groups), func(g int) (*redis.Script, []string, []any) {
		var keys []string
		args := []any{inlineLinks * linkBytes, KeptLinks * linkBytes}
		for _, i := range groups[g] {
			l := links[i]
			field := packToken(l.Mailbox)
			keys = append(keys, linksKey(l.Mailbox, field), manyLinksKey(l.Mailbox))
			args = append(args, field, linkOf(l.ID))
		}
		return linkScript, keys, args
	})
	if err != nil {
		return fmt.Errorf("linking ids with mailboxes: %w", err)
	}
	return nil
}

// firstScript links ids with mailboxes that no id named before.
//
// KEYS the hash of each; ARGV[1] the bytes of a field, [2] the fields and ids, one after
// the other. Returns which were named before: nothing of theirs changes.
var firstScript = redis.NewScript(`
local known, n, all = {}, tonumber(ARGV[1]), ARGV[2]
local size = n + 10
for i = 1, #KEYS do
  local field = string.sub(all, size*(i-1) + 1, size*(i-1) + n)
  if redis.call('HGET', KEYS[i], field) then
    known[#known+1] = i
  else
    redis.call('HSET', KEYS[i], field, string.sub(all, size*(i-1) + n + 1, size*i))
  end
end
return known`)

// first carries out those introductions that link an id with a mailbox that nobody named
// before, as nearly all do: it takes less than half of what the others take. It returns
// the others, in the place of all.
func (s *Customers) first(ctx context.Context, all []introduction) (others []introduction, err error) {
	if err := s.guard.Ready(); err != nil {
		return nil, err
	}
	links := all
	if slices.ContainsFunc(all, special) {
		links, others = nil, nil
		for _, in := range all {
			if special(in) {
				others = append(others, in)
			} else {
				links = append(links, in)
			}
		}
	}
	if len(links) == 0 {
		return others, nil
	}
	cmds, err := s.eval(ctx, nil, (len(links)+mostInScript-1)/mostInScript, func(n int) (*redis.Script, []string, []any) {
		of := links[n*mostInScript : min(len(links), (n+1)*mostInScript)]
		keys, told := make([]string, len(of)), make([]byte, 0, len(of)*(fieldBytes+linkBytes))
		for i := range of {
			l := &of[i].link
			from := len(told)
			told = appendToken(told, l.Mailbox)
			keys[i] = linksKey(l.Mailbox, string(told[from:]))
			told = appendToken(append(told, l.ID.Bucket), l.ID)
		}
		return firstScript, keys, []any{fieldBytes, told}
	})
	if err != nil {
		return nil, fmt.Errorf("linking ids with mailboxes: %w", err)
	}
	for n, c := range cmds {
		known, err := c.Int64Slice()
		if err != nil {
			return nil, fmt.Errorf("linking ids with mailboxes: %w", err)
		}
		for _, i := range known {
			others = append(others, links[n*mostInScript+int(i)-1])
		}
	}
	return others, nil
}

// special reports whether an introduction takes more than to link an id with a mailbox
// that nobody named before.
func special(in introduction) bool { return in.link == (Link{}) || in.late() }

// linkOf is an id as it is kept with a mailbox.
func linkOf(id customer.Key) string { return string([]byte{id.Bucket}) + packToken(id) }

// Links reads the links of mailboxes, each ascending. It takes one round trip, and a
// second for mailboxes that very many ids named.
func (s *Customers) Links(ctx context.Context, mailboxes []customer.Key) ([][]customer.Key, error) {
	out := make([][]customer.Key, len(mailboxes))
	reqs := make([]load, len(mailboxes))
	for i, k := range mailboxes {
		reqs[i] = load{key: k, ids: &out[i]}
	}
	if len(reqs) == 0 {
		return out, s.guard.Ready()
	}
	return out, s.loads.Do(ctx, reqs)
}

// linksIn asks for the links of a mailbox in a pipeline.
func linksIn(ctx context.Context, pipe redis.Pipeliner, mailbox customer.Key) *redis.StringCmd {
	field := packToken(mailbox)
	return pipe.HGet(ctx, linksKey(mailbox, field), field)
}

// linksOfAnswer reads the answer to linksIn, or says that they are elsewhere.
func linksOfAnswer(store string, c *redis.StringCmd) (ids []customer.Key, elsewhere bool, err error) {
	v, err := c.Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("reading the links of mailboxes: %w", err)
	case v == "+":
		return nil, true, nil
	}
	return unpackLinks(store, v), false, nil
}

func (s *Customers) manyLinks(ctx context.Context, of []load) error {
	pipe := s.rdb.Pipeline()
	cmds := make([]*redis.StringCmd, len(of))
	for i, r := range of {
		cmds[i] = pipe.Get(ctx, manyLinksKey(r.key))
	}
	carryOut(ctx, pipe)
	for i, r := range of {
		v, err := cmds[i].Result()
		if err != nil {
			return fmt.Errorf("reading the links of a mailbox with many ids: %w", err)
		}
		*r.ids = unpackLinks(r.key.Store, v)
	}
	return nil
}

func unpackLinks(store, ids string) []customer.Key {
	out := make([]customer.Key, 0, len(ids)/linkBytes)
	for ; len(ids) >= linkBytes; ids = ids[linkBytes:] {
		out = append(out, unpackToken(store, ids[0], ids[1:linkBytes]))
	}
	slices.SortFunc(out, customer.CompareKeys)
	return out
}
