package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// headerRoom is what a rejected message may need in addition to its payload.
const headerRoom = 16 << 10

// RejectTo returns a Rejecter that publishes to rejected.<store>.<reason>: the
// message as it was, with headers that say what is wrong with it. A message is there once,
// however often it is rejected within two minutes.
func RejectTo(js jetstream.JetStream) Rejecter {
	return func(ctx context.Context, m jetstream.Msg, why *BadError) error {
		out := nats.NewMsg("rejected." + token(why.Store) + "." + token(why.Reason))
		out.Data = m.Data()
		for k, v := range m.Headers() {
			if strings.HasPrefix(k, "Nats-") { // the stream's own would change what the stream does
				k = "Homing-Original-" + k
			}
			out.Header[k] = v
		}
		out.Header.Set(HeaderDetail, why.Detail)
		for name, value := range map[string]string{HeaderEvent: why.Event, HeaderSource: why.Source} {
			if value != "" {
				out.Header.Set(name, value)
			}
		}
		if room := int(js.Conn().MaxPayload()) - headerRoom; len(out.Data) > room && room > 0 {
			// The server would refuse it, and the event would come again for ever.
			out.Header.Set(HeaderTruncated, strconv.Itoa(len(out.Data)))
			out.Data = out.Data[:room]
		}
		out.Header.Set(HeaderSubject, m.Subject())
		id := m.Subject()
		if md, err := m.Metadata(); err == nil {
			id = fmt.Sprintf("%s-%d", md.Stream, md.Sequence.Stream)
		}
		ctx, cancel := context.WithTimeout(ctx, AckTimeout)
		defer cancel()
		_, err := js.PublishMsg(ctx, out, jetstream.WithMsgID(id))
		if err != nil {
			return fmt.Errorf("publishing to %s: %w", out.Subject, err)
		}
		return nil
	}
}

// token returns s if it can be part of a subject: one that cannot would never be
// accepted, and would hold up the loop for ever.
func token(s string) string {
	if s == "" || strings.ContainsAny(s, ".*> \t\r\n") {
		return "unknown"
	}
	return s
}
