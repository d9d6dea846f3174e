package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go"

	"homing/pkg/bus"
	"homing/pkg/rejected"
)

// rejectedDocument is the event for a program: the payload as JSON where it is some.
func rejectedDocument(e *rejected.Event) any {
	doc := struct {
		rejected.Entry
		Headers nats.Header     `json:"headers"`
		Payload json.RawMessage `json:"payload,omitempty"`
		Raw     []byte          `json:"payload_base64,omitempty"`
	}{e.Entry, e.Headers, nil, nil}
	if json.Valid(e.Data) && utf8.Valid(e.Data) {
		doc.Payload = e.Data
	} else {
		doc.Raw = e.Data
	}
	return doc
}

// rejectedText is the event for a person. What came from outside is shown without
// what would steer a terminal.
func rejectedText(e *rejected.Event) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "sequence  %d\n", e.Sequence)
	if at := e.Time.Format(time.RFC3339); e.Subject == "" {
		fmt.Fprintf(&b, "warned    %s\n", at)
	} else {
		fmt.Fprintf(&b, "rejected  %s\nsubject   %s\n", at, printable(e.Subject))
	}
	fmt.Fprintf(&b, "reason    %s\n          %s\n\n", e.Reason, printable(e.Detail))
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		if name == bus.HeaderDetail || name == bus.HeaderSubject || strings.HasPrefix(name, "Nats-") {
			continue // said above, or the stream's own
		}
		for _, v := range e.Headers[name] {
			fmt.Fprintf(&b, "%s: %s\n", printable(name), printable(v))
		}
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, e.Data, "", "  ") != nil {
		pretty.Reset()
		pretty.Write(e.Data)
	}
	fmt.Fprintf(&b, "\n%s\n", printable(pretty.String()))
	return b.Bytes()
}
