package intake_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/intake"
	"homing/pkg/render"
)

// shop is the store main, whose emails lead to shop.example and its cdn.
type shop struct{ asked int }

var view = render.Store{URL: "https://shop.example", LinkHosts: []string{"cdn.shop.example"}}

func (s *shop) MayLink(_, url string) bool { s.asked++; return render.MayLink(&view, url) }
func (s *shop) MayShow(_, url string) bool { s.asked++; return render.MayShow(&view, url) }

// warned takes messages in and returns what was warned about.
func warned(t *testing.T, w *world, links intake.Links, msgs ...*message) (out []customer.Entry) {
	t.Helper()
	o := w.options(t)
	o.Links, o.Warned = links, func(e customer.Entry) { out = append(out, e) }
	feed(t, intake.New(o).Handle, msgs, time.Second)
	return out
}

func cart(seq uint64, url, item, image string) *message {
	return &message{subject: "storefront.main.cart.abandoned", seq: seq, data: `{"customer":{"id":"ann"},"cart":{"id":"1","url":"` + url +
		`","items":[{"product_id":"p","name":"P","quantity":1,"url":"` + item + `","image_url":"` + image + `"}]}}`}
}

func TestALinkToAHostThatIsNotAllowedIsWarnedOf(t *testing.T) {
	const ok, evil = "https://www.shop.example/c?x=1", "https://evil.example/c?token=123"
	for _, c := range []struct {
		name              string
		cart, item, image string
		want              []string // reason, field and a part of the detail
	}{
		{"all is right", ok, "http://shop.example", "https://pictures.example/p.jpg", nil},
		{"an allowed host", "https://cdn.shop.example?c=1", ok, ok, nil},
		{"the cart leads elsewhere", evil, ok, ok, []string{`link_host cart.url "evil.example"`}},
		{"an item does", ok, evil, ok, []string{`link_host cart.items[0].url "evil.example"`}},
		{"a port is no other host", "https://shop.example:8443/c", ok, ok, nil},
		{"a host that only begins alike", "https://shop.example.evil.example/", ok, ok, []string{`link_host cart.url "shop.example.evil.example"`}},
		{"a picture without https", ok, ok, "http://pictures.example/p.jpg", []string{`link_host cart.items[0].image_url "http://pictures.example"`}},
		{"no address at all", "javascript:alert(1)", evil, ok, []string{"dropped_url cart.url javascript", `link_host cart.items[0].url "evil.example"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{}
			got := warned(t, w, &shop{}, cart(1, c.cart, c.item, c.image))
			if len(w.entries) != 1 {
				t.Fatal("the event was not taken in")
			}
			var warnings []events.Warning
			if len(got) > 0 {
				warnings = got[0].Event.Warnings
			}
			if len(warnings) != len(c.want) {
				t.Fatalf("%v, want %v", warnings, c.want)
			}
			for i, want := range c.want {
				part := strings.SplitN(want, " ", 3)
				if x := warnings[i]; string(x.Reason) != part[0] || x.Field != part[1] || !strings.Contains(x.Detail, part[2]) || strings.Contains(x.String(), "token") {
					t.Errorf("%v, want %s", x, want)
				}
			}
		})
	}
}

func TestOneEventHasFewWarningsAboutHosts(t *testing.T) {
	items := strings.TrimSuffix(strings.Repeat(`{"product_id":"p","name":"P","quantity":1,"url":"https://evil.example"},`, 100), ",")
	got := warned(t, &world{}, &shop{}, &message{subject: "storefront.main.cart.abandoned", seq: 1, data: `{"customer":{"id":"ann"},"cart":{"id":"1","items":[` + items + `]}}`})
	if len(got) != 1 || len(got[0].Event.Warnings) != 10 {
		t.Errorf("%v", got)
	}
}

// What is not taken in comes again; it is warned of once it is.
func TestOnlyWhatWasTakenInIsWarnedOf(t *testing.T) {
	w := &world{fail: map[string]int{"append": 1}}
	o := w.options(t)
	var did []int
	o.Links, o.Warned = &shop{}, func(customer.Entry) { did = append(did, len(w.did)) }
	feed(t, intake.New(o).Handle, []*message{cart(1, "https://evil.example", "", "")}, time.Second)
	if want := []string{"fold 1", "append 1", "fold 1", "append 1", "mark 1"}; !slices.Equal(w.did, want) || !slices.Equal(did, []int{len(want)}) {
		t.Errorf("did %v, and warned after %v of it", w.did, did)
	}
}

func TestAHostIsAskedAboutOnce(t *testing.T) {
	s := &shop{}
	var msgs []*message
	for i := range 50 {
		msgs = append(msgs, cart(uint64(i+1), "https://shop.example/1", "https://shop.example/2", "https://shop.example/3"))
	}
	if got := warned(t, &world{}, s, msgs...); got != nil || s.asked != 2 {
		t.Errorf("asked %d times, want 2: as a link and as a picture; %v", s.asked, got)
	}
}

func TestWarningsAreNotOnTheTimeline(t *testing.T) {
	w := &world{}
	warned(t, w, &shop{}, cart(1, "https://evil.example/c", "", ""))
	data, err := events.Encode(w.entries[0].Event)
	if err != nil || strings.Contains(string(data), "link_host") {
		t.Errorf("%s, %v", data, err)
	}
	e, err := events.DecodeTrusted("main", data)
	if d := cmp.Diff([]events.Warning(nil), e.Warnings); err != nil || d != "" {
		t.Error(d, err)
	}
}
