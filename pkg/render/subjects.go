package render

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxArms is how many subjects of one email can be compared.
const maxArms = 8

// armName is what a subject to compare may be called.
var armName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,15}$`)

// armPrefix is how the keys of phrases begin that are subjects to compare.
const armPrefix = "subject."

// An arm is one of the subjects that an email may have.
type arm struct {
	name    string // "" if there is no other
	program *program
}

// A wording is the source of one of them.
type wording struct {
	arm    string
	source *source
}

// key is the name of the template that an arm becomes.
func (w wording) key() string {
	if w.arm == "" {
		return "subject"
	}
	return armPrefix + w.arm
}

// arm returns which subject is shown: the one that is asked for, or else the one that
// falls to the email. That is the same at each attempt and in each process.
func (m *mail) arm(d *Data) arm {
	if len(m.subjects) == 1 {
		return m.subjects[0]
	}
	if i := slices.IndexFunc(m.subjects, func(a arm) bool { return a.name == d.SubjectArm }); i >= 0 {
		return m.subjects[i]
	}
	h := sha256.Sum256([]byte(d.Draw))
	return m.subjects[binary.BigEndian.Uint64(h[:])%uint64(len(m.subjects))]
}

// checkSubjects reports what is wrong with the subjects of a front matter.
func (fm *frontMatter) checkSubjects(path string, ps *problems) {
	at := fm.lines["subjects"]
	switch {
	case len(fm.Subjects) == 0:
		if at > 0 {
			ps.addf(path, at, 0, "subjects are two or more to compare, as in {a: …, b: …}; for one, write subject")
		}
		return
	case fm.Subject != "":
		ps.addf(path, at, 0, "subject and subjects exclude each other: leave one of them out")
	}
	checkArms(slices.Sorted(maps.Keys(fm.Subjects)), func(format string, args ...any) { ps.addf(path, at, 0, format, args...) })
}

// checkArms reports what is wrong with the names of subjects to compare.
func checkArms(names []string, report func(format string, args ...any)) {
	if len(names) == 1 {
		report("there is no subject to compare %s with: write a second one, or only subject", names[0])
	}
	if len(names) > maxArms {
		report("%d subjects are compared, and %d can be: most would be seen by too few people to tell", len(names), maxArms)
	}
	for _, name := range names {
		if !armName.MatchString(name) {
			report("a subject to compare is called by lower-case letters, digits and dashes, such as a and b, not %q", name)
		}
	}
}

// subjects returns the sources of an email's subjects: those of its front matter, or
// else those that a language has phrases for.
func (d *directory) subjects(o *original, b *book) []wording {
	var out []wording
	for _, name := range slices.Sorted(maps.Keys(o.fm.Subjects)) {
		out = append(out, wording{name, d.headline(o, "subjects", o.fm.Subjects[name])})
	}
	if len(out) > 0 || o.fm.Subject != "" || b == nil {
		if len(out) == 0 {
			out = []wording{{"", d.headline(o, "subject", o.fm.Subject)}}
		}
		return out
	}
	arms := b.arms(o.name)
	for _, name := range arms {
		out = append(out, wording{name, d.phraseSource(o, armPrefix+name)})
	}
	if len(arms) == 0 {
		return []wording{{"", d.phraseSource(o, "subject")}}
	}
	checkArms(arms, func(format string, args ...any) { b.in(o.name, armPrefix+arms[0]).report(d.ps, 0, format, args...) })
	return out
}

// arms returns the names of the subjects to compare that a language has for an email.
func (b *book) arms(section string) []string {
	names := map[string]bool{}
	for ; b != nil; b = b.wider {
		for key := range b.sections[section] {
			if name, is := strings.CutPrefix(key, armPrefix); is {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// saying is an email with the subjects that it has in a language.
func (d *directory) saying(o *original, b *book) *original {
	if o.fm.Subject != "" || len(o.fm.Subjects) > 0 {
		return o
	}
	own := *o
	own.subjects = d.subjects(o, b)
	return &own
}

// withArms returns samples for each of the subjects.
func (m *mail) withArms(samples []Sample) []Sample {
	if len(m.subjects) == 1 {
		return samples
	}
	var out []Sample
	for _, a := range m.subjects {
		for _, s := range samples {
			s.Name += ", subject " + a.name
			s.Data.SubjectArm = a.name
			out = append(out, s)
		}
	}
	return out
}
