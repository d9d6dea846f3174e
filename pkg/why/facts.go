package why

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/gate"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// fact says in words what Homing did about an email, and on what grounds.
func (t *teller) fact(of events.Type, b *events.FactBody, detail string) string {
	s := "email " + b.Worker + "/" + b.Step + occasion(b.Occasion)
	if b.Again != "" {
		s = "email " + b.Worker + "/" + b.Step + occasion(b.Again) + ", which " + cmp.Or(b.By, "somebody at the shop") + " asked to send again,"
	}
	switch of.Action() {
	case events.ActionSent:
		s += " sent"
		if _, wording, ok := strings.Cut(b.Template, "#"); ok && wording != "" {
			s += ", wording " + wording
		}
		return s + t.made(b) + because("", detail)
	case events.ActionUncertain:
		return s + " may have been sent: the relay's answer never came" + because("", detail)
	case events.ActionHeld:
		if b.Until != nil {
			return s + " held until " + t.at(*b.Until) + because(b.Reason, detail)
		}
		return s + " held" + because(b.Reason, detail)
	}
	return s + " dropped" + because(b.Reason, detail)
}

// made says what an email was made from: which of several subjects it had, the language,
// the code that it offered, and the version of the templates.
func (t *teller) made(b *events.FactBody) string {
	parts := []string{""}
	if b.SubjectArm != "" {
		parts = append(parts, "subject "+b.SubjectArm)
	}
	if b.Language != "" {
		parts = append(parts, "in "+b.Language)
	}
	for _, e := range t.Entries {
		if d, is := e.Event.Data.(*events.OfferIssued); is && d.Touch == b.Touch {
			parts = append(parts, "with the code "+d.Code)
			break
		}
	}
	if b.TemplateVersion != "" {
		parts = append(parts, "from templates "+b.TemplateVersion)
	}
	return strings.Join(parts, ", ")
}

func because(reason, detail string) string {
	switch {
	case reason == "" && detail == "":
		return ""
	case reason == "":
		return " (" + detail + ")"
	case detail == "":
		return ": " + reason
	}
	return ": " + reason + " (" + detail + ")"
}

// occasion names what an email is about, where its token can be read.
func occasion(token string) string {
	if hashed(token) {
		return ""
	}
	return " for " + token
}

// hashed reports whether a token is a hash of what it stands for.
func hashed(token string) bool {
	return len(token) == 26 && strings.Trim(token, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

func (t *teller) issued(d *events.OfferIssued) string {
	s := "offered " + d.Code + ": "
	if d.Percent > 0 {
		s += strconv.Itoa(d.Percent) + " %"
	} else {
		s += money(d.Amount)
	}
	if d.ExpiresAt != nil {
		s += ", good until " + t.at(*d.ExpiresAt)
	}
	if d.Personal {
		s += ", to pass on"
	}
	if worker, step, _, _, err := touch.ParseID(d.Touch); err == nil {
		s += ", for " + worker + "/" + step
	}
	return s
}

// named adds to the grounds of a frequency cap which emails they were that used it
// up: the gate knows only when.
func (t *teller) named(why, detail string) string {
	if why != string(reason.FrequencyCap) && why != string(reason.Expired) {
		return detail
	}
	for _, e := range t.Entries {
		f, is := e.Event.Data.(events.Fact)
		if a := e.Event.Type.Action(); !is || a != events.ActionSent && a != events.ActionUncertain {
			continue
		}
		b := f.Body()
		detail = t.nameOne(detail, b.Worker+"/"+b.Step, e.Event.Time)
	}
	for _, s := range t.foreseen {
		detail = t.nameOne(detail, s.name, s.at)
	}
	return detail
}

// nameOne adds which email it was that went out at a time.
func (t *teller) nameOne(detail, name string, at time.Time) string {
	when := gate.Moment(at, t.zone)
	for _, before := range []string{": ", ", "} {
		detail = strings.Replace(detail, before+when, before+name+" "+when, 1)
	}
	return detail
}
