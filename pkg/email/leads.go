package email

import (
	"homing/pkg/channel"
	"homing/pkg/render"
	"homing/pkg/visit"
)

// lead has the links of a rendered email lead where they are to, and returns the HTML that
// is sent: with the picture that nobody sees, which the copy that is kept does without, so
// that looking at it is not taken for reading the email.
func (c *Channel) lead(content channel.Content, mail *render.Mail) (sent string) {
	if c.o.Leads == nil {
		return mail.HTML
	}
	to := c.o.Leads(content)
	if to.HTML != nil {
		mail.HTML = visit.Links(mail.HTML, to.HTML)
	}
	if to.Text != nil {
		mail.Text = visit.TextLinks(mail.Text, to.Text)
	}
	if to.Picture != "" {
		return visit.WithPicture(mail.HTML, to.Picture)
	}
	return mail.HTML
}
