package examine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/doctor"
	"homing/pkg/fingerprint"
	"homing/pkg/localtime"
)

func (x *examiner) versions(ctx context.Context) []doctor.Finding {
	v := doctor.VersionFacts{Homing: x.o.Build, TimeZones: localtime.Zones().String(), ZonesOld: localtime.Zones().Warning(time.Now())}
	if x.o.NATSAway == "" {
		v.NATS = x.o.JS.Conn().ConnectedServerVersion()
		if err := bus.Able(ctx, x.o.JS); err != nil {
			v.TooOld = words(err)
		}
	}
	return doctor.JudgeVersions(v)
}

func (x *examiner) installation(ctx context.Context) []doctor.Finding {
	var i doctor.InstallationFacts
	if secret := x.o.Config.Secret.Reveal(); secret != "" {
		id, err := customer.NewIdentity(secret)
		if err != nil {
			return []doctor.Finding{doctor.Unknown(doctor.Secret, "secret", err.Error())}
		}
		i.Ours = id.Fingerprint()
		i.Kept, err = fingerprint.Read(ctx, x.o.JS)
		if err == nil {
			err = fingerprint.Check(ctx, x.o.JS, id)
		}
		if other, is := errors.AsType[*fingerprint.Other](err); is {
			i.Other, i.Kept = true, other.Kept
		} else if err != nil {
			i.Err = words(err)
		}
	}
	i.Foreign, i.Unlisted = x.foreign(ctx)
	return doctor.JudgeInstallation(i)
}

// listFor bounds the list of all streams, for which our user may have no right: then no
// answer comes.
const listFor = 3 * time.Second

// foreign are streams of the account that take messages of Homing's.
func (x *examiner) foreign(ctx context.Context) (out []doctor.ForeignStream, unlisted string) {
	ctx, cancel := context.WithTimeout(ctx, min(listFor, x.o.Timeout))
	defer cancel()
	var ours []string
	for _, i := range x.items() {
		switch i.Kind {
		case "stream":
			ours = append(ours, i.Name)
		case "bucket":
			ours = append(ours, "KV_"+i.Name, "OBJ_"+i.Name)
		}
	}
	subjects := append(bus.Subjects(x.o.Limits, x.o.Workers, bus.PartitionsOf(x.o.JS)), "homing.>", x.o.Config.NATS.InboxPrefix+".>")
	list := x.o.JS.ListStreams(ctx)
	for s := range list.Info() {
		if slices.Contains(ours, s.Config.Name) {
			continue
		}
		f := doctor.ForeignStream{Name: s.Config.Name}
		for _, theirs := range s.Config.Subjects {
			for _, mine := range subjects {
				if !overlap(theirs, mine) {
					continue
				}
				if !slices.Contains(f.Subjects, theirs) {
					f.Subjects = append(f.Subjects, theirs)
				}
				f.Captures = append(f.Captures, mine)
			}
		}
		if m := s.Config.Mirror; m != nil && drains(m.Name) {
			f.Drains = append(f.Drains, m.Name)
		}
		for _, source := range s.Config.Sources {
			if drains(source.Name) {
				f.Drains = append(f.Drains, source.Name)
			}
		}
		if f.Captures != nil || f.Drains != nil {
			out = append(out, f)
		}
	}
	if err := list.Err(); err != nil {
		return out, "the streams of the account cannot be listed (" + words(err) + ")"
	}
	return out, ""
}

// drains reports whether a mirror of a stream takes messages off it: of a work queue.
func drains(stream string) bool { return strings.HasPrefix(stream, bus.ScheduleStream("")) }

// overlap reports whether there is a subject that both match.
func overlap(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		switch {
		case as[i] == ">" || bs[i] == ">":
			return true
		case as[i] != bs[i] && as[i] != "*" && bs[i] != "*":
			return false
		}
	}
	return len(as) == len(bs)
}

func (x *examiner) replicas(context.Context) []doctor.Finding {
	all, err := x.processes()
	if err != nil {
		return []doctor.Finding{doctor.Unknown(doctor.Replicas, "", words(err))}
	}
	var out []doctor.Replica
	for _, p := range all {
		r := doctor.Replica{Name: p.Process, Roles: p.Roles, Renders: p.Renders, Templates: p.Version, Build: p.Build, Config: p.Config, TimeZones: p.TimeZones, NotReady: p.NotReady}
		if p.Refused != nil {
			r.Refused = p.Refused.Problem
		}
		out = append(out, r)
	}
	return doctor.JudgeReplicas(out, doctor.Ours{Build: x.o.Build, Config: x.o.Config.Hashes(), Roles: x.o.Roles})
}
