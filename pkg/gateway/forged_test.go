package gateway_test

import (
	"net/http"
	"strings"
	"testing"
)

// Somebody tries a thousand links that are nearly right: each of its characters is
// another one, and parts of it are missing, or there twice. Nobody leaves by them.
func TestNobodyLeavesByAForgedLink(t *testing.T) {
	s := open(t)
	good := s.unsubscribe()
	path := strings.Index(good, "/u/") + len("/u/")
	var forged []string
	for i := path; i < len(good); i++ {
		for _, c := range "abcxyz27-_.=%/" {
			if !strings.EqualFold(string(c), good[i:i+1]) { // capitals are forgiven
				forged = append(forged, good[:i]+string(c)+good[i+1:])
			}
		}
		forged = append(forged, good[:i], good[:i]+good[i+1:], good[:i]+good[i:i+1]+good[i:])
	}
	if len(forged) < 921 {
		t.Fatalf("%d forged links only", len(forged))
	}
	for _, u := range forged {
		if _, err := http.NewRequest("POST", u, nil); err != nil {
			continue // no client can ask for that
		}
		if a := s.do("POST", u, formType, "List-Unsubscribe=One-Click"); a.StatusCode/100 != 4 && a.StatusCode/100 != 3 || strings.Contains(a.body, "ann") {
			t.Errorf("%s: %d %s", u, a.StatusCode, a.body)
		}
	}
	if len(s.timeline) > 0 || len(s.left) > 0 {
		t.Errorf("%d of %d forged links were taken", len(s.timeline), len(forged))
	}
	if a := s.do("POST", good, formType, "List-Unsubscribe=One-Click"); a.StatusCode != 200 || len(s.left) != 1 {
		t.Errorf("the link that was forged: %d %s", a.StatusCode, a.body)
	}
}
