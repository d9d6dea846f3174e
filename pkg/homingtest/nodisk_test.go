package homingtest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/pkg/homingtest"
)

// NATS has no room for the streams: what is in the way is said in words, with what to do.
func TestThatThereIsNoRoomForStreamsIsSaid(t *testing.T) {
	t.Parallel()
	server, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir(), MaxStore: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	redis, err := devstack.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Stop)
	c := homingtest.Config(t, "")
	c.NATS.URL, c.Redis.URL, c.HTTP.Listen, c.HTTP.Gateway = config.URL(server.URL()), config.URL(redis.URL()), "127.0.0.1:0", "127.0.0.1:0"
	a, err := app.New(app.Options{Config: c, Log: zap.NewNop(), Templates: homingtest.Templates(), Load: homingtest.Load, RedisEmbedded: true})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	for range 600 {
		said := a.Ready()
		if said != nil && strings.Contains(said.Error(), "max_file_store") && strings.Contains(said.Error(), "10047") {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Errorf("it says %v", a.Ready())
}
