package schedule

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"homing/pkg/bus"
)

// directGet asks a worker's schedule stream for several messages at once, in the
// words of the server's direct get API. A work queue can be read no other way.
func directGet(ctx context.Context, nc *nats.Conn, worker string, request map[string]any) ([]*nats.Msg, error) {
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	req, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if err := nc.PublishRequest("$JS.API.DIRECT.GET."+bus.ScheduleStream(worker), inbox, req); err != nil {
		return nil, err
	}
	var out []*nats.Msg
	for {
		wait, cancel := context.WithTimeout(ctx, 10*time.Second)
		m, err := sub.NextMsgWithContext(wait)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("reading the schedules: %w", err)
		}
		switch status := m.Header.Get("Status"); status {
		case "":
			out = append(out, m)
		case "204", "404": // the end; none at all
			return out, nil
		default:
			return nil, fmt.Errorf("reading the schedules: %s %s", status, m.Header.Get("Description"))
		}
	}
}
