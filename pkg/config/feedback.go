package config

import (
	"net"
	"strings"

	"homing/pkg/problem"
)

// Feedback says where the role gateway takes what comes back to return paths.
type Feedback struct {
	// Listen is an address for SMTP, or for LMTP if it begins with lmtp://. Empty: none.
	Listen string `yaml:"listen"`
}

// Address returns where to listen, and whether LMTP is spoken there.
func (f Feedback) Address() (address string, lmtp bool) {
	return strings.CutPrefix(f.Listen, "lmtp://")
}

// Validate reports an address that cannot be listened on.
func (f Feedback) Validate() error {
	var l problem.List
	address, _ := f.Address()
	if _, port, err := net.SplitHostPort(address); f.Listen != "" && (err != nil || !isPort(port, 0)) {
		l.Add("listen", "%q is not an address to listen on; write for example 127.0.0.1:8025, or lmtp://127.0.0.1:8024 for LMTP", f.Listen)
	}
	return l.Err()
}
