package doctor

import "fmt"

// InstallationFacts say whose the streams of this NATS account are, and who else has an
// eye on them.
type InstallationFacts struct {
	Ours, Kept string // fingerprints of the secret: of our configuration, and of the installation
	Other      bool   // the streams are of another secret
	Err        string // why that is not known
	// Foreign are streams of the account that Homing did not make, and what they have of
	// ours; Unlisted says why they are not known.
	Foreign  []ForeignStream
	Unlisted string
}

// A ForeignStream is one that takes messages which are Homing's.
type ForeignStream struct {
	Name     string
	Subjects []string // of its subjects, those that match ours
	Captures []string // which of our subjects they are
	Drains   []string // our streams that it is a mirror of, or sources from
}

// JudgeInstallation judges whether NATS is ours alone.
func JudgeInstallation(i InstallationFacts) []Finding {
	var out []Finding
	switch {
	case i.Ours == "":
		out = append(out, Finding{Level: Warning, Text: "no secret is configured", Why: "homing run does not start without one, and whose the streams are cannot be checked",
			Do: "name its file with secret_file or HOMING_SECRET_FILE; for a new installation: openssl rand -base64 32"})
	case i.Other:
		kept := ""
		if i.Kept != "" {
			kept = " (its fingerprint is " + i.Kept + ")"
		}
		out = append(out, Finding{Level: Trouble, Text: fmt.Sprintf("the streams of this NATS account belong to an installation with another secret%s; ours is %s", kept, i.Ours),
			Why: "to us all its customers would be strangers, so no process starts. Either secret_file is the wrong one, or two installations were given one NATS account",
			Do:  "correct secret_file; or give this installation a NATS account (or server) of its own in nats.url"})
	case i.Err != "":
		out = append(out, Unknown(Secret, "secret", i.Err))
	case i.Kept == "":
		out = append(out, Finding{Level: Note, Text: "no installation has left its fingerprint on this NATS yet", Do: "homing setup, or homing run"})
	default:
		out = append(out, Finding{Level: OK, Text: "the streams are of the configured secret (" + i.Kept + ", a fingerprint)"})
	}
	if i.Unlisted != "" {
		out = append(out, Finding{Level: Note, Text: "whether other streams take Homing's messages is not known: " + i.Unlisted,
			Do: "let the user publish to $JS.API.STREAM.LIST, or run homing doctor --nats with a user who may"})
	}
	for _, f := range i.Foreign {
		out = append(out, f.judge()...)
	}
	return Of(Secret, out...)
}

func (f ForeignStream) judge() (out []Finding) {
	about := "stream " + f.Name
	if len(f.Captures) > 0 {
		out = append(out, Finding{Level: Trouble, About: about, Text: fmt.Sprintf("is not Homing's, and its subjects (%s) take what is published to %s", and(f.Subjects), and(f.Captures)),
			Why: "Homing's own stream for them cannot be made, or gets only a part, and publishers get acknowledgements for events that Homing never sees",
			Do:  "nats stream edit " + f.Name + " and leave these subjects out, or delete it; then: homing setup"})
	}
	if len(f.Drains) > 0 {
		out = append(out, Finding{Level: Trouble, About: about, Text: "is a mirror of, or has as a source, " + and(f.Drains),
			Why: "what is planned is a work queue: a mirror or a source takes emails off it, which are then never sent", Do: "nats stream rm " + f.Name + "; then homing replan for what is missing"})
	}
	return out
}
