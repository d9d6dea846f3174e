package survey

import (
	"regexp"
	"strings"
)

// A lead is a form of question that suggests its answer.
type lead struct {
	says *regexp.Regexp
	why  string
}

const (
	presumes = "presumes what it asks: ask how something was, and let the answer say whether it was good"
	expects  = "expects a yes: ask openly, as in “How was …?” or “Was …?”"
	praises  = "praises what it asks about: leave the praise out"
)

func leads(why string, forms ...string) (out []lead) {
	for _, f := range forms {
		out = append(out, lead{regexp.MustCompile(`(?i)` + f), why})
	}
	return out
}

func joined(all ...[]lead) (out []lead) {
	for _, l := range all {
		out = append(out, l...)
	}
	return out
}

// leadsIn are the forms that are recognised, by language; docs/surveys.md lists them.
var leadsIn = map[string][]lead{
	"en": joined(
		leads(presumes,
			`^how (very )?(great|good|wonderful|amazing|excellent|awesome|fantastic|perfect|brilliant|lovely|delightful|beautiful|terrible|bad|awful|horrible)\b`,
			`\bhow much (do|did|would|have|will) (you|they) (really )?(love|loved|like|liked|enjoy|enjoyed|adore|hate|hated|dislike)\b`,
			`\bwhy (do|did) you (love|like|enjoy|prefer|hate|dislike)\b`,
			`\bwhat (do|did) you (love|like|enjoy|hate) most\b`),
		leads(expects,
			`^(don|do|did|didn|would|wouldn|is|isn|are|aren|was|wasn|were|weren|have|haven|has|hasn|can|could|couldn|will|won|should|shouldn)([’']t| not) (you|it|we|our|they|this|that|your|the)\b`,
			`^(do|did|would) (you|you not) (not )?agree\b`,
			`\bwouldn[’']t you (say|agree)\b`,
			`,\s*(isn|aren|wasn|weren|don|doesn|didn|won|wouldn|haven|hasn|can|couldn)[’']t (it|you|they|we)\s*\?$`,
			`,\s*(right|correct|no|yes)\s*\?$`),
		leads(praises, `\b(our|the|this|your new) (great|wonderful|amazing|excellent|award-winning|fantastic|famous|popular|unbeatable|outstanding|superb)\b`)),
	"de": joined(
		leads(presumes,
			`^wie (sehr )?(toll|großartig|wunderbar|fantastisch|hervorragend|super|perfekt|schrecklich|schlecht|furchtbar) `,
			`\bwie sehr (lieben|liebst|mögen|magst|genießen|haben sie|hast du|hat (es )?(ihnen|dir|euch))\b`,
			`^(warum|weshalb) (lieben|mögen|bevorzugen) sie\b`),
		leads(expects,
			`^(finden|meinen|denken|glauben|sind|würden|stimmen|haben|war|waren|ist) (sie|du|es|das|wir|unser|unsere)\b.*\bnicht auch\b`,
			`^(finden|meinen|denken|glauben|würden) (sie|du) nicht\b`,
			`,?\s*(nicht wahr|oder(?: nicht)?|stimmt[’']?s|richtig|gell)\s*\?$`),
		leads(praises, `\b(unser|unsere|unseren|unserem|unserer|unseres) (toll|großartig|wunderbar|fantastisch|hervorragend|beliebt|ausgezeichnet|preisgekrönt)\pL*`)),
	"fr": joined(
		leads(presumes,
			`(à quel point|combien) (avez-vous|as-tu) (aimé|adoré|apprécié|détesté)`,
			`(à quel point|combien) (aimez|adorez|appréciez|détestez)-vous`,
			`^pourquoi (aimez|adorez|préférez|détestez)-vous`),
		leads(expects,
			`n[’']est-ce pas`,
			`^(ne |n[’'])\S+-(vous|tu|il|elle|ce) (pas)\b`,
			`,\s*(non|oui|d[’']accord)\s*\?$`),
		leads(praises, `\bnotre (excellent|magnifique|merveilleu\pL+|formidable|fantastique|superbe|fameu\pL+|incroyable)\pL*`)),
	"es": joined(
		leads(presumes,
			`cuánto (le|te|les|os) (ha )?(gust|encant)\pL+`,
			`qué tan (bueno|buena|genial|maravillos\pL|excelente|increíble|fantástic\pL|malo|mala|terrible)`,
			`^¿?por qué (le|te) (gusta|encanta)`),
		leads(expects,
			`^¿?no (cree|crees|piensa|piensas|le parece|te parece|está|estás|es|fue|le gusta|te gusta)\b`,
			`,?\s*¿?(verdad|no es así|no|cierto|a que sí)\s*\?$`),
		leads(praises, `\bnuestr[oa]s? (excelente|maravillos\pL+|fantástic\pL+|increíble|magnífic\pL+|estupend\pL+|famos\pL+)`)),
}

// leading says why a question suggests its answer; "": it is not known to.
func leading(language, text string) string {
	text = strings.Join(strings.Fields(text), " ")
	language, _, _ = strings.Cut(language, "-")
	for _, l := range leadsIn[language] {
		if l.says.MatchString(text) {
			return l.why
		}
	}
	return ""
}
