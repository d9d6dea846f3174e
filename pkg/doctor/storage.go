package doctor

import (
	"fmt"
	"strings"
	"time"
)

// A Store is where JetStream keeps streams, as our account sees it.
type Store struct {
	Limit, Used, Reserved int64 // of the account, in bytes; Limit -1: none
	Streams               []StreamSize
	Disk                  *Disk // nil: it is not known
}

// A StreamSize is how large a stream is, and may become.
type StreamSize struct {
	Name       string
	Bytes, Max int64 // Max 0: no limit
	Refuses    bool  // when it is full it refuses what is new, and does not drop what is old
	First      time.Time
	Last       time.Time
}

// A Disk is what the server's monitoring endpoint says about its own store.
type Disk struct {
	Server               string
	Limit, Used, Reserve int64
	Free                 int64 // on the file system; -1: the server is on another machine
}

const (
	nearlyFull = 0.8
	asGoodFull = 0.95
)

// JudgeStorage judges what is left for streams. noDisk says why the disk is not known.
func JudgeStorage(s Store, noDisk string) []Finding {
	var out []Finding
	const full = "what does not fit is refused: storefronts cannot publish, and what was sent cannot be recorded, so nothing is sent (timeline_full)"
	if s.Limit > 0 {
		taken := max(s.Used, s.Reserved)
		f := level(taken, s.Limit, Finding{About: "NATS account", Text: fmt.Sprintf("%s of %s used", size(taken), size(s.Limit)),
			Why: full, Do: "raise max_store of the account, or lower max_bytes in nats.streams"})
		out = append(out, f)
	} else {
		out = append(out, Finding{Level: OK, About: "NATS account", Text: size(s.Used) + " used; the account has no limit of its own"})
	}
	for _, x := range s.Streams {
		if x.Max <= 0 || !x.Refuses {
			continue
		}
		f := level(x.Bytes, x.Max, Finding{About: "stream " + x.Name, Text: fmt.Sprintf("%s of %s used%s", size(x.Bytes), size(x.Max), x.until()),
			Why: full, Do: "raise nats.streams." + strings.ToLower(whole(x.Name)) + ".max_bytes" + allParts(x.Name, "max_bytes") + ", and run: homing setup"})
		if f.Level != OK {
			out = append(out, f)
		}
	}
	return Of(Storage, append(out, s.disk(noDisk)...)...)
}

func (s Store) disk(none string) []Finding {
	if s.Disk == nil {
		return []Finding{{Level: Note, Text: "how much disk the servers have left is not known: " + none,
			Do: "homing doctor --nats-monitor http://HOST:8222 asks a server for it (its http or http_port)"}}
	}
	d := *s.Disk
	taken := max(d.Used, d.Reserve)
	out := []Finding{level(taken, d.Limit, Finding{About: "nats-server " + d.Server, Text: fmt.Sprintf("%s of max_file_store %s used or set aside", size(taken), size(d.Limit)),
		Why: "when it is used up, streams take nothing more", Do: "raise max_file_store, or lower max_bytes in nats.streams"})}
	if d.Free >= 0 && d.Free < d.Limit-d.Used {
		f := Finding{Level: Warning, About: "nats-server " + d.Server, Text: fmt.Sprintf("its disk has %s left, less than max_file_store promises (%s)", size(d.Free), size(d.Limit-d.Used)),
			Why: "a disk that is full stops all streams", Do: "free space, or lower max_file_store to what there is"}
		if d.Free < 1<<30 {
			f.Level = Trouble
		}
		out = append(out, f)
	}
	return out
}

// level judges how full something is.
func level(used, limit int64, f Finding) Finding {
	share := 0.0
	if limit > 0 {
		share = float64(used) / float64(limit)
	}
	switch {
	case share >= asGoodFull:
		f.Level = Trouble
	case share >= nearlyFull:
		f.Level = Warning
	default:
		f.Level, f.Why, f.Do = OK, "", ""
	}
	return f
}

// until says when a stream is full, if it goes on growing as it did on average.
func (x StreamSize) until() string {
	age := x.Last.Sub(x.First)
	if x.Bytes <= 0 || age < time.Hour || x.Bytes >= x.Max {
		return ""
	}
	left := time.Duration(float64(x.Max-x.Bytes) / float64(x.Bytes) * float64(age))
	days := int(left.Hours() / 24)
	if days > 3650 {
		return ""
	}
	return fmt.Sprintf("; full in about %s at its average pace", many(days, "day", "days"))
}
