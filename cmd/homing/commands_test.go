package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"homing/pkg/devstack"
	"homing/pkg/homingtest"
)

func TestSetupTwiceChangesNothing(t *testing.T) {
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Stop()
	did := func() (out []string) {
		var changes []struct{ Kind, Name, Did string }
		r := homing(t, "setup", "--nats", srv.URL(), "--output=json").want(t, exitOK)
		if err := json.Unmarshal([]byte(r.out), &changes); err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			out = append(out, c.Did)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	if got := did(); !slices.Equal(got, []string{"created"}) {
		t.Errorf("the first time: %v", got)
	}
	if got := did(); !slices.Equal(got, []string{"unchanged"}) {
		t.Errorf("the second time: %v", got)
	}
	homing(t, "setup", "--nats", srv.URL()).want(t, exitOK).contains(t, "unchanged  stream    STOREFRONT")
}

func TestSetupGivesUpWhenNATSIsAway(t *testing.T) {
	homing(t, "setup", "--nats=nats://127.0.0.1:1", "--timeout=300ms").want(t, exitUnreachable).contains(t, "nats://127.0.0.1:1", "300ms")
}

func TestACommandThatWaitsForNATSSaysSo(t *testing.T) {
	homing(t, "setup", "--nats=nats://127.0.0.1:1", "--timeout=2500ms").want(t, exitUnreachable).
		contains(t, "waiting up to 2.5s for NATS: nothing listens there: NATS is not running, or nats.url is wrong (nats://127.0.0.1:1)\n")
}

// standing starts and an inbox, and returns how to reach them, and where NATS
// will be.
func standing(t *testing.T) (e env, inbox *devstack.Inbox, port int) {
	t.Helper()
	r := homingtest.StartRedis(t)
	var err error
	if inbox, err = devstack.StartInbox(devstack.InboxOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inbox.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	return env{"HOMING_NATS_URL": "nats://" + l.Addr().String(), "HOMING_REDIS_URL": r.URL(), "HOMING_SMTP_URL": inbox.SMTPURL(),
		"HOMING_SECRET": strings.Repeat("s", 32)}, inbox, port
}

func TestRunNeedsASecretARoleAndAStore(t *testing.T) {
	config := write(t, t.TempDir(), "homing.yaml", otherStore)
	t.Chdir("../..") // for the templates
	homing(t, "run", "--config", config).want(t, exitUsage).contains(t, "secret", "HOMING_SECRET_FILE")
	e := env{"HOMING_SECRET": strings.Repeat("s", 32)}
	homingWith(t, e, "", "run", "--config", config, "postman").want(t, exitUsage).contains(t, `"postman"`, "thank-you")
	t.Chdir(t.TempDir())
	homingWith(t, e, "", "run").want(t, exitUsage).contains(t, "no store")
	homingWith(t, e, "", "run", "--config", config).want(t, exitUsage).contains(t, "templates.dir: there is no folder templates")
}

func TestCheckFindsAllProblemsAndTheirPlaces(t *testing.T) {
	dir := t.TempDir()
	t.Chdir("../..")
	if err := os.CopyFS(filepath.Join(dir, "templates"), os.DirFS("templates")); err != nil {
		t.Fatal(err)
	}
	homing(t, "check").want(t, exitOK).contains(t, "configuration: configs/homing.yaml", "thank-you/thanks", "workers: welcome, cart-recovery, thank-you, survey", "secret: none")
	t.Chdir(dir)
	homing(t, "check").want(t, exitUsage).contains(t, "no store is configured")

	write(t, dir, "configs/homing.yaml", otherStore+"workers:\n  thank-you:\n    milestone: [3]\n    after: 30\n")
	homing(t, "check").want(t, exitUsage).contains(t, "configs/homing.yaml:6:5: workers.thank-you.milestone", "configs/homing.yaml:7:12: workers.thank-you.after",
		"configs/homing.yaml: http.public_url: is empty, and marketing mail needs a way out", "check: 3 problems")

	thanks := filepath.Join("templates", "thank-you", "thanks.html")
	source, err := os.ReadFile(thanks)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, thanks, strings.Replace(string(source), "<h1>", "<h1>{{.Customer.FirstNme}}", 1))
	write(t, dir, "configs/homing.yaml", strings.Replace(otherStore, "postal_address: \"1 High St\", ", "", 1))
	r := homing(t, "check", "--output=json").want(t, exitUsage)
	var found []finding
	if err := json.Unmarshal([]byte(r.out), &found); err != nil {
		t.Fatal(err)
	}
	has := func(file, text string) bool {
		return slices.ContainsFunc(found, func(f finding) bool {
			return f.Level == "problem" && f.File == file && strings.Contains(f.Key+" "+f.Text, text)
		})
	}
	if !has("configs/homing.yaml", "postal_address") || !has(thanks, "FirstNme") {
		t.Errorf("found %+v", found)
	}
}

func TestHelpNamesTheExitCodesAndEveryCommand(t *testing.T) {
	r := homing(t).want(t, exitOK).contains(t, "Exit codes: 0", "HOMING_CONFIG", "NO_COLOR", "storefront")
	root := (&program{}).root()
	for _, c := range root.Commands() {
		if !c.Hidden && !strings.Contains(r.out, "\n  "+c.Name()+" ") {
			t.Errorf("help does not mention %s", c.Name())
		}
		if c.Short == "" || !strings.HasPrefix(c.Use, c.Name()) {
			t.Errorf("%s says nothing about itself", c.Name())
		}
	}
	for _, args := range [][]string{{"nonsense"}, {"--nonsense"}, {"setup", "extra"}, {"check", "--log-level=loud"}, {"version", "--output=xml"}, {"check", "--log-format=xml"}} {
		homing(t, args...).want(t, exitUsage).contains(t, "--help")
	}
}

func TestVersionIsReadable(t *testing.T) {
	var v versions
	if err := json.Unmarshal([]byte(homing(t, "version", "--output=json").want(t, exitOK).out), &v); err != nil {
		t.Fatal(err)
	}
	if v.Go == "" || v.NATSServer == "" || v.Version == "" {
		t.Errorf("%+v", v)
	}
}

func TestTheLogIsForProgramsUnlessATerminalReadsIt(t *testing.T) {
	var out strings.Builder
	p := &program{err: &out, env: env{}.lookup, logFormat: "auto", logLevel: "warn"}
	log := p.logger(0)
	log.Info("quiet")
	log.Warn("loud")
	var line struct{ Level, Msg string }
	if err := json.Unmarshal([]byte(out.String()), &line); err != nil || line.Msg != "loud" || line.Level != "warn" {
		t.Errorf("%v: %s", err, out.String())
	}
	out.Reset()
	p.logFormat = "console"
	p.logger(0).Warn("loud")
	if got := out.String(); !strings.Contains(got, "WARN  loud") || strings.Contains(got, "\x1b") {
		t.Errorf("the console's line is %q", got)
	}
}

func TestRunWaitsForNATSAndThenMails(t *testing.T) {
	e, box, port := standing(t)
	config := write(t, t.TempDir(), "homing.yaml", otherStore+"http: {listen: \"127.0.0.1:0\", gateway: \"127.0.0.1:0\", public_url: \"https://mail.shop.example\"}\npacing: {throughput: {per_second: 0}}\n")
	t.Chdir("../..")
	b := start(t, e, "run", "--config", config)
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir(), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.stop(); srv.Stop() })
	eventually(t, func() bool {
		return homingWith(t, e, "", "publish", "order.placed", "--customer=ann", "--time=-31m", "--config", config, "--store=other").code == exitOK
	}, func() string { return "nothing could be published" })
	ctx, cancel := context.WithTimeout(t.Context(), testPatience)
	defer cancel()
	if err := box.Wait(ctx, 1); err != nil {
		t.Fatalf("%v\nstderr: %s", err, b.err)
	}
}
