package installation_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/installation"
	"homing/pkg/templatestore"
	"homing/pkg/timeline"
)

// Who published what is on the timeline of each store once, also what a publisher that
// died did not come to tell, and for a store that was added since.
func TestTheTimelineSaysWhoPublished(t *testing.T) {
	js := natstest.Start(t, t.TempDir()).JS
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	s, tl := templatestore.New(js), timeline.New(js)
	publish := func(base int, who, note, text string, restores int) {
		t.Helper()
		d := templatestore.Draft{Files: templatestore.Files{"a/b.html": []byte(text)}, Base: base, Author: who, Message: note, Restores: restores}
		if _, err := s.Publish(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	tell := func(stores ...string) {
		t.Helper()
		if err := installation.TellPublished(t.Context(), tl, s, stores); err != nil {
			t.Fatal(err)
		}
	}
	told := func(store string) (out []events.TemplatesPublished) {
		t.Helper()
		err := tl.ReadType(t.Context(), store, events.TypeTemplatesPublished, nil, func(es []customer.Entry) error {
			for _, e := range es {
				out = append(out, *e.Event.Data.(*events.TemplatesPublished))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	tell("main")
	if got := told("main"); got != nil {
		t.Errorf("before anything was published: %+v", got)
	}
	publish(0, "Ann", "spring", "1", 0)
	publish(1, "Bob", "", "2", 0) // by a publisher that died over it
	publish(2, "Ann", "back", "1", 1)
	tell("main")
	tell("main", "tea")
	want := []events.TemplatesPublished{{Version: 1, Author: "Ann", Message: "spring"}, {Version: 2, Author: "Bob"}, {Version: 3, Author: "Ann", Message: "back", Restores: 1}}
	for _, store := range []string{"main", "tea"} {
		if d := cmp.Diff(want, told(store)); d != "" {
			t.Errorf("%s: -published +told:\n%s", store, d)
		}
	}
}
