package studio_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"homing/pkg/studio"
)

// post sends JSON as a page would, and returns the answer.
func post(t *testing.T, url string, body any, header map[string]string) (int, string) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		if k == "Host" {
			req.Host = v
		} else {
			req.Header.Set(k, v)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

type files struct {
	Files []file `json:"files"`
}

type file struct {
	Path    string `json:"path"`
	Text    string `json:"text"`
	Version string `json:"version"`
}

func TestOtherPagesChangeNothing(t *testing.T) {
	s, dir := opened(t, studio.Options{})
	change := files{[]file{{Path: "win-back/new.txt", Text: "x"}}}
	for name, header := range map[string]map[string]string{
		"another site":         {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"another local server": {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
		"an old browser":       {"Origin": "http://evil.example"},
		"a sandboxed email":    {"Origin": "null"},
		"a name of elsewhere":  {"Host": "evil.example"},
		"a form":               {"Content-Type": "text/plain"},
	} {
		if code, body := post(t, s.URL()+"/api/save", change, header); code/100 != 4 {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "win-back/new.txt")); err == nil {
		t.Fatal("it was saved")
	}
	if code, body := post(t, s.URL()+"/api/save", change, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": s.URL()}); code != http.StatusOK {
		t.Errorf("the page itself: %d %s", code, body)
	}
}

func TestNothingIsSavedOutsideOfTheFolder(t *testing.T) {
	s, dir := opened(t, studio.Options{})
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"../x.html", "a/../../x.html", "/etc/x.html", "x.html", "win-back/.hidden.html", "win-back/x.sh", "linked/x.html", "stores/../x.html"} {
		if code, body := post(t, s.URL()+"/api/save", files{[]file{{Path: path, Text: "x"}}}, nil); code == http.StatusOK {
			t.Errorf("%s was saved: %s", path, body)
		}
	}
}

func TestWhoOnlyLooksChangesNothing(t *testing.T) {
	out := &outbox{}
	s, _ := opened(t, studio.Options{Access: viewers{}, Sender: out})
	for _, path := range []string{"/api/save", "/api/send"} {
		if code, body := post(t, s.URL()+path, files{}, nil); code != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, body := post(t, s.URL()+"/api/preview", map[string]string{"email": inEmail}, nil); code != http.StatusOK {
		t.Errorf("looking: %d %s", code, body)
	}
}

type viewers struct{}

func (viewers) Admit(*http.Request) *studio.Visitor { return &studio.Visitor{Name: "ann"} }

func TestTheFirstSaveMakesTheFolderOfWhatCameWithHoming(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "templates")
	s, from := opened(t, studio.Options{Dir: dir})
	_ = s
	carried, _ := opened(t, studio.Options{Dir: dir, Carried: os.DirFS(from)})
	code, body := post(t, carried.URL()+"/api/preview", map[string]string{"email": inEmail}, nil)
	if code != http.StatusOK || !strings.Contains(body, `"rendered":true`) {
		t.Fatalf("%d %s", code, body)
	}
	code, body = post(t, carried.URL()+"/api/save", files{[]file{{Path: "win-back/note.txt", Text: "x"}}}, nil)
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	for _, p := range []string{"win-back/note.txt", "layouts/base.html", inEmail + ".html"} {
		if _, err := os.Stat(filepath.Join(dir, p)); err != nil {
			t.Error(err)
		}
	}
}

func TestATestIsWhatIsSeen(t *testing.T) {
	out := &outbox{}
	s, dir := opened(t, studio.Options{Sender: out})
	text, err := os.ReadFile(filepath.Join(dir, inEmail+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	code, body := post(t, s.URL()+"/api/send", map[string]any{
		"email": inEmail, "to": "ann@example.com",
		"drafts": []file{{Path: inEmail + ".txt", Text: string(text) + "\nP.S. Not saved yet."}},
	}, nil)
	if code != http.StatusOK || len(out.sent) != 1 || out.to[0] != "ann@example.com" || !strings.Contains(out.sent[0].Text, "P.S. Not saved yet.") {
		t.Errorf("%d %s: %+v", code, body, out.to)
	}
	code, body = post(t, s.URL()+"/api/send", map[string]any{"email": inEmail, "to": "ann@example.com", "drafts": []file{{Path: inEmail + ".txt", Text: "{{.Nothing}}"}}}, nil)
	if code == http.StatusOK || len(out.sent) != 1 {
		t.Errorf("one with a mistake was sent: %d %s", code, body)
	}
}

func TestAnEmailCanDoNothingByItself(t *testing.T) {
	s, _ := opened(t, studio.Options{})
	_, body := post(t, s.URL()+"/api/preview", map[string]string{"email": inEmail}, nil)
	var p struct{ View string }
	if err := json.Unmarshal([]byte(body), &p); err != nil || p.View == "" {
		t.Fatalf("%v in %s", err, body)
	}
	page, err := http.Get(s.URL() + "/emails")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(page.Body)
	_ = page.Body.Close()
	mails := regexp.MustCompile(`data-mails="([^"]+)"`).FindSubmatch(text)
	if mails == nil || strings.HasPrefix(string(mails[1]), s.URL()) {
		t.Fatalf("emails have no origin of their own: %s", mails)
	}
	res, err := http.Get(string(mails[1]) + "/view/" + p.View + "?scheme=dark&pictures=off")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	policy := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"sandbox ", "default-src 'none'", "img-src 'none'", "frame-ancestors 'self' " + s.URL()} {
		if !strings.Contains(policy, want) {
			t.Errorf("%q is missing in %q", want, policy)
		}
	}
	if strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin allow-scripts") {
		t.Errorf("scripts may run: %s", policy)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// freeAddr is an address on this machine that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
