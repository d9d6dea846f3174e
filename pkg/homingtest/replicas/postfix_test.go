package replicas

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
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

// A Postfix takes an email for a user that does not exist, and finds that out later: its
// bounce comes to the return path, is handed to Homing, and the address gets no more.
func TestABounceComesBackThroughPostfix(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long: `make relays` runs it")
	}
	back := homingtest.FreePort(t)
	relay := relays.Postfix(t, "smtpd_reject_unlisted_recipient = no\nvirtual_mailbox_domains = example.com\nvirtual_mailbox_maps = inline:{ c-0@example.com=c-0/ }\n"+
		fmt.Sprintf("transport_maps = inline:{ { bounces.shop.example = smtp:[127.0.0.1]:%d } }", back))
	shop := &shop{t: t, nats: startNATS(t), copies: 1, relay: relay.Addr(), smtp: `, return_path: "*@bounces.shop.example"`,
		more: unpaced + fmt.Sprintf("feedback: {listen: \"127.0.0.1:%d\"}\n", back)}
	shop.natsURL = shop.nats.url
	shop.open(1, nil)
	l := shop.follow()
	shop.happens(orders("first", 2, 1)...)
	allSent(t, l.wait(2), 2)
	bounced := func() bool {
		s, err := shop.js.Stream(t.Context(), bus.Timeline)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.GetLastMsgForSubject(t.Context(), "timeline.*.*.address.bounced")
		return err == nil
	}
	until(t, "a bounce on the timeline", time.Minute, bounced)
	shop.happens(orders("second", 2, 1)...)
	reasons := map[string]int{}
	for _, b := range l.wait(4) {
		reasons[b.Reason]++
	}
	if reasons["sent"] != 3 || reasons["bounced"] != 1 {
		t.Errorf("%v", reasons)
	}
	if to := relay.Delivered(t.Context(), 2); len(to) != 2 || to[0] != "c-0" || to[1] != "c-0" {
		t.Errorf("delivered to %v", to)
	}
}
