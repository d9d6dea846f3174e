package offer

import (
	"fmt"
	"io"
	"strings"
)

// alphabet holds what people read and type alike: no 0 and O, no 1, I and L, no
// U next to V; and no other vowel either, so that no code is a word. Its 28
// characters are 4.8 bits each.
const alphabet = "23456789BCDFGHJKMNPQRSTVWXYZ"

// The shape of a minted code: three groups of four, 57 bits. Guessing one of a
// million that are good at a time takes 10^11 tries on the average.
const (
	groups    = 3
	groupSize = 4
)

// NewCode mints a code, for example COMEBACK-7KQ4-XW2P-9TRH, from a source of
// random bytes. The prefix may be empty.
func NewCode(prefix string, random io.Reader) (string, error) {
	parts := make([]string, 0, groups+1)
	if prefix = strings.Trim(prefix, "-"); prefix != "" {
		parts = append(parts, prefix)
	}
	for range groups {
		var group [groupSize]byte
		for i := range group {
			c, err := letter(random)
			if err != nil {
				return "", fmt.Errorf("minting a code: %w", err)
			}
			group[i] = c
		}
		parts = append(parts, string(group[:]))
	}
	return strings.Join(parts, "-"), nil
}

// letter draws one character. Bytes beyond the last whole round of the alphabet
// are drawn again: every character is as likely as any other.
func letter(random io.Reader) (byte, error) {
	const whole = 256 / len(alphabet) * len(alphabet)
	for {
		var b [1]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, err
		}
		if int(b[0]) < whole {
			return alphabet[int(b[0])%len(alphabet)], nil
		}
	}
}
