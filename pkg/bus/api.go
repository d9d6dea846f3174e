package bus

import "github.com/nats-io/nats.go/jetstream"

// API returns the subject of a request to JetStream, in the domain that js is for:
// nats.go says it nowhere.
func API(js jetstream.JetStream, request string) string {
	if d := js.Options().Domain; d != "" {
		return "$JS." + d + ".API." + request
	}
	return jetstream.DefaultAPIPrefix + request
}
