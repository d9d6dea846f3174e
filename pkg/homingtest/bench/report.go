package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// The units of rows.
const (
	perSecond = "/s"
	millis    = "ms"
	micros    = "µs"
	bytesUnit = "bytes"
	mebibytes = "MiB"
)

// row is one number next to its bare limit and its aim, where it has them.
type row struct {
	Part   string    `json:"part"`
	What   string    `json:"what"`
	Unit   string    `json:"unit"`
	Homing float64   `json:"homing"`
	Series []float64 `json:"series,omitempty"` // of which Homing is the last
	Bare   float64   `json:"bare,omitempty"`
	Ratio  float64   `json:"ratio,omitempty"` // Homing / Bare; of CPU times Bare / Homing: more is better
	Aim    string    `json:"aim,omitempty"`
	Missed bool      `json:"missed,omitempty"`
	Busy   float64   `json:"busy,omitempty"` // share of the machine that other processes took: there is no verdict
}

func rowOf(part, what, unit string, ours, limit float64) row {
	return row{Part: part, What: what, Unit: unit, Homing: ours, Bare: limit}
}

func (r *row) judge(aim string, met bool) { r.Aim, r.Missed = aim, !met }

// facts are what the numbers depend on.
type facts struct {
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Go    string `json:"go"`
	NATS  string `json:"nats_server"`
	Redis string `json:"redis"`
	Load  string `json:"load"` // average of the last minute, before the run
}

func machine() facts {
	f := facts{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Load: "unknown"}
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		f.Load, _, _ = strings.Cut(string(data), " ")
	}
	return f
}

// know takes over what the servers say of themselves.
func (f *facts) know(s *stack) {
	f.NATS = s.nc.ConnectedServerVersion()
	info, _ := s.rdb.Info(context.Background(), "server").Result() // a fact less, if it fails
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			f.Redis = v
		}
	}
}

// report is what a run found.
type report struct {
	Machine facts  `json:"machine"`
	Rows    []row  `json:"rows"`
	CPU     []cost `json:"cpu"`
}

func (r *report) add(w row) {
	if w.Bare > 0 && w.Ratio == 0 {
		w.Ratio = w.Homing / w.Bare
	}
	r.Rows = append(r.Rows, w)
}

// peakAim is how much memory a Homing process may take, in MiB.
const peakAim = 150

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func (r *report) addPeak(part, what string, u usage) { r.addPeakOf(part, what, u, peakAim) }

// addPeakOf is addPeak with an aim of its own, in MiB.
func (r *report) addPeakOf(part, what string, u usage, aim int) {
	if u.peak == 0 {
		return // no /proc
	}
	w := row{Part: partMemory, What: "peak of Homing, " + part + ", " + what, Unit: mebibytes, Homing: mib(u.peak)}
	w.judge(fmt.Sprintf("< %d MiB", aim), w.Homing < float64(aim))
	r.add(w)
}

// flatness is by how much memory may grow between a quarter of the mails and
// all of them, to be called flat.
const flatness = 1.25

// addFlat shows the memory after each quarter of the mails.
func (r *report) addFlat(u usage, mails []receipt) {
	if u.peak == 0 {
		return
	}
	at := make([]int64, len(mails))
	for i, m := range mails {
		at[i] = m.At
	}
	slices.Sort(at)
	w := row{Part: partMemory, What: "Homing after 25, 50, 75 and 100 % of the mails", Unit: mebibytes}
	for q := 1; q <= 4; q++ {
		w.Homing = mib(u.rssAt(time.Unix(0, at[len(at)*q/4-1])))
		w.Series = append(w.Series, w.Homing)
	}
	w.judge("flat", w.Homing <= flatness*w.Series[0])
	r.add(w)
}

func (r *report) print(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	m := r.Machine
	fmt.Fprintf(w, "\n%d cores, %s, %s, nats-server %s, redis %s, load before the run %s\n\n", m.Cores, m.OS, m.Go, m.NATS, m.Redis, m.Load)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "part\twhat\tHoming\tbare limit\tratio\taim\t")
	rows := slices.Clone(r.Rows)
	slices.SortStableFunc(rows, func(a, b row) int { return slices.Index(parts, a.Part) - slices.Index(parts, b.Part) })
	for _, row := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.Part, row.What, row.ours(), optional(row.Bare, row.Unit),
			optional(row.Ratio, ""), row.Aim, verdict(row))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	fmt.Fprintln(t, "part\tCPU time in µs for each\tprocesses\ttotal\tcores idle\tcores used by others\t")
	for _, c := range r.CPU {
		fmt.Fprintf(t, "%s\t%s\t%s\t%.0f\t%.1f\t%.1f\t\n", c.Part, c.What, c.processes(), c.Total, c.Idle, c.Others)
	}
	return t.Flush()
}

// processes says what each took.
func (c cost) processes() string {
	var each []string
	for _, name := range slices.Sorted(maps.Keys(c.Micros)) {
		if c.Micros[name] >= 0.5 {
			each = append(each, fmt.Sprintf("%s %.0f", name, c.Micros[name]))
		}
	}
	return strings.Join(each, ", ")
}

func (r row) ours() string {
	if len(r.Series) == 0 {
		return number(r.Homing, r.Unit)
	}
	var out []string
	for _, v := range r.Series {
		out = append(out, strconv.FormatFloat(v, 'f', 0, 64))
	}
	return strings.Join(out, ", ") + " " + r.Unit
}

// busyMost is up to what share of the machine other processes may take: above it,
// numbers are theirs as much as ours.
const busyMost = 0.1

// busySince returns the largest share of the machine that other processes took
// while any of the costs from some place on was measured.
func (r *report) busySince(place int) float64 {
	busy := 0.0
	for _, c := range r.CPU[place:] {
		busy = max(busy, c.Others/float64(max(1, r.Machine.Cores)))
	}
	return busy
}

func verdict(r row) string {
	switch {
	case r.Busy > 0 && r.Aim != "":
		return fmt.Sprintf("no verdict: others took %.0f %% of the machine", 100*r.Busy)
	case r.Aim == "":
		return ""
	case r.Missed:
		return "MISSED"
	}
	return "ok"
}

func optional(v float64, unit string) string {
	if v == 0 {
		return ""
	}
	return number(v, unit)
}

func number(v float64, unit string) string {
	switch unit {
	case perSecond:
		return thousands(v) + unit
	case bytesUnit:
		return thousands(v) + " " + unit
	case mebibytes:
		return strconv.FormatFloat(v, 'f', 1, 64) + " " + unit
	case "":
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64) + " " + unit
}

// thousands writes a whole number with commas.
func thousands(v float64) string {
	s := strconv.FormatInt(int64(v+0.5), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
