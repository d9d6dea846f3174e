package rehearsal

import (
	"context"

	"homing/pkg/channel"
)

// accepts is a channel whose relay takes everything, and that composes nothing: what an
// email says is decided before it is asked.
type accepts struct {
	name     string                // the entity of its facts
	composed func(channel.Content) // told what would be composed
}

// entity is that of the facts about what goes by a channel, as live; "" is email.
func entity(channel string) string {
	if channel != "" {
		return "webhook"
	}
	return "email"
}

// Name implements channel.Channel.
func (a accepts) Name() string { return a.name }

// MessageID implements channel.Channel.
func (accepts) MessageID(touch string) string { return touch + "@rehearsal" }

// Compose implements channel.Channel.
func (a accepts) Compose(c channel.Content) (channel.Message, error) {
	a.composed(c)
	name := c.Step.Template
	if c.Wording.Variant != "" {
		name += "#" + c.Wording.Variant
	}
	return message(name), nil
}

// Ready implements channel.Channel.
func (accepts) Ready(string, bool) error { return nil }

// Open implements channel.Channel.
func (accepts) Open(context.Context, channel.Message) (channel.Conn, error) { return conn{}, nil }

// message is one that was not composed: the name of its template.
type message string

// Words implements channel.Message.
func (m message) Words() channel.Words { return channel.Words{Template: string(m)} }

// Release implements channel.Message.
func (message) Release() {}

type conn struct{}

// Send implements channel.Conn.
func (conn) Send(context.Context, channel.Message, channel.Lease) channel.Outcome {
	return channel.Outcome{Meaning: channel.Accepted}
}

// Release implements channel.Conn.
func (conn) Release() {}
