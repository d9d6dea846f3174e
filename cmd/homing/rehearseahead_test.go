package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/rehearsal"
)

// kept is all that an installation keeps: what its Redis has, and where its streams and
// their consumers are. Keys that end by themselves are apart.
func (c *clinic) kept() (all, passing map[string]string) {
	c.t.Helper()
	ctx := c.t.Context()
	all, passing = map[string]string{}, map[string]string{}
	keys, err := c.redis.Keys(ctx, "*").Result()
	c.must(err)
	for _, k := range keys {
		dump, err := c.redis.Dump(ctx, k).Result()
		ttl, err2 := c.redis.PTTL(ctx, k).Result()
		switch {
		case err != nil || err2 != nil: // it ended just now
		case ttl > 0:
			passing["redis "+k] = dump
		default:
			all["redis "+k] = dump
		}
	}
	streams := c.js.ListStreams(ctx)
	for s := range streams.Info() {
		st := s.State
		all["stream "+s.Config.Name] = fmt.Sprintln(st.Msgs, st.Bytes, st.FirstSeq, st.LastSeq, st.NumDeleted, st.Consumers)
		stream, err := c.js.Stream(ctx, s.Config.Name)
		c.must(err)
		consumers := stream.ListConsumers(ctx)
		for i := range consumers.Info() {
			all["consumer "+s.Config.Name+" "+i.Name] = fmt.Sprintln(i.Delivered.Stream, i.AckFloor.Stream, i.NumPending, i.NumAckPending, i.NumRedelivered)
		}
		c.must(consumers.Err())
	}
	c.must(streams.Err())
	return all, passing
}

func (c *clinic) publishes(lines ...string) {
	c.t.Helper()
	homingWith(c.t, nil, strings.Join(lines, "\n"), "publish", "--file", "-", "--config", c.config).want(c.t, exitOK)
}

// With no process running, the command tells what the installation will send, and leaves
// Redis and NATS as they were.
func TestTheTimeAheadIsToldAndNothingIsChanged(t *testing.T) {
	c := openClinic(t)
	now := time.Now().UTC()
	event := func(id, what string, at time.Time, data string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/shop","type":%q,"time":%q,"data":%s}`, id, what, at.Format(time.RFC3339), data)
	}
	order := func(who, id string) string {
		return fmt.Sprintf(`{"customer":{"id":%q,"email":"%s@example.com","consent":{"email":"subscribed"},"birthday":"%s"},"order":{"id":%q,"total":{"amount":"12.95","currency":"GBP"},"items":[{"product_id":"tea","name":"Tea","quantity":1}]}}`,
			who, who, now.AddDate(0, 0, 12).Format("--01-02"), id)
	}
	b := start(t, nil, "run", "--config", c.config)
	c.publishes(event("1", "order.placed", now, order("ann", "1001")), event("2", "order.placed", now, order("bob", "1002")),
		event("3", "product.updated", now, `{"product":{"id":"tea","supply_days":20}}`))
	var pending string
	eventually(t, func() bool {
		pending = homing(t, "pending", "ann", "--config", c.config).out + homing(t, "pending", "bob", "--config", c.config).out
		return strings.Count(pending, "thank-you/thanks") == 2 && strings.Count(pending, "review-request/") == 4
	}, func() string { return "not all is planned: " + pending })
	homing(t, "pause", "review-request", "--config", c.config).want(t, exitOK)
	b.stop()

	all, passing := c.kept()
	ran := homing(t, "rehearse", "--from-now", "30d", "--output", "json", "--config", c.config).want(t, exitOK)
	var r rehearsal.Report
	c.must(json.Unmarshal([]byte(ran.out), &r))
	text := homing(t, "rehearse", "--from-now", "30d", "--config", c.config).want(t, exitOK).contains(t, "if nothing happens. It knows 2 customers.", "review-request is paused", "ordered 1002")
	page := homing(t, "rehearse", "--from-now", "30d", "--output", "html", "--config", c.config).want(t, exitOK).contains(t, "The time ahead", "pending now")
	is, isPassing := c.kept()
	if d := cmp.Diff(all, is); d != "" {
		t.Errorf("something is different afterwards (-before +after):\n%s", d)
	}
	for _, k := range slices.Sorted(maps.Keys(isPassing)) {
		if passing[k] != isPassing[k] {
			t.Errorf("%s is new, or was written", k)
		}
	}
	sent := map[string]int{}
	for _, w := range r.Workers {
		sent[w.Worker] = w.Sent
	}
	if sent["thank-you"] != 2 || sent["birthday"] != 4 || sent["review-request"] != 0 || r.FromNow == nil || r.FromNow.Pending < 4 || r.Customers != 2 {
		t.Errorf("sent %v of %+v, %d customers", sent, r.FromNow, r.Customers)
	}
	if d := r.To.Sub(r.From).Round(time.Second); d != 30*24*time.Hour || r.From.Before(now) || time.Since(r.From) > time.Hour {
		t.Errorf("%v to %v", r.From, r.To)
	}
	for _, told := range []string{ran.out, text.out, page.out} {
		if strings.Contains(told, "example.com") {
			t.Errorf("an address is told:\n%s", told)
		}
	}

	config, err := os.ReadFile(c.config)
	c.must(err)
	other := write(t, t.TempDir(), "other.yaml", string(config)+"workers: {thank-you: {status: \"off\"}}\n")
	homing(t, "rehearse", "--from-now", "30d", "--against", other, "--config", c.config).want(t, exitDiffers).contains(t, "2 customers would get different mail")
	homing(t, "rehearse", "--from-now", "30d", "--against", c.config, "--config", c.config).want(t, exitOK).contains(t, "Nobody would get different mail")
	for args, want := range map[string]string{"soon": "--from-now", "0s": "not a time ahead", "500d": "up to 400d", "30d --file x": "leave out --file"} {
		homing(t, append([]string{"rehearse", "--config", c.config, "--from-now"}, strings.Fields(args)...)...).want(t, exitUsage).contains(t, want)
	}
}

// A proposal is compared with what the processes that run decide by, wherever their
// configuration came from.
func TestAProposalIsComparedWithWhatRuns(t *testing.T) {
	c := openClinic(t)
	text, err := os.ReadFile(c.config)
	c.must(err)
	proposal := write(t, t.TempDir(), "proposal.yaml", string(text)+"workers: {thank-you: {status: \"off\"}}\n")
	order := func(id, day string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/shop","type":"order.placed","time":"2026-05-%sT10:00:00Z","data":{"customer":{"id":"ann","email":"ann@example.com"},"order":{"id":%q,"total":{"amount":"1.00","currency":"GBP"},"items":[{"product_id":"tea","name":"Tea","quantity":1}]}}}`+"\n", id, day, id)
	}
	history := write(t, t.TempDir(), "history.jsonl", order("1", "01")+order("2", "03"))
	rehearse := func(config string) ran {
		return homing(t, "rehearse", "--file", history, "--against", "running", "--config", config)
	}
	rehearse(proposal).want(t, exitUnreachable).contains(t, "no process that runs a worker answers")
	b := start(t, nil, "run", "--config", c.config)
	eventually(t, func() bool { return rehearse(c.config).code == exitOK }, func() string { return rehearse(c.config).err })
	rehearse(c.config).contains(t, "Nobody would get different mail")
	rehearse(proposal).want(t, exitDiffers).contains(t, "1 customer would get different mail")
	b.stop()
}
