package homingtest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/reason"
	"homing/pkg/templatestore"
)

const fromBucket = "templates: {source: bucket}\n"

// published is the version of a shop's templates that a test publishes next.
func published(w *homingtest.World, base int, f templatestore.Files) {
	w.T.Helper()
	if _, err := templatestore.New(w.JS).Publish(w.T.Context(), templatestore.Draft{Files: f, Base: base, Author: "Ann"}); err != nil {
		w.T.Fatal(err)
	}
}

// versions lists subject, and template_version, of what was sent.
func versions(w *homingtest.World) (out []string) {
	w.T.Helper()
	for i, f := range w.Facts() {
		if sent, ok := f.Data.(*events.EmailSent); ok {
			subject, _, _ := strings.Cut(w.Sink.Mails()[i].Subject, " ")
			out = append(out, subject+" "+sent.TemplateVersion)
		}
	}
	return out
}

func broken() templatestore.Files {
	return templatestore.Files{"thank-you/thanks.html": []byte("---\nsubject: Broken\npreheader: Broken\n---\n<p>{{.Nobody}}</p>\n")}
}

// A version is in use a second after it was published. One that cannot be loaded is
// not used, not even after a restart; the last good one is.
func TestAPublishedVersionIsInUseASecondLater(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, fromBucket)
		w.Start()
		order := func(id string) {
			w.Publish("main", homingtest.Order("ann-"+id, id))
			time.Sleep(31 * time.Minute)
		}
		order("1001")
		builtIn := w.Facts()[0].Data.(*events.EmailSent).TemplateVersion
		if !strings.HasPrefix(builtIn, "built-in-") {
			t.Errorf("version %q of an installation without one", builtIn)
		}
		for n := range 3 {
			w.Publish("main", homingtest.Order("cat-"+string(rune('a'+n)), "200"+string(rune('1'+n))))
			time.Sleep(30*time.Minute - 1500*time.Millisecond)
			published(w, n, homingtest.Edition(n+1))
			time.Sleep(10 * time.Second)
		}
		published(w, 3, broken())
		published(w, 4, broken().Over(homingtest.Edition(5)))
		order("1002")
		says := func(version string) {
			t.Helper()
			ps, err := templatestore.Ask(t.Context(), w.JS.Conn())
			if err != nil || len(ps) != 1 || ps[0].Version != version || ps[0].Refused == nil || ps[0].Refused.Version != 5 ||
				!strings.Contains(ps[0].Refused.Problem, "thank-you/thanks.html:5:") {
				t.Errorf("%+v, %v", ps, err)
			}
		}
		says("3")
		w.Stop()
		w.Start()
		order("1003")
		says("3")
		published(w, 5, homingtest.Edition(6))
		order("1004")
		ps, err := templatestore.Ask(t.Context(), w.JS.Conn())
		if err != nil || len(ps) != 1 || ps[0].Version != "6" || ps[0].Refused != nil {
			t.Errorf("%+v, %v", ps, err)
		}
		want := []string{"V1. 1", "V2. 2", "V3. 3", "V3. 3", "V3. 3", "V6. 6"}
		if d := cmp.Diff(want, versions(w)[1:]); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// Where nothing can be loaded nothing is sent, and nothing is lost.
func TestWithoutTemplatesNothingIsSent(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, fromBucket)
		w.Start()
		w.Stop()
		published(w, 0, broken())
		w.Begin()
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(time.Hour)
		if err := w.Ready(); err == nil || !strings.Contains(err.Error(), string(reason.NoTemplates)) {
			t.Errorf("ready: %v", err)
		}
		if n := len(w.Sink.Mails()); n != 0 {
			t.Errorf("%d emails left", n)
		}
		published(w, 1, homingtest.Edition(2))
		time.Sleep(time.Minute)
		if d := cmp.Diff([]string{"V2. 2"}, versions(w)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if err := w.Ready(); err != nil {
			t.Error(err)
		}
	})
}
