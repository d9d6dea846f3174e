package reports_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

func publicKey(t *testing.T, text string) *ecdsa.PublicKey {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*ecdsa.PublicKey)
}

// amazon is an SNS: it signs messages, and serves certificates and confirmations by https
// under any name.
type amazon struct {
	t      *testing.T
	key    *rsa.PrivateKey
	server *httptest.Server
	cert   x509.Certificate
	now    func() time.Time

	mu     sync.Mutex
	paths  []string
	answer func(w http.ResponseWriter, r *http.Request) bool // what it answers first
}

// keys are made once: RSA takes long.
var keys = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

const (
	certPath = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
	snsHost  = "sns.eu-west-1.amazonaws.com"
)

func newAmazon(t *testing.T, now func() time.Time) *amazon {
	t.Helper()
	a := &amazon{t: t, key: keys(), now: now, cert: x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"}}}
	a.server = httptest.NewTLSServer(a)
	t.Cleanup(a.server.Close)
	return a
}

// client reaches it under any name.
func (a *amazon) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, a.server.Listener.Addr().String())
		},
	}}
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.paths = append(a.paths, r.Host+r.URL.RequestURI())
	if a.answer != nil && a.answer(w, r) {
		return
	}
	if !strings.HasSuffix(r.URL.Path, ".pem") {
		return
	}
	c := a.cert
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = a.now().Add(-time.Hour), a.now().Add(48*time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, &c, &c, &a.key.PublicKey, a.key)
	if err != nil {
		a.t.Error(err)
	}
	_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (a *amazon) fetched() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.paths)
}

// message is one of SNS's, unsigned.
func message(topic, text string) map[string]string {
	return map[string]string{
		"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": topic, "Message": text,
		"Timestamp": "2026-03-02T09:00:05.000Z", "SigningCertURL": "https://" + snsHost + certPath,
		"UnsubscribeURL": "https://" + snsHost + "/?Action=Unsubscribe",
	}
}

func confirmation(topic, subscribe string) map[string]string {
	m := message(topic, "You have chosen to subscribe to the topic "+topic+".\nTo confirm the subscription, visit the SubscribeURL included in this message.")
	m["Type"], m["Token"], m["SubscribeURL"] = "SubscriptionConfirmation", "2336412f37", subscribe
	delete(m, "UnsubscribeURL")
	return m
}

// sign signs a message as the documentation says, and returns it.
func (a *amazon) sign(m map[string]string, version string) []byte {
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if m["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	var text strings.Builder
	for _, n := range names {
		if v, ok := m[n]; ok {
			text.WriteString(n + "\n" + v + "\n")
		}
	}
	var sig []byte
	var err error
	if version == "1" {
		sum := sha1.Sum([]byte(text.String()))
		sig, err = rsa.SignPKCS1v15(nil, a.key, crypto.SHA1, sum[:])
	} else {
		sum := sha256.Sum256([]byte(text.String()))
		sig, err = rsa.SignPKCS1v15(nil, a.key, crypto.SHA256, sum[:])
	}
	if err != nil {
		a.t.Fatal(err)
	}
	m["SignatureVersion"], m["Signature"] = version, base64.StdEncoding.EncodeToString(sig)
	b, err := json.Marshal(m)
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

func (a *amazon) envelope(topic, text, version string) []byte {
	return a.sign(message(topic, text), version)
}

func TestBothVersionsOfSNSSignaturesAreGood(t *testing.T) {
	x := newRig(t)
	bounce := string(fixture(t, "ses/event-bounce"))
	for _, version := range []string{"1", "2"} {
		for _, subject := range []string{"-", "", "Amazon SES Email Event Notification"} {
			m := message(topic, bounce+"\n")
			if subject != "-" {
				m["Subject"] = subject
			}
			if w := x.do(request("ses", x.ses.sign(m, version))); w.Code != 200 {
				t.Errorf("version %s, subject %q: %d %s", version, subject, w.Code, w.Body)
			}
		}
	}
	if got := x.tookAll(); got != "ses hard:6" {
		t.Error(got)
	}
	if n := x.ses.fetched(); n != 1 {
		t.Errorf("its certificate was fetched %d times, want once", n)
	}
	x.now = x.now.Add(25 * time.Hour)
	x.send("ses", []byte(bounce))
	if n := x.ses.fetched(); n != 2 {
		t.Errorf("a day later it was fetched %d times, want twice", n)
	}
	// China has its own host and partition.
	m := message("arn:aws-cn:sns:cn-north-1:123456789012:emails", bounce)
	m["SigningCertURL"] = "https://sns.cn-north-1.amazonaws.com.cn" + certPath
	x.ses.cert.Subject.CommonName = "sns.cn-north-1.amazonaws.com.cn"
	if w := x.do(request("ses", x.ses.sign(m, "2"))); w.Code != 200 {
		t.Errorf("China: %d %s", w.Code, w.Body)
	}
}

// Nothing is fetched from anywhere but SNS in the topic's region, and nobody else is
// believed.
func TestOnlySNSIsAsked(t *testing.T) {
	bounce := string(fixture(t, "ses/event-bounce"))
	for name, address := range map[string]string{
		"http":                    "http://" + snsHost + certPath,
		"another host":            "https://evil.example" + certPath,
		"a host below":            "https://" + snsHost + ".evil.example" + certPath,
		"a host above":            "https://evil.sns.eu-west-1.amazonaws.com" + certPath,
		"another service":         "https://s3.eu-west-1.amazonaws.com" + certPath,
		"a bucket called so":      "https://sns.eu-west-1.s3.amazonaws.com" + certPath,
		"another region":          "https://sns.us-east-1.amazonaws.com" + certPath,
		"the other partition":     "https://" + snsHost + ".cn" + certPath,
		"a port":                  "https://" + snsHost + ":8443" + certPath,
		"a user":                  "https://" + snsHost + "@evil.example" + certPath,
		"a user of the host":      "https://evil@" + snsHost + certPath,
		"another path":            "https://" + snsHost + "/evil.pem",
		"a path below":            "https://" + snsHost + "/x" + certPath,
		"a path that goes up":     "https://" + snsHost + "/x/.." + certPath,
		"an encoded path":         "https://" + snsHost + "/%53impleNotificationService-a.pem",
		"a query":                 "https://" + snsHost + certPath + "?x=1",
		"an empty query":          "https://" + snsHost + certPath + "?",
		"a fragment":              "https://" + snsHost + certPath + "#x",
		"a backslash":             "https://evil.example\\@" + snsHost + certPath,
		"upper case":              "https://SNS.EU-WEST-1.AMAZONAWS.COM" + certPath,
		"nothing":                 "",
		"what cannot be read":     "https://%zz",
		"no certificate's ending": "https://" + snsHost + "/SimpleNotificationService-a.txt",
	} {
		x := newRig(t)
		m := message(topic, bounce)
		m["SigningCertURL"] = address
		if w := x.do(request("ses", x.ses.sign(m, "2"))); w.Code != 403 || x.ses.fetched() != 0 || x.calls != 0 {
			t.Errorf("%s: %d, %v fetched, %d recorded", name, w.Code, x.ses.paths, x.calls)
		}
	}
	for name, change := range map[string]func(m map[string]string){
		"another topic":     func(m map[string]string) { m["TopicArn"] = "arn:aws:sns:eu-west-1:999999999999:emails" },
		"another text":      func(m map[string]string) { m["Message"] = strings.ReplaceAll(m["Message"], "Bounce", "Complaint") },
		"a subject":         func(m map[string]string) { m["Subject"] = "x" },
		"another time":      func(m map[string]string) { m["Timestamp"] = "2026-03-03T09:00:05.000Z" },
		"another type":      func(m map[string]string) { m["Type"] = "UnsubscribeConfirmation" },
		"no type":           func(m map[string]string) { m["Type"] = "" },
		"a version of 2040": func(m map[string]string) { m["SignatureVersion"] = "3" },
		"the other version": func(m map[string]string) { m["SignatureVersion"] = "1" },
		"no signature":      func(m map[string]string) { m["Signature"] = "" },
		"not even base64":   func(m map[string]string) { m["Signature"] = "%" },
		"another signature": func(m map[string]string) { m["Signature"] = base64.StdEncoding.EncodeToString(make([]byte, 256)) },
	} {
		x := newRig(t)
		m := message(topic, bounce)
		x.ses.sign(m, "2")
		change(m)
		b, _ := json.Marshal(m)
		if w := x.do(request("ses", b)); w.Code != 403 || x.calls != 0 {
			t.Errorf("%s: %d, %d recorded", name, w.Code, x.calls)
		}
	}
	x := newRig(t)
	r := request("ses", []byte(bounce))
	r.Header.Set("x-amz-sns-rawdelivery", "true")
	if w := x.do(r); w.Code != 403 || !strings.Contains(x.logs.All()[0].ContextMap()["error"].(string), "raw message delivery") {
		t.Errorf("raw: %d, %v", w.Code, x.logs.All())
	}
}

func TestACertificateIsOfSNSAndOfToday(t *testing.T) {
	bounce := string(fixture(t, "ses/event-bounce"))
	for name, c := range map[string]struct {
		change func(a *amazon)
		code   int
	}{
		"of everybody's":    {func(a *amazon) {}, 200},
		"of the region":     {func(a *amazon) { a.cert.Subject.CommonName, a.cert.DNSNames = "", []string{snsHost} }, 200},
		"of somebody else":  {func(a *amazon) { a.cert.Subject.CommonName = "evil.example" }, 403},
		"of another region": {func(a *amazon) { a.cert.Subject.CommonName = "sns.us-east-1.amazonaws.com" }, 403},
		"of yesterday": {func(a *amazon) {
			a.cert.NotBefore, a.cert.NotAfter = a.now().Add(-48*time.Hour), a.now().Add(-24*time.Hour)
		}, 403},
		"of tomorrow": {func(a *amazon) {
			a.cert.NotBefore, a.cert.NotAfter = a.now().Add(24*time.Hour), a.now().Add(48*time.Hour)
		}, 403},
		"no certificate": {func(a *amazon) {
			a.answer = func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("hello")); return true }
		}, 403},
		"not there": {func(a *amazon) {
			a.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(404); return true }
		}, 503},
		"somewhere else": {func(a *amazon) {
			a.answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Host == "evil.example" {
					return false
				}
				http.Redirect(w, r, "https://evil.example"+certPath, http.StatusFound)
				return true
			}
		}, 503},
		"endless": {func(a *amazon) {
			a.answer = func(w http.ResponseWriter, _ *http.Request) bool {
				for range 1000 {
					if _, err := w.Write(bytes.Repeat([]byte("x"), 64<<10)); err != nil {
						break
					}
				}
				return true
			}
		}, 503},
	} {
		x := newRig(t)
		c.change(x.ses)
		w := x.send("ses", []byte(bounce))
		if recorded := x.calls == 1; w.Code != c.code || recorded != (c.code == 200) || x.ses.fetched() > 1 {
			t.Errorf("%s: %d, want %d; %d recorded, %v fetched", name, w.Code, c.code, x.calls, x.ses.paths)
		}
	}
}

// A topic of ours is subscribed to by itself, once.
func TestASubscriptionIsConfirmed(t *testing.T) {
	good := "https://" + snsHost + "/?Action=ConfirmSubscription&TopicArn=" + url.QueryEscape(topic) + "&Token=2336412f37"
	x := newRig(t)
	x.ses.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/" && len(x.ses.paths) == 2 {
			w.WriteHeader(500)
			return true
		}
		return false
	}
	for i, want := range []int{503, 200, 200, 200} {
		if w := x.do(request("ses", x.ses.sign(confirmation(topic, good), "2"))); w.Code != want {
			t.Errorf("%d: %d %s", i, w.Code, w.Body)
		}
	}
	if n := x.ses.fetched(); n != 3 || x.ses.paths[2] != strings.TrimPrefix(good, "https://") {
		t.Errorf("fetched %v; want the certificate, and the confirmation twice", x.ses.paths)
	}
	for name, bad := range map[string]string{
		"elsewhere":      strings.Replace(good, snsHost, "evil.example", 1),
		"another region": strings.Replace(good, "eu-west-1.amaz", "us-east-1.amaz", 1),
		"another action": strings.Replace(good, "ConfirmSubscription", "DeleteTopic", 1),
		"another topic":  strings.Replace(good, "emails", "others", 1),
		"another path":   strings.Replace(good, "/?", "/x?", 1),
		"http":           strings.Replace(good, "https", "http", 1),
	} {
		x := newRig(t)
		if w := x.do(request("ses", x.ses.sign(confirmation(topic, bad), "2"))); w.Code != 403 || x.ses.fetched() > 1 {
			t.Errorf("%s: %d, fetched %v", name, w.Code, x.ses.paths)
		}
	}
	x = newRig(t)
	if w := x.do(request("ses", x.ses.sign(confirmation("arn:aws:sns:eu-west-1:123456789012:others", strings.Replace(good, "emails", "others", 1)), "2"))); w.Code != 403 || x.ses.fetched() != 0 {
		t.Errorf("a topic that is not ours: %d, fetched %v", w.Code, x.ses.paths)
	}
}

// Somebody who knows the name of a topic can have us fetch little.
func TestCertificatesAreNotFetchedOften(t *testing.T) {
	x := newRig(t)
	x.ses.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(404); return true }
	for range 50 {
		x.send("ses", []byte("{}"))
	}
	if n := x.ses.fetched(); n != 10 {
		t.Errorf("fetched %d times, want 10", n)
	}
	x.ses.answer, x.now = nil, x.now.Add(2*time.Minute)
	if w := x.send("ses", fixture(t, "ses/event-bounce")); w.Code != 200 {
		t.Errorf("later: %d", w.Code)
	}
	// Nor does that keep SNS from being believed, whose certificate is known and has to be
	// fetched again.
	x.now = x.now.Add(25 * time.Hour)
	for n := range 20 {
		m := message(topic, "{}")
		m["SigningCertURL"] = fmt.Sprintf("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-%d.pem", n)
		x.ses.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(404); return true }
		x.do(request("ses", x.ses.sign(m, "2")))
	}
	if w := x.send("ses", fixture(t, "ses/event-bounce")); w.Code != 200 {
		t.Errorf("while others are fetched: %d", w.Code)
	}
}

func TestSESSaysThatATopicWorks(t *testing.T) {
	x := newRig(t)
	if w := x.send("ses", []byte("Successfully validated SNS topic for Amazon SES event publishing.")); w.Code != 200 || x.tookAll() != "ses other:1" {
		t.Errorf("%d, %s", w.Code, x.tookAll())
	}
}
