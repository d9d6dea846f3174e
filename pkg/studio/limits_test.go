package studio_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"homing/pkg/console"
	"homing/pkg/studio"
)

// nobody is an installation whose customers are asked for and not found.
type nobody struct{ asked int }

func (n *nobody) Email(context.Context, string, string, string) (studio.CustomerEmail, error) {
	n.asked++
	return studio.CustomerEmail{}, fmt.Errorf("nobody is known by that")
}

// Nobody copies a shop's customers by looking them up, by whichever door; who is kept from it
// keeps nobody else.
func TestLookingUpCustomersIsLimited(t *testing.T) {
	of := &nobody{}
	d := openedConsole(t, withCustomers, func(o *studio.Options, _ *console.Options) { o.Customers = of })
	for name, look := range map[string]func(p *person, who string) int{
		"the page of customers": func(p *person, who string) int {
			code, _ := p.submit("/customers", nil, "q", who)
			return code
		},
		"the preview of an email": func(p *person, who string) int {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL()+"/api/preview", strings.NewReader(jsonOf(t, map[string]string{"email": inEmail, "who": who})))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			code, _ := p.do(req)
			return code
		},
	} {
		ann, bob := d.signedIn(t, annsToken), d.signedIn(t, bobsToken)
		var codes []int
		for i := range 70 { // in two minutes at most
			codes = append(codes, look(ann, fmt.Sprintf("c-%d@example.com", i)))
		}
		if codes[0] == http.StatusTooManyRequests || codes[69] != http.StatusTooManyRequests {
			t.Errorf("%s: %v", name, codes)
		}
		if code := look(bob, "x"); code == http.StatusTooManyRequests {
			t.Errorf("%s: another one is kept from it as well", name)
		}
	}
	if of.asked > 61 {
		t.Errorf("%d customers were asked for", of.asked)
	}
}
