package survey

import (
	"fmt"
	"strings"
	"testing"
)

const order = `about: order
question:
  asks: csat
  text: {en: How happy are you?, de: Wie zufrieden sind Sie?}
more:
  - id: parcel
    scale: csat
    text: {en: How was the delivery?, de: Wie war die Lieferung?}
  - id: often
    text: {en: How often do you buy tea?, de: Wie oft kaufen Sie Tee?}
    choices:
      - {id: rarely, text: {en: 1–3 times a year, de: 1–3-mal im Jahr}}
      - {id: often, text: {en: 4 times or more, de: 4-mal oder mehr}}
  - id: better
    words: true
    text: {en: What could be better?, de: Was können wir besser machen?}
birthday: true
`

func TestADefinitionIsRead(t *testing.T) {
	s, found := Parse("surveys/order.yaml", order)
	if len(found) > 0 {
		t.Fatal(found)
	}
	if s.Name != "order" || s.About != AboutOrder || s.Asks.ID != "csat" || s.Asks.Scale != "csat" || len(s.More) != 3 || !s.Birthday {
		t.Errorf("%+v", s)
	}
	var kinds []string
	for i := range s.More {
		kinds = append(kinds, s.More[i].Kind())
	}
	if got := strings.Join(kinds, " "); got != "scale choice text" {
		t.Error(got)
	}
	if q := s.Question("often"); q == nil || q.Choice("rarely").Text.In("de-AT") != "1–3-mal im Jahr" || q.Choice("never") != nil || s.Question("none") != nil {
		t.Errorf("%+v", q)
	}
	for language, want := range map[string]string{"de": "Wie zufrieden sind Sie?", "fr": "How happy are you?", "": "How happy are you?"} {
		if got := s.Asks.Text.In(language); got != want {
			t.Errorf("%q: %q", language, got)
		}
	}
	if s.Asks.Text.Has("fr") || !s.Asks.Text.Has("de-AT") {
		t.Error("which languages there are")
	}
}

func TestWhatIsWrongIsNamedByFileAndField(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"about: order", "about: orders", `surveys/order.yaml:1: about: "orders" is not one of`},
		{"asks: csat", "asks: stars", `question.asks: "stars" is not one of csat`},
		{"asks: csat", "asks: csat\n  id: happy", "question: is called by what it asks"},
		{"asks: csat", "asks: solved", "question.choices: are none; solved has yes and no"},
		{"birthday: true", "birthdate: true", `unknown field "birthdate"; a survey has about`},
		{"scale: csat\n", "scale: stars\n", `more[0].scale: there is no scale "stars"`},
		{"scale: csat\n", "scale: csat\n    words: true\n", "more[0]: needs one of scale, choices and words: true, and has 2"},
		{"    words: true\n", "", "more[2]: needs one of scale, choices and words: true, and has 0"},
		{"id: better", "id: parcel", `more[2].id: another question of the survey is called "parcel"`},
		{"id: better", "id: csat", `more[2].id: another question of the survey is called "csat"`},
		{"id: better", "id: Better!", `more[2].id: "Better!" cannot be the name`},
		{"{id: often, text", "{id: rarely, text", `more[1].choices[1].id: another choice of the question is called "rarely"`},
		{", de: Was können wir besser machen?", "", "more[2].text.de: is missing: the question in the email is in de, en"},
		{"What could be better?,", "What could be better?, fr: Quoi,", "more[2].text.fr: the question in the email has no fr"},
		{"How happy are you?", `""`, "question.text.en: is empty"},
		{"How happy are you?", "<b>Happy</b>", "has <, >, { or }"},
		{"4 times or more", "3 times or more", `more[1].choices[1].text.en: "3 times or more" overlaps with "1–3 times a year"`},
		{"4 times or more", "1–3 times a year", `"1–3 times a year" is what another choice says`},
		{"How was the delivery?", "How great was the delivery?", `more[0].text.en: "How great was the delivery?" presumes`},
		{"    choices:", "    choice:", "unknown field"},
		{"about: order", "about: [", ""},
	} {
		s, found := Parse("surveys/order.yaml", strings.Replace(order, c.from, c.to, 1))
		var got []string
		for i := range found {
			got = append(got, found[i].Error())
		}
		if s != nil || !strings.Contains(strings.Join(got, "\n"), c.want) || len(got) == 0 {
			t.Errorf("%s → %s: %q, want %q", c.from, c.to, got, c.want)
		}
	}
	if _, found := Parse("surveys/order.yaml", "  \n"); len(found) != 1 || !strings.Contains(found[0].Text, "is empty") {
		t.Error(found)
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1-3", "3-5", true}, {"1-3", "4-5", false}, {"18–25", "25–30", true}, {"18–25", "26–30", false}, {"18–25", "25–30 years", true},
		{"3-5", "5+", true}, {"3-5", "6+", false}, {"3-5", "over 5", false}, {"3-6", "over 5", true}, {"3-5", "5 or more", true}, {"3-5", "at least 5", true},
		{"under 18", "18-25", false}, {"up to 18", "18-25", true}, {"18 or younger", "18-25", true}, {"less than 19", "18-25", true},
		{"£20 to £50", "£50 to £100", true}, {"£20 to £49.99", "£50 to £100", false}, {"20,5–30", "30–40", true},
		{"1", "1-3", true}, {"4", "1-3", false}, {"1 time", "1-3 times", true}, {"5 minutes", "5 hours", false},
		{"1 bis 3", "3 bis 5", true}, {"über 5", "3 bis 5", false}, {"mehr als 4", "3 bis 5", true}, {"ab 5", "3 bis 5", true}, {"bis zu 3", "3 bis 5", true},
		{"de 1 à 3", "de 3 à 5", true}, {"plus de 5", "3 à 5", false}, {"5 ou plus", "3 à 5", true}, {"moins de 3", "3 à 5", false},
		{"de 1 a 3", "de 3 a 5", true}, {"entre 1 y 3", "4 o más", false}, {"más de 5", "3 a 6", true}, {"hasta 3", "3 a 5", true},
		{"over 5", "5 or fewer", false}, {"over 5", "over 10", true}, {"A friend", "3-5", false}, {"2 of the 5", "2", false}, {"In 2024", "In 2023", false},
	} {
		if got := overlap(c.a, c.b); got != c.want || overlap(c.b, c.a) != got {
			t.Errorf("%q and %q: %v, and the other way round %v", c.a, c.b, got, overlap(c.b, c.a))
		}
	}
}

func TestLeadingQuestions(t *testing.T) {
	for _, c := range []struct{ language, leads, doesNot string }{
		{"en", "How great was your order?", "How was your order?"},
		{"en-US", "How amazing was our service?", "How easy was it to order?"},
		{"en", "Don’t you agree that it was fast?", "Was it fast enough?"},
		{"en", "Don't you agree?", "Do you have a dog?"},
		{"en", "Do you agree that we are fast?", "Are you over 18?"},
		{"en", "How much did you love the tea?", "How much tea do you drink?"},
		{"en", "The delivery was fast, wasn’t it?", "How fast was the delivery?"},
		{"en", "You liked it, right?", "What was not right?"},
		{"en", "How do you like our award-winning tea?", "How do you like our tea?"},
		{"en", "What did you like most?", "What did you buy it for?"},
		{"de", "Wie toll war Ihre Bestellung?", "Wie war Ihre Bestellung?"},
		{"de", "Finden Sie nicht auch, dass wir schnell sind?", "Finden Sie, was Sie suchen?"},
		{"de", "Die Lieferung war schnell, oder?", "Tee oder Kaffee?"},
		{"de", "Wie sehr hat Ihnen der Tee gefallen?", "Wie zufrieden sind Sie?"},
		{"fr", "À quel point avez-vous aimé le thé ?", "Comment avez-vous trouvé le thé ?"},
		{"fr", "N’est-ce pas rapide ?", "Est-ce rapide ?"},
		{"fr", "Ne trouvez-vous pas cela rapide ?", "Trouvez-vous cela rapide ?"},
		{"es", "¿Cuánto le gustó el té?", "¿Qué le pareció el té?"},
		{"es", "¿No cree que somos rápidos?", "¿Cree que somos rápidos?"},
		{"es", "La entrega fue rápida, ¿verdad?", "¿Fue rápida la entrega?"},
	} {
		if leading(c.language, c.leads) == "" || leading(c.language, c.doesNot) != "" {
			t.Error(fmt.Sprint(c), leading(c.language, c.leads), leading(c.language, c.doesNot))
		}
	}
}
