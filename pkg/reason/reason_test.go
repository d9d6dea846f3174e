package reason_test

import (
	"encoding/base64"
	"slices"
	"testing"

	"homing/pkg/customer"
	"homing/pkg/reason"
)

func TestNoReasonIsListedTwice(t *testing.T) {
	seen := map[reason.Reason]bool{}
	for _, r := range reason.All() {
		if seen[r] || r == "" {
			t.Errorf("reason %q is listed twice, or is empty", r)
		}
		seen[r] = true
	}
}

// Claims are kept with a number for the reason: one without a number would be
// forgotten when the customer is written.
func TestEveryReasonOfADropIsKeptWithTheClaim(t *testing.T) {
	others := []reason.Reason{reason.NotYet, reason.QuietHours, reason.FrequencyCap, reason.Yields, reason.PreferencesPause, reason.SegmentsUnknown, reason.Throughput, reason.Paused, reason.Rebuilding, reason.SMTPDown, reason.ChannelDown,
		reason.TemplateError, reason.NoOfferCode, reason.ControlsUnknown, reason.TimelineFull, reason.ClockSkew, reason.Forbidden, reason.NoTemplates, reason.Unadopted, reason.Sent, reason.Uncertain}
	for _, r := range reason.All() {
		if slices.Contains(others, r) {
			continue
		}
		var c customer.Customer
		c.SetClaim(customer.Claim{Touch: 1, State: customer.Dropped, At: 1, Why: string(r)})
		back, err := customer.Decode(string(customer.Encode(&c)))
		if err != nil {
			t.Fatal(err)
		}
		if k, _ := back.Claimed(1); k.Why != string(r) {
			t.Errorf("%s: kept as %q; give it the next number", r, k.Why)
		}
	}
}

// kept is the record of a customer with a claim of each reason that there was when
// numbers were first written, the first with the lowest touch.
const kept = "AgoAAAAAAAAAAAAABYCDAAAAAAAAAAAYAhgBl3Qg3BcAAAAAAAAAFwIXAZd0INwWAAAAAAAAABYCFgGXdCDcFQAAAAAAAAAVAhUBl3Qg3BQAAAAAAAAAFAIU" +
	"AZd0INwTAAAAAAAAABMCEwGXdCDcEgAAAAAAAAASAhIBl3Qg3BEAAAAAAAAAEQIRAZd0INwQAAAAAAAAABACEAGXdCDcDwAAAAAAAAAPAg8Bl3Qg3A4AAAAA" +
	"AAAADgIOAZd0INwNAAAAAAAAAA0CDQGXdCDcDAAAAAAAAAAMAgwBl3Qg3AsAAAAAAAAACwILAZd0INwKAAAAAAAAAAoCCgGXdCDcCQAAAAAAAAAJAgkBl3Qg" +
	"3AgAAAAAAAAACAIIAZd0INwHAAAAAAAAAAcCBwGXdCDcBgAAAAAAAAAGAgYBl3Qg3AUAAAAAAAAABQIFAZd0INwEAAAAAAAAAAQCBAGXdCDcAwAAAAAAAAAD" +
	"AgMBl3Qg3AIAAAAAAAAAAgICAZd0INwBAAAAAAAAAAECAQGXdCDcAA=="

var first = []string{"erased", "no_address", "unsubscribed", "bounced", "complained", "no_consent", "worker_off",
	"step_removed", "purchased", "recovered", "emptied", "cancelled", "refunded", "reviewed", "repurchased", "bundled",
	"unavailable", "insufficient_data", "complaint_open", "sunset", "expired", "holdout", "shadow", "rejected_by_server"}

func TestRecordsAreReadForEver(t *testing.T) {
	record, err := base64.StdEncoding.DecodeString(kept)
	if err != nil {
		t.Fatal(err)
	}
	c, err := customer.Decode(string(record))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range first {
		if k, ok := c.Claimed(uint64(i + 1)); !ok || k.Why != want {
			t.Errorf("number %d is %q, want %q", i+1, k.Why, want)
		}
	}
	again, err := customer.Decode(string(customer.Encode(&c)))
	if err != nil || !slices.Equal(again.Claims, c.Claims) {
		t.Errorf("written again, the record says something else: %v", err)
	}
}

func TestNoNumberIsGivenTwice(t *testing.T) {
	seen := map[byte]reason.Reason{}
	for _, r := range reason.Of(reason.Drop) {
		n := reason.Number(r)
		if other := seen[n]; n == 0 || other != "" || reason.Numbered(n) != r {
			t.Errorf("%s has number %d, as has %q", r, n, other)
		}
		seen[n] = r
	}
}
