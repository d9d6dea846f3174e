package email

import (
	"homing/pkg/channel"
	"homing/pkg/render"
)

// Shows returns what the email of some content shows, for previews.
func (c *Channel) Shows(in channel.Content) render.Data { return c.data(in) }
