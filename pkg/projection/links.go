package projection

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

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
	linkBytes   = 10
	inlineLinks = 6
	// keptLinks is of how many ids the links are kept: one more than a person has, which
	// is enough to know that it is no person's mailbox.
	keptLinks = customer.MaxPerson + 1
)

func linksKey(k customer.Key, field string) string {
	return tag(k.Store, k.Bucket) + "l:" + strconv.FormatUint(uint64(field[0]>>4), 16)
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
		args := []any{inlineLinks * linkBytes, keptLinks * linkBytes}
		for _, i := range groups[g] {
			l := links[i]
			field := packToken(l.Mailbox)
			keys = append(keys, linksKey(l.Mailbox, field), manyLinksKey(l.Mailbox))
			args = append(args, field, string([]byte{l.ID.Bucket})+packToken(l.ID))
		}
		return linkScript, keys, args
	})
	if err != nil {
		return fmt.Errorf("linking ids with mailboxes: %w", err)
	}
	return nil
}

// Links reads the links of mailboxes, each ascending. It takes one round trip, and a
// second for mailboxes that very many ids named.
func (s *Customers) Links(ctx context.Context, mailboxes []customer.Key) ([][]customer.Key, error) {
	out := make([][]customer.Key, len(mailboxes))
	if err := s.guard.Ready(); err != nil || len(mailboxes) == 0 {
		return out, err
	}
	pipe := s.rdb.Pipeline()
	marks := s.watch(len(mailboxes))
	look := s.linking(ctx, pipe, mailboxes, out)
	for _, k := range mailboxes {
		marks.add(bucket{k.Store, k.Bucket})
	}
	marks.read(ctx, pipe)
	carryOut(ctx, pipe)
	if err := marks.check(); err != nil {
		return nil, err
	}
	many, err := look()
	if err != nil || len(many) == 0 {
		return out, err
	}
	return out, s.manyLinks(ctx, mailboxes, many, out)
}

// linking asks for links in a pipeline; what it returns reads the answers, and says
// for which mailboxes they are elsewhere.
func (s *Customers) linking(ctx context.Context, pipe redis.Pipeliner, mailboxes []customer.Key, out [][]customer.Key) func() (many []int, err error) {
	cmds := make([]*redis.StringCmd, len(mailboxes))
	for i, k := range mailboxes {
		field := packToken(k)
		cmds[i] = pipe.HGet(ctx, linksKey(k, field), field)
	}
	return func() (many []int, err error) {
		for i, c := range cmds {
			v, err := c.Result()
			switch {
			case errors.Is(err, redis.Nil):
			case err != nil:
				return nil, fmt.Errorf("reading the links of mailboxes: %w", err)
			case v == "+":
				many = append(many, i)
			default:
				out[i] = unpackLinks(mailboxes[i].Store, v)
			}
		}
		return many, nil
	}
}

func (s *Customers) manyLinks(ctx context.Context, mailboxes []customer.Key, many []int, out [][]customer.Key) error {
	pipe := s.rdb.Pipeline()
	cmds := make([]*redis.StringCmd, len(many))
	for n, i := range many {
		cmds[n] = pipe.Get(ctx, manyLinksKey(mailboxes[i]))
	}
	carryOut(ctx, pipe)
	for n, i := range many {
		v, err := cmds[n].Result()
		if err != nil {
			return fmt.Errorf("reading the links of a mailbox with many ids: %w", err)
		}
		out[i] = unpackLinks(mailboxes[i].Store, v)
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
