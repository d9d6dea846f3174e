package reports

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
)

// sns verifies the messages of Amazon SNS, by which SES reports. Each is signed with a key
// whose certificate has to be fetched; only from the host of SNS in the region of a topic
// that is configured.
type sns struct {
	topics       []string
	certificates *certificates
	client       *http.Client
	log          *zap.Logger

	mu        sync.Mutex
	confirmed map[string]bool // by token
}

func newSNS(o Options) *sns {
	c := o.Client
	if c == nil {
		c = &http.Client{Timeout: fetchTimeout}
	}
	client := *c
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("redirected, which SNS never does") }
	return &sns{topics: o.Topics, certificates: newCertificates(&client, o.Now), client: &client, log: o.Log, confirmed: map[string]bool{}}
}

// envelope is a message of SNS.
type envelope struct {
	Type, MessageID, TopicArn, Message, Timestamp, Token      string
	SubscribeURL, SignatureVersion, Signature, SigningCertURL string

	Subject *string // nil: none, of which nothing is signed
}

// The types of messages.
const (
	snsNotification = "Notification"
	snsSubscribe    = "SubscriptionConfirmation"
	snsUnsubscribe  = "UnsubscribeConfirmation"
)

// errRaw says what to do where a topic delivers messages without their envelope.
var errRaw = fmt.Errorf("%w: the subscription has raw message delivery, which is not signed; switch it off", errForged)

func (s *sns) known(r *http.Request) error {
	if strings.EqualFold(r.Header.Get("X-Amz-Sns-Rawdelivery"), "true") {
		return errRaw
	}
	return nil
}

func (s *sns) read(ctx context.Context, _ *http.Request, body []byte) (found, error) {
	var e envelope
	if json.Unmarshal(body, &e) != nil {
		return found{}, errForged
	}
	if err := s.verify(ctx, e); err != nil {
		return found{}, err
	}
	switch e.Type {
	case snsNotification:
		return sesSays(e.Message), nil
	case snsSubscribe:
		return found{other: 1}, s.confirm(ctx, e)
	}
	s.log.Warn("the gateway is no longer subscribed to a topic of SNS: nothing more is reported", zap.String("topic", e.TopicArn))
	return found{other: 1}, nil
}

// verify returns nil if a message is of SNS and of a topic of ours.
func (s *sns) verify(ctx context.Context, e envelope) error {
	if !slices.Contains(s.topics, e.TopicArn) {
		return fmt.Errorf("%w: its topic is not in feedback.ses.topics", errForged)
	}
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil || e.signed() == "" || e.SignatureVersion != "1" && e.SignatureVersion != "2" {
		return errForged
	}
	if err := ofSNS(e.SigningCertURL, e.TopicArn, certificatePath); err != nil {
		return err
	}
	key, err := s.certificates.key(ctx, e.SigningCertURL)
	if err != nil {
		return err
	}
	hash, sum := crypto.SHA256, sha256.Sum256([]byte(e.signed()))
	digest := sum[:]
	if e.SignatureVersion == "1" {
		one := sha1.Sum([]byte(e.signed()))
		hash, digest = crypto.SHA1, one[:]
	}
	if rsa.VerifyPKCS1v15(key, hash, digest, signature) != nil {
		return errForged
	}
	return nil
}

// signed is what SNS signs: some fields and their names, a line each; "" of a type that
// does not exist.
func (e envelope) signed() string {
	fields := [][2]string{{"Message", e.Message}, {"MessageId", e.MessageID}}
	switch e.Type {
	case snsNotification:
		if e.Subject != nil {
			fields = append(fields, [2]string{"Subject", *e.Subject})
		}
	case snsSubscribe, snsUnsubscribe:
		fields = append(fields, [2]string{"SubscribeURL", e.SubscribeURL})
	default:
		return ""
	}
	fields = append(fields, [2]string{"Timestamp", e.Timestamp})
	if e.Type != snsNotification {
		fields = append(fields, [2]string{"Token", e.Token})
	}
	fields = append(fields, [2]string{"TopicArn", e.TopicArn}, [2]string{"Type", e.Type})
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f[0] + "\n" + f[1] + "\n")
	}
	return b.String()
}

// maxConfirmed is how many confirmations are remembered: there is one for a subscription.
const maxConfirmed = 100

// confirm subscribes to a topic of ours, once.
func (s *sns) confirm(ctx context.Context, e envelope) error {
	if err := ofSNS(e.SubscribeURL, e.TopicArn, subscribePath); err != nil {
		return err
	}
	u, err := url.Parse(e.SubscribeURL)
	if q := u.Query(); err != nil || q.Get("Action") != "ConfirmSubscription" || q.Get("TopicArn") != e.TopicArn {
		return fmt.Errorf("%w: what it asks to fetch confirms no subscription to its topic", errForged)
	}
	s.mu.Lock()
	done := s.confirmed[e.Token]
	s.mu.Unlock()
	if done {
		return nil
	}
	if _, err := fetch(ctx, s.client, e.SubscribeURL); err != nil {
		return fmt.Errorf("confirming the subscription to %s: %w", e.TopicArn, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.confirmed) >= maxConfirmed {
		clear(s.confirmed)
	}
	s.confirmed[e.Token] = true
	s.log.Info("the gateway is subscribed to a topic of SNS", zap.String("topic", e.TopicArn))
	return nil
}

// Paths of SNS.
var (
	certificatePath = regexp.MustCompile(`^/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$`)
	subscribePath   = regexp.MustCompile(`^/$`)
)

// ofSNS refuses all addresses but those of SNS in the region of a topic.
func ofSNS(address, topic string, path *regexp.Regexp) error {
	arn := strings.Split(topic, ":") // arn:aws:sns:eu-west-1:123456789012:name
	if len(arn) != 6 {
		return errForged
	}
	host := "sns." + arn[3] + ".amazonaws.com"
	if arn[1] == "aws-cn" {
		host += ".cn"
	}
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "https", u.Host != host, u.User != nil, u.Fragment != "", !path.MatchString(u.EscapedPath()):
		return fmt.Errorf("%w: it names an address that is not one of SNS in the topic's region", errForged)
	case path == certificatePath && (u.RawQuery != "" || u.ForceQuery):
		return fmt.Errorf("%w: the address of its certificate has a query", errForged)
	}
	return nil
}

// fetchTimeout is for one answer of SNS.
const fetchTimeout = 5 * time.Second
