package reports

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"

	"homing/pkg/feedback"
)

// postmark reads Postmark's webhooks: one record each. Nothing is signed; Postmark shows a
// user and a password, which are in the address that it was given. The code is in the
// metadata of the email.
type postmark struct{ login [sha256.Size]byte }

// errLogin says that no user and password, or wrong ones, were shown.
var errLogin = fmt.Errorf("%w: the user or the password is not that of the configuration", errForged)

func newPostmark(l Login) postmark { return postmark{digest(l.User, l.Password)} }

// digest has one length for all, so that comparing it tells nothing by its time.
func digest(user, password string) [sha256.Size]byte {
	return sha256.Sum256([]byte(user + ":" + password))
}

func (p postmark) known(r *http.Request) error {
	user, password, _ := r.BasicAuth()
	shown := digest(user, password)
	if subtle.ConstantTimeCompare(shown[:], p.login[:]) != 1 {
		return errLogin
	}
	return nil
}

func (p postmark) read(_ context.Context, _ *http.Request, body []byte) (found, error) {
	e := objectOf(body)
	if e == nil {
		return found{}, errOddForm
	}
	report, about := postmarkSays(e)
	if !about {
		return found{other: 1}, nil
	}
	return found{said: []Said{{Code: e.object("Metadata").code(), Report: report, Raw: body}}}, nil
}

// postmarkSays is what a record says, and whether it is about what became of an email.
func postmarkSays(e object) (report feedback.Report, about bool) {
	switch e.text("RecordType") {
	case "Delivery":
		return means(feedback.Delivered), true
	case "SpamComplaint":
		return complained("abuse"), true
	case "Bounce":
		return postmarkBounced(e.number("TypeCode"), feedback.Judge(e.text("Email"), "failed", "", e.text("Details"))), true
	case "SubscriptionChange":
		// The shop itself, a bounce and a complaint change it, too, and are known otherwise.
		if e.yes("SuppressSending") && e.text("Origin") == "Recipient" && e.text("SuppressionReason") == "ManualSuppression" {
			return left(e.time("ChangedAt")), true
		}
		return feedback.Report{}, false
	case "Open", "Click":
		return feedback.Report{}, false
	}
	return unread(), true
}

// postmarkBounced goes by the number of the type of a bounce.
func postmarkBounced(code int, x feedback.Recipient) feedback.Report {
	switch code {
	case 1: // HardBounce
		return of(forGood(x))
	case 100000: // BadEmailAddress
		return means(feedback.Hard)
	case 2: // Transient: Postmark tries again
		return means(feedback.Waiting)
	case 256, 4096, 2048: // DnsError, SoftBounce, Unknown: it gave up
		return of(forNow(x))
	case 100001: // SpamComplaint
		return complained("abuse")
	case 64, 128, 16384: // AutoResponder, AddressChange, ChallengeVerification: somebody's program answers
		return feedback.Report{Kind: feedback.Automatic}
	case 512, 8192, 1024, 100006, 100007, 100009, 100010: // SpamNotification, VirusNotification, OpenRelayTest, Blocked, SMTPApiError, DMARCPolicy, TemplateRenderingFailed
		return of(theirs(x))
	case 100002: // ManuallyDeactivated: somebody of the shop said so
		return of(theirs(x))
	}
	return unread() // Unsubscribe, Subscribe, Unconfirmed, InboundError, and what is new
}
