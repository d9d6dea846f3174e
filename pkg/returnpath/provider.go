package returnpath

// The providers of email that tell what became of an email by a webhook, and give back
// with it what a header of the email said.
const (
	SES      = "ses"
	SendGrid = "sendgrid"
	Mailgun  = "mailgun"
	Postmark = "postmark"
)

// Providers are all of them.
var Providers = []string{SES, SendGrid, Mailgun, Postmark}

// Field is what the code is called where a provider gives it back: a tag, a variable or
// an argument of the email.
const Field = "homing"

// Header returns the header by which an email tells a provider its code, so that reports
// name it; "" for a provider that has none. Each is read by the provider and taken out of
// the email, or stays: it is none that DKIM signs, and so it doesn't matter.
func Header(provider, code string) (name, value string) {
	switch {
	case code == "":
	case provider == SES: // tags of a message: letters, digits, - and _ (event publishing has them)
		return "X-SES-MESSAGE-TAGS", Field + "=" + code
	case provider == SendGrid:
		return "X-SMTPAPI", `{"unique_args":{"` + Field + `":"` + code + `"}}`
	case provider == Mailgun:
		return "X-Mailgun-Variables", `{"` + Field + `":"` + code + `"}`
	case provider == Postmark:
		return "X-PM-Metadata-" + Field, code
	}
	return "", ""
}
