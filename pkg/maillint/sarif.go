package maillint

import "slices"

// A Log is a document of SARIF 2.1.0 (OASIS), in which code hosts read findings: one run
// of one tool.
type Log struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []run  `json:"runs"`
}

type run struct {
	Tool    tool     `json:"tool"`
	Results []result `json:"results"`
}

type tool struct {
	Driver driver `json:"driver"`
}

type driver struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Rules   []rule `json:"rules"`
}

type rule struct {
	ID    string  `json:"id"`
	Short message `json:"shortDescription"`
}

type result struct {
	RuleID    string     `json:"ruleId"`
	Level     string     `json:"level"`
	Message   message    `json:"message"`
	Locations []location `json:"locations,omitempty"`
}

type message struct {
	Text string `json:"text"`
}

type location struct {
	Physical physical `json:"physicalLocation"`
}

type physical struct {
	Artifact artifact `json:"artifactLocation"`
	Region   *region  `json:"region,omitempty"`
}

type artifact struct {
	URI string `json:"uri"`
}

// A region begins at a line, which SARIF wants to be given if there is a column.
type region struct {
	Line   int `json:"startLine"`
	Column int `json:"startColumn,omitempty"`
}

// rules says what each of them is about.
var rules = []rule{
	{RuleTemplate, message{"A template that does not work, or not with every customer's data"}},
	{RuleSpamFilter, message{"Something that spam filters count against an email"}},
	{RuleMailProgram, message{"HTML or CSS that mail programs drop"}},
	{RuleContrast, message{"Text that can hardly be told from its ground"}},
	{RuleImageSize, message{"A picture without a width"}},
	{RuleInsecure, message{"A link or picture without https"}},
	{RuleWords, message{"Phrases that are not translated, or that no email says"}},
}

// SARIF returns what was found as such a document.
func SARIF(found []Finding, version string) Log {
	r := run{Tool: tool{driver{"homing templates lint", version, slices.Clone(rules)}}, Results: []result{}}
	for _, f := range found {
		out := result{f.Rule, map[Level]string{Problem: "error", Warning: "warning", Note: "note"}[f.Level], message{f.Text}, nil}
		if f.File != "" {
			at := physical{Artifact: artifact{f.File}}
			if f.Line > 0 {
				at.Region = &region{f.Line, f.Column}
			}
			out.Locations = []location{{at}}
		}
		r.Results = append(r.Results, out)
	}
	return Log{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []run{r}}
}
