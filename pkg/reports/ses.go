package reports

import (
	"cmp"
	"strings"

	"homing/pkg/feedback"
	"homing/pkg/returnpath"
)

// sesSays is what SES says in a message of SNS: of feedback notifications
// (notificationType) or of event publishing (eventType), which have the same form.
func sesSays(message string) found {
	e := objectOf([]byte(message))
	if e == nil {
		// "Successfully validated SNS topic for Amazon SES event publishing."
		if strings.HasPrefix(message, "Successfully validated") {
			return found{other: 1}
		}
		return found{said: []Said{{Report: unread(), Raw: []byte(message)}}}
	}
	report, about := feedback.Report{}, true
	switch cmp.Or(e.text("eventType"), e.text("notificationType")) {
	case "Bounce":
		report = sesBounced(e.object("bounce"))
	case "Complaint":
		report = sesComplained(e.object("complaint"))
	case "Delivery":
		report = means(feedback.Delivered)
	case "DeliveryDelay":
		report = means(feedback.Waiting)
	case "Reject": // a virus in it
		report = of(theirs(feedback.Judge("", "failed", "", e.object("reject").text("reason"))))
	case "Subscription":
		s := e.object("subscription")
		report, about = left(s.time("timestamp")), s.object("newTopicPreferences").yes("unsubscribeAll")
	case "Send", "Open", "Click", "AmazonSnsSubscriptionSucceeded":
		about = false
	}
	if !about {
		return found{other: 1}
	}
	return found{said: []Said{{Code: sesCode(e.object("mail")), Report: report, Raw: []byte(message)}}}
}

// sesCode is the code of an email: among the tags that event publishing has, or in the
// headers that notifications have if they are asked to, or in its envelope sender.
func sesCode(mail object) string {
	for _, raw := range mail.object("tags").list(returnpath.Field) {
		if code := (object{"": raw}).text(""); code != "" {
			return code
		}
	}
	for _, raw := range mail.list("headers") {
		h := objectOf(raw)
		if !strings.EqualFold(h.text("name"), "X-SES-MESSAGE-TAGS") {
			continue
		}
		for tag := range strings.SplitSeq(h.text("value"), ",") {
			if code, ok := strings.CutPrefix(strings.TrimSpace(tag), returnpath.Field+"="); ok {
				return code
			}
		}
	}
	local, _, _ := strings.Cut(mail.text("source"), "@")
	return local
}

// sesBounced is what a bounce says: SES has given up.
func sesBounced(b object) feedback.Report {
	kind, sub := b.text("bounceType"), b.text("bounceSubType")
	var out []feedback.Recipient
	for _, raw := range b.list("bouncedRecipients") {
		r := objectOf(raw)
		x := feedback.Judge(r.text("emailAddress"), "failed", r.text("status"), r.text("diagnosticCode"))
		switch kind {
		case "Permanent":
			switch sub {
			case "NoEmail", "Suppressed", "OnAccountSuppressionList":
				x.Means = feedback.Hard
			case "UnsubscribedRecipient":
				x = theirs(x)
			default:
				x = forGood(x)
			}
		case "Transient":
			switch sub {
			case "MessageTooLarge", "ContentRejected", "AttachmentRejected":
				x = theirs(x)
			default:
				x = forNow(x)
			}
		case "Undetermined": // as the words say: SES couldn't tell
		default:
			x.Means = feedback.Unsaid
		}
		out = append(out, x)
	}
	return of(out...)
}

// sesComplained is what a complaint says. SES has no type where the provider gave none.
func sesComplained(c object) feedback.Report {
	switch kind := c.text("complaintFeedbackType"); kind {
	case "", "abuse", "fraud", "other", "opt-out", "opt-out-list":
		return complained(kind)
	}
	return unread() // "not-spam", "virus", "auth-failure"
}
