package redischeck_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/homingtest"
	"homing/pkg/redischeck"
)

// Every command of the line is needed, and the check names the one that is missing.
func TestTheRightsThatTheDocumentationNamesAreWhatIsNeeded(t *testing.T) {
	s := homingtest.StartRedis(t)
	ctx := t.Context()
	admin, homing := homingtest.Redis(t, s.AdminURL()), homingtest.Redis(t, s.URL())
	if err := redischeck.Rights(ctx, homing); err != nil {
		t.Fatal(err)
	}
	if n := admin.DBSize(ctx).Val(); n != 0 {
		t.Errorf("the check left %d keys", n)
	}
	for right := range strings.FieldsSeq(redischeck.ACL) {
		command, ok := strings.CutPrefix(right, "+")
		if !ok || command == "select" || command == "command" || strings.Contains(command, "|") {
			continue
		}
		set := func(rule string) {
			if err := admin.Do(ctx, "acl", "setuser", "homing", rule).Err(); err != nil {
				t.Fatal(err)
			}
		}
		set("-" + command)
		err := redischeck.Rights(ctx, homing)
		if !errors.Is(err, redischeck.ErrForbidden) || !strings.Contains(err.Error(), " "+command) {
			t.Errorf("without %s: %v", command, err)
		}
		set("+" + command)
	}
}

func TestAForbiddenCommandIsToldFromOtherErrors(t *testing.T) {
	s := homingtest.StartRedis(t)
	ctx := t.Context()
	rdb := homingtest.Redis(t, s.URL())
	var told []string
	redischeck.Watch(rdb, func(err error) { told = append(told, err.Error()) })
	forbidden := map[string]error{
		"a command":             rdb.FlushAll(ctx).Err(),
		"a key":                 rdb.Get(ctx, "elsewhere").Err(),
		"a command in a script": rdb.Eval(ctx, "return redis.call('LPUSH', KEYS[1], 'x')", []string{"homing:x"}).Err(),
		"a key in a script":     rdb.Eval(ctx, "return redis.call('GET', 'elsewhere')", []string{"homing:x"}).Err(),
	}
	pipe := rdb.Pipeline()
	pipe.Get(ctx, "homing:a")
	in := pipe.LPush(ctx, "homing:b", "x")
	_, _ = pipe.Exec(ctx)
	forbidden["a command in a pipeline"] = in.Err()
	for what, err := range forbidden {
		t.Logf("%s: %v", what, err)
		if !redischeck.Forbids(err) {
			t.Errorf("%s: not seen as forbidden: %v", what, err)
		}
	}
	if len(told) != len(forbidden) {
		t.Errorf("told %d times: %q", len(told), told)
	}
	told = nil
	for _, err := range []error{
		rdb.Get(ctx, "homing:none").Err(), rdb.Eval(ctx, "return redis.error_reply('ERR no')", nil).Err(),
		rdb.EvalSha(ctx, strings.Repeat("1", 40), nil).Err(), errors.New("NOPERM, said by nobody"), nil,
	} {
		if redischeck.Forbids(err) {
			t.Errorf("seen as forbidden: %v", err)
		}
	}
	if len(told) > 0 {
		t.Errorf("told of %q", told)
	}
}

func TestTheClocksAreCompared(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		ahead, err := redischeck.Ahead(t.Context(), homingtest.Redis(t, url))
		if err != nil || ahead.Abs() > time.Second {
			t.Errorf("ahead by %v (%v) of a Redis on the same machine", ahead, err)
		}
	})
	if _, err := redischeck.Ahead(t.Context(), redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})); err == nil {
		t.Error("nobody is there, and its clock is right")
	}
}

// What operators copy is what the tests run under.
func TestTheLineIsInTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), redischeck.ACL) {
		t.Errorf("docs/operations.md does not have %s", redischeck.ACL)
	}
}
