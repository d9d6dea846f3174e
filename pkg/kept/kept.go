// Package kept keeps copies of what emails showed, for as long as the shop wants to be
// asked about them: a Keeper stores them on the stream MAILS, next to the facts and
// never in their way, and Find reads them back. It doesn't know what the emails are
// about, nor who may see them.
package kept

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"homing/pkg/customer"
)

// A Copy is what one email showed, byte for byte, and what it was made from. It has no
// address of the recipient but what the email itself says.
type Copy struct {
	Touch     string    `json:"touch"`
	Sent      time.Time `json:"sent"`
	Uncertain bool      `json:"uncertain,omitempty"` // the relay's answer never came
	To        string    `json:"to,omitempty"`        // token of the mailbox, if it isn't one of the customer's
	MessageID string    `json:"message_id"`

	Template        string `json:"template"`
	TemplateVersion string `json:"template_version"`
	Language        string `json:"language,omitempty"`
	SubjectArm      string `json:"subject_arm,omitempty"`

	Subject   string `json:"-"`
	Preheader string `json:"-"`
	HTML      string `json:"-"`
	Text      string `json:"-"`
}

// maxSize bounds what a copy unpacks to: the parts of an email have half a megabyte each.
const maxSize = 4 << 20

// ErrUnreadable is wrapped when a copy is not one, or of a newer version of Homing.
var ErrUnreadable = errors.New("the copy cannot be read")

// head is the first line of a packed copy.
type head struct {
	Copy
	Parts [4]int `json:"parts"` // lengths of subject, preheader, HTML and text, which follow
}

// window is how far back the same is found: more than emails have, and 4 MB of memory
// less than without it.
const window = 256 << 10

// A packer packs copies, one at a time.
type packer struct {
	z    *zstd.Encoder
	room []byte // for what is packed
}

func newPacker() packer {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderDictRaw(newest, dictionaries[newest]), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(window))
	if err != nil {
		panic(err) // an option that does not exist
	}
	return packer{z: z}
}

func (p *packer) pack(c Copy) []byte {
	line, err := json.Marshal(head{c, [4]int{len(c.Subject), len(c.Preheader), len(c.HTML), len(c.Text)}})
	if err != nil {
		panic(err) // a year of five digits
	}
	p.room = append(append(p.room[:0], line...), '\n')
	for _, part := range [...]string{c.Subject, c.Preheader, c.HTML, c.Text} {
		p.room = append(p.room, part...)
	}
	return p.z.EncodeAll(p.room, make([]byte, 0, len(p.room)/4))
}

// unpack reads what pack made, in this version of Homing or an earlier one.
func unpack(packed []byte) (Copy, error) {
	o := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSize)}
	for id, content := range dictionaries {
		o = append(o, zstd.WithDecoderDictRaw(id, content))
	}
	z, err := zstd.NewReader(nil, o...)
	if err != nil {
		return Copy{}, err
	}
	defer z.Close()
	raw, err := z.DecodeAll(packed, nil)
	if err != nil {
		return Copy{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	line, rest, _ := strings.Cut(string(raw), "\n")
	var h head
	if err := json.Unmarshal([]byte(line), &h); err != nil {
		return Copy{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	for i, part := range []*string{&h.Subject, &h.Preheader, &h.HTML, &h.Text} {
		n := h.Parts[i]
		if n < 0 || n > len(rest) {
			return Copy{}, fmt.Errorf("%w: a part is cut", ErrUnreadable)
		}
		*part, rest = rest[:n], rest[n:]
	}
	return h.Copy, nil
}

// subject is where a customer's copies are; to is the mailbox, if it isn't theirs.
func subject(k customer.Key, to string) string {
	s := "mails." + k.Store + "." + k.Token
	if to != "" {
		s += "." + to
	}
	return s
}

// Subjects are those of all copies that are about a customer, or went to a mailbox by
// that token.
func Subjects(k customer.Key) []string {
	return []string{subject(k, ""), subject(k, "*"), "mails." + k.Store + ".*." + k.Token}
}
