package doctor

import "strings"

// VersionFacts are what was found of the versions of everything.
type VersionFacts struct {
	Homing    string
	NATS      string // of the server that we are connected to
	TooOld    string // why that, or its JetStream, cannot do what Homing needs
	TimeZones string
	ZonesOld  string // what is wrong with them
}

// JudgeVersions judges the versions.
func JudgeVersions(v VersionFacts) []Finding {
	out := []Finding{{Level: OK, Text: "Homing " + v.Homing}}
	switch {
	case v.TooOld != "":
		out = append(out, Finding{Level: Trouble, About: "NATS", Text: v.TooOld, Why: "Homing does not start with it", Do: "update every server with JetStream to nats-server 2.12 or later; see that JetStream is on for our account"})
	case v.NATS != "":
		out = append(out, Finding{Level: OK, Text: "nats-server " + v.NATS + ", which can schedule messages"})
	}
	if v.ZonesOld != "" {
		f := Finding{Level: Warning, Text: v.ZonesOld, Why: "quiet hours and birthdays may be off by an hour where governments changed the rules"}
		if i := strings.LastIndex(f.Text, "; "); i > 0 { // the last part of the warning is the advice
			f.Text, f.Do = f.Text[:i], f.Text[i+2:]
		}
		out = append(out, f)
	} else {
		out = append(out, Finding{Level: OK, Text: "time zones " + v.TimeZones})
	}
	return Of(Versions, out...)
}
