package replicas

import (
	"os"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/homingtest/relays"
)

// Three replicas that send through a Postfix with a rate and few connections lose nothing,
// send nothing twice, and write few holds. `make relays` runs it.
func TestReplicasShareAPostfixThatAllowsLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long: `make relays` runs it")
	}
	s := relays.Postfix(t, "smtpd_client_message_rate_limit = 60\nanvil_rate_time_unit = 10s\nsmtpd_client_connection_count_limit = 4\nvirtual_mailbox_domains = example.com\nvirtual_mailbox_maps = static:box/")
	shop := &shop{t: t, nats: startNATS(t), copies: 1, more: unpaced + marketing, relay: s.Addr()}
	shop.natsURL = shop.nats.url
	shop.open(replicas, nil)
	l := shop.follow()
	const touches = 150
	shop.happens(orders("pf", touches, 1)...)
	began := time.Now()
	allSent(t, l.wait(touches), touches)
	took := time.Since(began)
	held := 0
	for _, facts := range l.all() {
		for _, f := range facts {
			if f.Type == events.TypeEmailHeld {
				held++
			}
		}
	}
	begins, ends, pauses := 0, 0, 0
	for _, r := range shop.replicas {
		text, _ := os.ReadFile(r.log)
		begins += strings.Count(string(text), "held: emails wait")
		ends += strings.Count(string(text), "goes on")
		pauses += strings.Count(string(text), "takes no email for now: one")
	}
	arrived := s.Delivered(t.Context(), touches)
	t.Logf("%d emails in %v; %d facts of emails held, %d worker.held, %d resumed, %d pauses", len(arrived), took, held, begins, ends, pauses)
	if len(arrived) != touches || held > 20 || begins > 6 {
		t.Errorf("%d emails arrived, want %d; %d facts of emails held, %d of the worker", len(arrived), touches, held, begins)
	}
}
