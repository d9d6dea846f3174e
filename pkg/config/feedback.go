package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"regexp"
	"strings"

	"homing/pkg/gate"
	"homing/pkg/problem"
)

// Feedback says where the role gateway takes what becomes of emails: by mail, at Listen,
// and from providers, who report to http.gateway.
type Feedback struct {
	// Listen is an address for SMTP, or for LMTP if it begins with lmtp://. Empty: none.
	Listen string `yaml:"listen"`
	// TLS is what is offered there (STARTTLS). Empty: none.
	TLS FeedbackTLS `yaml:"tls"`
	// SoftBounces is how often an address may fail for a while.
	SoftBounces gate.SoftBounces `yaml:"soft_bounces"`

	SES      SES      `yaml:"ses"`
	SendGrid SendGrid `yaml:"sendgrid"`
	Mailgun  Mailgun  `yaml:"mailgun"`
	Postmark Postmark `yaml:"postmark"`
}

// FeedbackTLS is the certificate of the listener, in PEM.
type FeedbackTLS struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Validate reports files that cannot be used.
func (t FeedbackTLS) Validate() error {
	return TLS{CertFile: t.CertFile, KeyFile: t.KeyFile}.Validate()
}

// SES is Amazon's; it reports by SNS.
type SES struct {
	// Topics are the ARNs of the topics that may report. None: nobody may.
	Topics []string `yaml:"topics"`
}

var topicARN = regexp.MustCompile(`^arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)

// Validate reports what is no topic.
func (s SES) Validate() error {
	var l problem.List
	for i, t := range s.Topics {
		if !topicARN.MatchString(t) {
			l.Add(fmt.Sprintf("topics[%d]", i), "%q is not the ARN of an SNS topic; write for example arn:aws:sns:eu-west-1:123456789012:emails", t)
		}
	}
	return l.Err()
}

// SendGrid signs what it reports.
type SendGrid struct {
	// PublicKey is the verification key, as SendGrid shows it. Empty: nobody may report.
	PublicKey string `yaml:"public_key"`
}

// Key returns the key; nil without one.
func (s SendGrid) Key() (*ecdsa.PublicKey, error) {
	if s.PublicKey == "" {
		return nil, nil
	}
	der, err := base64.StdEncoding.DecodeString(s.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("is not in base64; copy the verification key as SendGrid shows it, without BEGIN and END")
	}
	any, err := x509.ParsePKIXPublicKey(der)
	key, ok := any.(*ecdsa.PublicKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("is not a public key of ECDSA over P-256; copy the verification key as SendGrid shows it")
	}
	return key, nil
}

// Validate reports what is no key.
func (s SendGrid) Validate() error {
	var l problem.List
	if _, err := s.Key(); err != nil {
		l.Add("public_key", "%v", err)
	}
	return l.Err()
}

// Mailgun signs what it reports with a key that we share.
type Mailgun struct {
	// SigningKeyFile has the HTTP webhook signing key. Empty: nobody may report.
	SigningKeyFile string `yaml:"signing_key_file"`
	// SigningKey is its content.
	SigningKey Secret `yaml:"-"`
}

// Postmark does not sign: it shows a user and a password of ours.
type Postmark struct {
	User string `yaml:"user"`
	// PasswordFile has the password. Empty: nobody may report.
	PasswordFile string `yaml:"password_file"`
	// Password is its content.
	Password Secret `yaml:"-"`
}

// minPassword is how long the password must be that lets anybody report: nobody has to
// remember it.
const minPassword = 16

// Validate reports half of what is needed, and a password that can be guessed.
func (p Postmark) Validate() error {
	var l problem.List
	switch {
	case p.User == "" && p.PasswordFile != "":
		l.Add("user", "is empty, and password_file is not; name the user that Postmark is to show")
	case p.User != "" && p.PasswordFile == "":
		l.Add("password_file", "is empty, and user is not; name the file with the password that Postmark is to show")
	case strings.Contains(p.User, ":"):
		l.Add("user", "has a colon, which ends a user's name in HTTP; leave it out")
	case p.PasswordFile != "" && len(p.Password) < minPassword:
		l.Add("password_file", "has a password of %d bytes, and it must have at least %d; make one with: openssl rand -hex 24", len(p.Password), minPassword)
	}
	return l.Err()
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
