package render

import (
	"maps"
	"path"
	"slices"

	"homing/pkg/survey"
)

// surveyFile is where a survey is defined.
func surveyFile(name string) string { return path.Join(surveysDir, name+survey.Ext) }

// readSurveys reads the definitions among some files.
func (d *directory) readSurveys(files map[string]string) {
	for _, p := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(p) != surveysDir {
			continue
		}
		s, found := survey.Parse(p, files[p])
		for _, x := range found {
			d.ps.add(x)
		}
		if s != nil {
			d.surveys[s.Name] = s
		}
	}
}

// surveyOf returns the survey that an email asks; nil if it asks none, or one that there
// is not in its language, which is reported.
func (d *directory) surveyOf(o *original, tag string) *survey.Survey {
	name := o.fm.Survey
	s := d.surveys[name]
	switch {
	case name == "":
		return nil
	case s == nil && d.raw[surveyFile(name)] == "":
		d.ps.addf(o.page, o.fm.lines["survey"], 0, "there is no %s%s", surveyFile(name), didYouMean(name, slices.Sorted(maps.Keys(d.surveys))))
	case s == nil: // it is broken, which was reported
		d.ps.found++
	case tag != "" && !s.Asks.Text.Has(tag):
		d.ps.addf(surveyFile(name), 0, 0, "question.text.%s: is missing: %s, which asks it, is offered in %s", tag, o.name, tag)
		return nil
	}
	return s
}

// ask fills in a survey's question in a language. Either all answers have a link, or there
// is no question: half of it would be another one.
func (v *Survey) ask(a Ask, s *survey.Survey, lang string) bool {
	q := &s.Asks
	*v = Survey{Name: s.Name, Question: q.Text.In(lang)}
	if a.link == nil {
		return false
	}
	if q.Scale != "" {
		v.Scale = scale(a, q.Scale, s.Name+"/"+q.ID)
		return len(v.Scale.Scores) > 0
	}
	for _, c := range q.Choices {
		url := webURL(a.link(Reply{Survey: s.Name, Question: q.ID, Choice: c.ID}))
		if url == "" {
			return false
		}
		v.Choices = append(v.Choices, Link{c.Text.In(lang), url})
	}
	return true
}

// Survey returns the definition of a survey as a store has it; nil: there is none.
func (s *Set) Survey(store, name string) *survey.Survey {
	all := s.surveys[store]
	if all == nil {
		all = s.surveys[""]
	}
	return all[name]
}

// SurveyOf returns the survey that an email asks in a store; nil: it asks none.
func (s *Set) SurveyOf(store, mail string) *survey.Survey {
	c := s.of(store, mail)
	if c == nil || len(c.all) == 0 {
		return nil
	}
	return c.all[0].survey
}
