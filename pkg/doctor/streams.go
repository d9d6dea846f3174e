package doctor

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An Item is a stream, a consumer or a bucket that `homing setup` makes.
type Item struct {
	Kind, Name string
	Missing    bool
	Err        string // why it could not be looked at
	Differ     []Difference
	// Offline and Behind are servers of a cluster that have a copy of it, and are away, or
	// have not all of it.
	Offline, Behind []string
}

// A Difference is a field that `homing setup` would make otherwise.
type Difference struct {
	Field      string
	Vital      bool // without it Homing does something wrong
	Have, Want string
}

func (i Item) about() string { return i.Kind + " " + i.Name }

// JudgeStreams judges what `homing setup` makes.
func JudgeStreams(items []Item) []Finding {
	var out []Finding
	missing, same := 0, 0
	if dead := silent(items); dead != "" {
		return Of(Streams, Finding{Level: Trouble, Text: "JetStream tells nothing of any stream: " + dead, Why: "nothing is taken in, planned or sent while it is away",
			Do: "see that JetStream is on (nats-server --jetstream) for our account, that its cluster has a leader, that nats.domain is right, and that our user has the rights of configs/nats-permissions.conf"})
	}
	for _, i := range items {
		found := judgeItem(i)
		if found == nil {
			same++
		}
		if i.Missing {
			missing++
		}
		out = append(out, found...)
	}
	if missing == len(items) {
		return Of(Streams, Finding{Level: Trouble, Text: "none of Homing's streams, consumers and buckets is there",
			Why: "nothing can be taken in or sent; or NATS is another one than you mean, or another account or JetStream domain",
			Do:  "check nats.url, the user, and nats.domain; for a new installation run: homing setup"})
	}
	if same > 0 {
		out = append(out, Finding{Level: OK, Text: fmt.Sprintf("%d of %d streams, consumers and buckets are as homing setup would make them", same, len(items))})
	}
	return Of(Streams, out...)
}

// silent says why nothing could be looked at; empty: something could.
func silent(items []Item) (why string) {
	for _, i := range items {
		if i.Err == "" {
			return ""
		}
		why = i.Err
	}
	return why
}

func judgeItem(i Item) []Finding {
	switch {
	case i.Missing && i.Name == "controls":
		return []Finding{{Level: Trouble, About: i.about(), Text: "is gone, and with it what was paused", Why: "no process sends anything until it is there",
			Do: "homing setup --pause-all, then homing resume for each worker that should send"}}
	case i.Missing:
		return []Finding{{Level: Trouble, About: i.about(), Text: "is missing", Why: "what goes through it waits, or is refused", Do: "homing setup"}}
	case i.Err != "":
		return []Finding{Unknown(Streams, i.about(), i.Err)}
	}
	var out []Finding
	for _, d := range i.Differ {
		out = append(out, judgeDifference(i, d))
	}
	if len(i.Offline) > 0 {
		out = append(out, Finding{Level: Warning, About: i.about(), Text: "has a copy on a server that is away: " + and(i.Offline),
			Why: "if one more is lost, it stops", Do: "start that server again; nats server report jetstream shows them all"})
	}
	if len(i.Behind) > 0 {
		out = append(out, Finding{Level: Note, About: i.about(), Text: "has a copy that is behind: " + and(i.Behind), Why: "it catches up by itself; until then it counts as one that is away"})
	}
	return out
}

// whole returns what a stream is called that is not one of several partitions.
func whole(stream string) string {
	if base := strings.TrimRight(stream, "0123456789"); base != stream {
		return strings.TrimSuffix(base, "-")
	}
	return stream
}

// workerOf returns whose schedules a stream has; it may be of one of several partitions.
func workerOf(stream string) string { return strings.TrimPrefix(whole(stream), "SCHEDULE-") }

func judgeDifference(i Item, d Difference) Finding {
	f := Finding{Level: Note, About: i.about(), Text: fmt.Sprintf("%s is %s, and homing setup would make it %s", d.Field, shown(d.Field, d.Have), shown(d.Field, d.Want))}
	limits := strings.HasPrefix(d.Field, "max_") && i.Kind == "stream"
	switch {
	case d.Vital && limits && strings.HasPrefix(i.Name, "SCHEDULE-"):
		f.Level, f.Why = Trouble, "a limit deletes emails that are planned"
		f.Do = "homing setup takes it away (a process of Homing does so within a minute); then homing replan " + workerOf(i.Name)
	case d.Vital && d.Field == "allow_msg_schedules":
		f.Level, f.Why, f.Do = Trouble, "nothing that is planned ever falls due", "update every nats-server with JetStream to 2.12 or later, then: homing setup"
	case d.Vital && d.Field == "mirror or sources":
		f.Level, f.Why, f.Do = Trouble, "what others publish arrives there too", "find out who made it so; nats stream info "+i.Name+" shows it"
	case d.Vital && d.Field == "filter subjects":
		f.Level, f.Why, f.Do = Trouble, "it misses events, and nobody is told of them", "homing setup; then homing replan for what was missed"
	case d.Vital:
		f.Level, f.Why, f.Do = Trouble, "Homing rests on it", "homing setup; if it is refused, the message says what has to be deleted first"
	case d.Field == "replicas":
		f.Level, f.Why, f.Do = Warning, "with fewer copies than you asked for, the loss of one server may be the loss of it", "homing setup; if you mean it as it is, set nats.replicas"
	case d.Field == "description":
		f.Why = "harmless: another version of Homing words it in another way"
	case limits && settings[whole(i.Name)+" "+d.Field] != "":
		f.Why = "harmless as long as it is what you mean: a limit that somebody set by hand, or another configuration"
		f.Do = "set " + settings[whole(i.Name)+" "+d.Field] + " to what you mean" + allParts(i.Name, d.Field) + "; homing setup then makes it so"
	default:
		f.Why, f.Do = "harmless: somebody changed it by hand, or with another version or configuration", "homing setup brings it back"
	}
	return f
}

// allParts says that a limit of one partition is a share of the one that is configured.
func allParts(stream, field string) string {
	if whole(stream) == stream || field != "max_bytes" {
		return ""
	}
	return " (it is for all partitions together)"
}

// settings are the keys of the configuration that limits of streams follow from.
var settings = map[string]string{
	"STOREFRONT max_age": "nats.streams.storefront.max_age", "STOREFRONT max_bytes": "nats.streams.storefront.max_bytes",
	"TIMELINE max_age": "nats.streams.timeline.max_age", "TIMELINE max_bytes": "nats.streams.timeline.max_bytes",
	"REJECTED max_age": "nats.streams.rejected.max_age", "REJECTED max_bytes": "nats.streams.rejected.max_bytes",
	"MAILS max_age": "retain_mails",
}

// shown is a value as people read it: no limit is none.
func shown(field, value string) string {
	switch value {
	case "", "0", "-1", "0s", "[]":
		return "not set"
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && strings.HasSuffix(field, "_bytes") {
		return size(n)
	}
	if d, err := time.ParseDuration(value); err == nil && d%(24*time.Hour) == 0 {
		return many(int(d/(24*time.Hour)), "day", "days")
	}
	return value
}
