package programme

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"homing/pkg/reason"
	"homing/pkg/render"
	"homing/pkg/touch"
	"homing/templates"
	"homing/workers"
)

// A store that makes a survey of its own keeps to what the worker looks for.
func TestAWorkerFindsTheAnswersOfItsSurvey(t *testing.T) {
	step := touch.Step{Template: "survey/order", Survey: "order/csat"}
	for name, c := range map[string]struct {
		own  string
		step touch.Step
		want string
	}{
		"as it comes":      {"", step, ""},
		"in its own words": {"about: order\nquestion: {asks: csat, text: {en: How was it?, de: Wie war es?, fr: Alors?, es: Bien?}}\n", step, ""},
		"on another scale": {"about: order\nquestion: {asks: nps, text: {en: How was it?, de: Wie war es?, fr: Alors?, es: Bien?}}\n", step, "surveys/order.yaml asks nps, and its worker looks for answers to csat"},
		"another survey":   {"", touch.Step{Template: "survey/shop", Survey: "order/csat"}, "asks another survey than surveys/order.yaml"},
		"no survey":        {"", touch.Step{Template: "survey/order"}, ""},
	} {
		fsys := fstest.MapFS{}
		if err := render.EachFile(templates.Files, func(p string) error {
			b, err := templates.Files.ReadFile(p)
			if dir, _, _ := strings.Cut(p, "/"); dir == "survey" || dir == "surveys" || dir == "layouts" || dir == "partials" || dir == "phrases" {
				fsys[p] = &fstest.MapFile{Data: b}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if c.own != "" {
			fsys["stores/main/surveys/order.yaml"] = &fstest.MapFile{Data: []byte(c.own)}
		}
		draft, err := render.LoadDraft(fsys, render.Only{Mail: c.step.Template, Unchecked: true})
		if err != nil || draft.Err() != nil {
			t.Fatal(err, draft.Err())
		}
		err = checkSurvey(draft.Set, "main", c.step)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestALiveWorkerGoesBeforeAnother(t *testing.T) {
	says := func(name string, status workers.Status) *Worker {
		w := &Worker{Kind: workers.Kind{Name: name}}
		w.Settings.Status = status
		w.Worker.GoesBefore = func(touch.Touch, workers.Input) touch.Verdict {
			return touch.HoldUntil(time.Unix(1, 0), reason.NotYet, name)
		}
		return w
	}
	for status, want := range map[workers.Status]string{workers.Live: "first", workers.Shadow: "", workers.Paused: "", workers.Off: ""} {
		s := &Store{Workers: []*Worker{says("own", workers.Live), {}, says("first", status)}}
		if got := s.GoesBefore(touch.Touch{Worker: "own"}, workers.Input{}); got.Detail != want {
			t.Errorf("%s: %+v", status, got)
		}
	}
}
