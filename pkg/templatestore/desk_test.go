package templatestore_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"homing/pkg/templatestore"
)

// Twenty who save at once all have what they saved on the desk.
func TestTheDeskKeepsWhatEverybodySaved(t *testing.T) {
	s := templatestore.New(open(t))
	if d, err := s.Desk(t.Context()); err != nil || d.Revision != 0 || d.Edits != nil {
		t.Fatal(d, err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := s.ChangeDesk(t.Context(), func(d *templatestore.Desk) error {
				d.Put(templatestore.Edit{Path: fmt.Sprintf("a/%d.html", i), By: "Ann", Text: fmt.Appendf(nil, "text %d", i)})
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	d, err := s.Desk(t.Context())
	if err != nil || len(d.Edits) != 20 || string(d.Edit("a/7.html").Text) != "text 7" || d.Edit("a/7.html").By != "Ann" {
		t.Fatalf("%+v, %v", d, err)
	}
	no := errors.New("no")
	if _, err := s.ChangeDesk(t.Context(), func(d *templatestore.Desk) error { d.Edits = nil; return no }); !errors.Is(err, no) {
		t.Error(err)
	}
	after, err := s.ChangeDesk(t.Context(), func(d *templatestore.Desk) error { d.Take("a/7.html"); return nil })
	if err != nil || after.Revision <= d.Revision || len(after.Edits) != 19 || after.Edit("a/7.html") != nil {
		t.Errorf("%+v, %v", after, err)
	}
	if got := after.Over(files("a/1.html=before", "b/c.html=stays")); string(got["a/1.html"]) != "text 1" || string(got["b/c.html"]) != "stays" || len(got) != 20 {
		t.Errorf("%d files", len(got))
	}
	// A version is published as before, and the desk is no version.
	publish(t, s, 0, "Ann", "a/b.html=x")
	if h, err := s.History(t.Context(), 9); err != nil || len(h) != 1 {
		t.Errorf("%v, %v", h, err)
	}
}
