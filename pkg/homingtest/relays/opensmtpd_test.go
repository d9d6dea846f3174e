package relays

import (
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"

	"homing/pkg/mailer"
)

// A connection that is full is replaced, and no email waits for that.
func TestOpenSMTPDTakesAHundredEmailsAConnection(t *testing.T) {
	for _, most := range []int{0, 1000} {
		s := OpenSMTPD(t, "", "", nil)
		c := connect(t, s, func(o *mailer.Options) { o.MaxPerConnection, o.Connections = most, 2 })
		c.all(250, time.Minute)
		c.arrived(s, 250)
		if len(c.answers) != 1 {
			t.Errorf("with at most %d: answers %v", most, c.answers)
		}
	}
}

// A mailbox that is full and one that is greylisted are refused by a filter: OpenSMTPD
// itself takes what comes for its recipients.
func TestOpenSMTPDRefusals(t *testing.T) {
	s := OpenSMTPD(t, `table grey { "grey@customer.example" }
table full { "box@customer.example" }
filter grey phase rcpt-to match rcpt-to <grey> reject "451 4.7.1 Greylisted, try again later"
filter full phase rcpt-to match rcpt-to <full> reject "552 5.2.2 Mailbox full"
filter all chain { grey, full }`, "filter all", nil)
	c := connect(t, s, nil)
	c.fails("nobody@customer.example", "undecided", "Invalid recipient")
	c.fails("grey@customer.example", "later", "Greylisted")
	c.fails("box@customer.example", "later", "Mailbox full")
	c.fails("known1@customer.example", "accepted", "")
	c.fails("nobody@customer.example", "doubtful", "Invalid recipient")
	c.fails("grey@customer.example", "later", "Greylisted")

	// It does not read SIZE=, and refuses after the content.
	s = OpenSMTPD(t, "smtp max-message-size 500", "", nil)
	c = connect(t, s, nil)
	c.fails("known1@customer.example", "message_at_fault", "5.3.4")
}

func TestOpenSMTPDThatDoesNotKnowUs(t *testing.T) {
	unknown(t, OpenSMTPD(t, "", "", nil), "Invalid recipient")
}

// rate is a filter in OpenSMTPD's own protocol: it takes 15 emails in three seconds, and
// refuses what comes on top as REPLY says.
const rate = `#!/bin/sh
while read -r line && [ "$line" != "config|ready" ]; do :; done
echo "register|filter|smtp-in|mail-from"
echo "register|ready"
window=0
n=0
while IFS='|' read -r kind version at system phase session token rest; do
	[ "$kind" = filter ] || continue
	now=$((${at%%.*} / 3))
	[ $now = $window ] || { window=$now; n=0; }
	n=$((n + 1))
	if [ $n -gt 15 ]; then
		echo "filter-result|$session|$token|REPLY"
	else
		echo "filter-result|$session|$token|proceed"
	fi
done
`

func TestOpenSMTPDAtARate(t *testing.T) {
	long(t)
	for _, reply := range []string{"reject|450 4.7.1 too much mail from you", "disconnect|421 4.7.0 too much mail from you"} {
		s := OpenSMTPD(t, `filter rate proc-exec "/etc/rate"`, "filter rate", map[string]string{"rate": strings.ReplaceAll(rate, "REPLY", reply)})
		c := connect(t, s, nil)
		c.all(60, time.Minute)
		c.arrived(s, 60)
		t.Logf("%s: %d tries, answers %v", reply, c.tries, c.answers)
		if c.tries == 60 || c.tries > 120 {
			t.Errorf("%s: %d tries, answers %v: the rate was not felt, or each email was tried again and again", reply, c.tries, c.answers)
		}
	}
}

func TestOpenSMTPDWithSTARTTLSAndAUTH(t *testing.T) {
	cert, roots := certificate(t)
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"cert.pem": string(pem), "users": "shop $6$homing$kQzLG8llAzoylPpLsrXp.QhmlDhGBF/eZeXgE/wjFMnFbJ9S.xGCMt.MVU6ZIr/aM24OTlB4sa10kaqrTeeFc0\n"}
	const pki = "pki relay.example cert \"/etc/cert.pem\"\npki relay.example key \"/etc/cert.pem\"\ntable users file:/etc/users"
	s := OpenSMTPD(t, pki, "tls pki relay.example auth <users>", files)
	if err := handshake(s, roots); err != nil {
		// Debian's OpenSMTPD 6.8 offers STARTTLS, and with OpenSSL 3 fails in each
		// handshake. Nothing is sent without TLS instead.
		c := connect(t, s, func(o *mailer.Options) { o.URL, o.TLSConfig = "smtp://shop:s3cret@"+s.Addr(), roots })
		if got := c.once("known1@customer.example"); got != "down" {
			t.Errorf("no TLS (%v): %s, want down", err, got)
		}
		if _, err := c.relay.Acquire(t.Context()); err == nil || !strings.Contains(err.Error(), "tls: ") {
			t.Errorf("%v does not say that TLS failed", err)
		}
		t.Logf("this OpenSMTPD cannot speak TLS: %v", err)
	} else {
		secured(t, s, roots)
	}

	s = OpenSMTPD(t, pki, "smtps pki relay.example auth <users>", files)
	c := connect(t, s, func(o *mailer.Options) { o.GreetingTimeout = time.Second })
	if _, err := c.relay.Acquire(t.Context()); !errors.Is(err, mailer.ErrSilent) {
		t.Errorf("%v, want a hint at smtps://", err)
	}
	c = connect(t, s, func(o *mailer.Options) { o.URL, o.TLSConfig = "smtps://shop:s3cret@"+s.Addr(), roots })
	if err := handshake(s, roots); err != nil {
		t.Logf("nor here: %v", err)
	} else if got := c.once("known1@customer.example"); got != "accepted" {
		t.Errorf("smtps: %s", got)
	}
}

// handshake speaks TLS with a server, and sends nothing.
func handshake(s *Server, roots *tls.Config) error {
	c, err := net.DialTimeout("tcp", s.Addr(), 5*time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if !s.silent {
		text := textproto.NewConn(c)
		for _, say := range []struct {
			line string
			code int
		}{{"", 220}, {"EHLO shop.example", 250}, {"STARTTLS", 220}} {
			if say.line != "" {
				_ = text.PrintfLine("%s", say.line)
			}
			if _, _, err := text.ReadResponse(say.code); err != nil {
				return err
			}
		}
	}
	config := roots.Clone()
	config.ServerName = "127.0.0.1"
	return tls.Client(c, config).Handshake()
}
