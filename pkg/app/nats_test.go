package app_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/homingtest"
)

// nats.go closes a connection for ever when the server says something it does not
// know. The process ends then, and does not stay alive without a connection.
func TestAConnectionThatIsClosedForGoodEndsTheProcess(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go talk(c)
		}
	}()
	c := homingtest.Config(t, "")
	c.HTTP.Listen, c.NATS.URL = "", config.URL("nats://"+l.Addr().String())
	a, err := app.New(app.Options{Config: c, Roles: []string{app.RoleIntake}, Log: zap.NewNop(), Templates: homingtest.Templates()})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Stop(context.Background()) }()
	select {
	case err := <-a.Failed():
		if !strings.Contains(err.Error(), "closed for good") {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it goes on without a connection")
	}
}

// talk is a server that takes a client and then says what no client knows.
func talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	fmt.Fprint(c, `INFO {"server_id":"x","version":"2.14.0","headers":true,"max_payload":1048576,"proto":1}`+"\r\n")
	for in := bufio.NewScanner(c); in.Scan(); {
		if strings.HasPrefix(in.Text(), "PING") {
			fmt.Fprint(c, "PONG\r\n-ERR 'Something New'\r\n")
		}
	}
}
