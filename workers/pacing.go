package workers

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"homing/pkg/localtime"
)

// QuietHours is what a worker has in the place of the store's quiet hours; what
// is nil is the store's.
type QuietHours struct {
	From   *localtime.Clock `yaml:"from"`
	To     *localtime.Clock `yaml:"to"`
	Spread *time.Duration   `yaml:"spread"`
}

// Over returns the store's quiet hours with the worker's laid over them.
func (q QuietHours) Over(from, to localtime.Clock, spread time.Duration) (localtime.Clock, localtime.Clock, time.Duration) {
	return *cmp.Or(q.From, &from), *cmp.Or(q.To, &to), *cmp.Or(q.Spread, &spread)
}

// Share is a part of all customers, 0 to 1, written "5%".
type Share float64

// MarshalText returns the share as it is written in the configuration.
func (s Share) MarshalText() ([]byte, error) {
	return []byte(strconv.FormatFloat(float64(s)*100, 'g', 6, 64) + "%"), nil
}

// UnmarshalText reads "5%". A number without the sign is refused, because it
// could mean either a share or a fraction.
func (s *Share) UnmarshalText(text []byte) error {
	number, sign := strings.CutSuffix(string(text), "%")
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !sign || !(f >= 0 && f <= 100) {
		return fmt.Errorf("%q is not a percentage from 0%% to 100%%; write for example 5%%", text)
	}
	*s = Share(f / 100)
	return nil
}
