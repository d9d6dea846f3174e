package replicas

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/templatestore"
)

// said finds which edition each part of an email is of; see homingtest.Edition.
var said = regexp.MustCompile(`\bV([0-9]+)\.`)

// Templates are published again and again while three replicas send. Each email is of
// one version, and its fact says of which; none is lost and none comes twice.
func TestPublishedTemplatesAreNotMixed(t *testing.T) {
	lengthy.Always(t)
	t.Parallel()
	n := kills(5)
	touches := 100 * n
	s := &shop{t: t, nats: startNATS(t), copies: 1, more: unpaced, source: "bucket"}
	s.natsURL = s.nats.url
	s.open(replicas, func(command, arg string) string {
		if command == "." {
			pause(100 * time.Millisecond)
		}
		return ""
	})
	l, store := s.follow(), templatestore.New(s.js)
	published := map[int]time.Time{}
	publish := func(number int) {
		t.Helper()
		_, err := store.Publish(t.Context(), templatestore.Draft{Files: homingtest.Edition(number), Base: number - 1, Author: "Ann"})
		if err != nil {
			t.Fatal(err)
		}
		published[number] = time.Now()
	}
	inUse := func(version string) func() bool {
		return func() bool {
			all, err := templatestore.Ask(t.Context(), s.js.Conn())
			return err == nil && len(all) == replicas && !slices.ContainsFunc(all, func(p templatestore.Process) bool { return p.Version != version })
		}
	}
	publish(1)
	until(t, "the first version in all replicas", 30*time.Second, inUse("1"))
	const last = 20 // emails that are due when all replicas have the last version, however slow the machine
	s.happens(orders("80", touches-last, 1)...)
	until(t, "the first email", 30*time.Second, func() bool { return len(s.sink.Mails()) > 0 })
	for i := range n {
		pause(300 * time.Millisecond)
		publish(i + 2)
	}
	until(t, "the last version in all replicas", 30*time.Second, inUse(strconv.Itoa(n+1)))
	s.happens(orders("81", last, 1)...)
	outcomes := l.wait(touches)
	s.stop()
	s.audit(l, 0)
	allSent(t, outcomes, touches)

	versionOf := map[string]string{} // by Message-ID
	for _, b := range outcomes {
		versionOf[b.MessageID] = b.TemplateVersion
	}
	seen, late := map[string]int{}, time.Duration(0)
	for _, m := range s.sink.Mails() {
		var versions []string
		for _, found := range said.FindAllStringSubmatch(strings.ReplaceAll(m.Raw, "=\r\n", ""), -1) {
			versions = append(versions, found[1])
		}
		parts, all := len(versions), slices.Compact(slices.Sorted(slices.Values(versions)))
		if len(all) != 1 || parts < 6 || !strings.HasPrefix(m.Subject, "V"+all[0]+".") || versionOf[m.MessageID] != all[0] {
			t.Fatalf("an email in %d parts of versions %v, and its fact says %q:\n%s", parts, all, versionOf[m.MessageID], m.Raw)
		}
		seen[all[0]]++
		number, _ := strconv.Atoi(all[0])
		if next, ok := published[number+1]; ok {
			late = max(late, m.At.Sub(next))
		}
	}
	t.Logf("%d emails of %d versions during %d publishes; at most %v after the next was published the relay still got one of the version before",
		len(s.sink.Mails()), len(seen), n, late.Round(time.Millisecond))
	if late > 30*time.Second { // a second is aimed at; this machine may be busy
		t.Errorf("a replica had the version before for %v", late)
	}
	if len(seen) < 2 {
		t.Errorf("all emails are of version %v: nothing was published while they left", seen)
	}
}
