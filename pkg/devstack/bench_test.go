package devstack

import (
	"fmt"
	"net/smtp"
	"strings"
	"sync"
	"testing"
	"time"
)

// sampleMail is a multipart email of about 11 KB, as a shop sends them.
func sampleMail() []byte {
	var b strings.Builder
	b.WriteString("From: Shop <hello@shop.example>\r\nTo: ann@example.com\r\nSubject: =?utf-8?q?Tack_f=C3=B6r_din_best=C3=A4llning?=\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
		"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTack, Ann!\r\n" +
		"--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><body>\r\n")
	for n := range 140 {
		fmt.Fprintf(&b, "<tr><td style=3D\"padding:12px 0\">Hand-thrown mug no. %d</td><td>=C2=A314.50</td></tr>\r\n", n)
	}
	b.WriteString("</body></html>\r\n--x--\r\n")
	return []byte(b.String())
}

// BenchmarkTake measures how fast emails are taken over 8 connections kept open,
// client included: three round trips an email, nothing pipelined.
func BenchmarkTake(b *testing.B) {
	const connections, each = 8, 50
	i, err := StartInbox(InboxOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = i.Stop(b.Context()) })
	clients := make([]*smtp.Client, connections)
	for n := range clients {
		if clients[n], err = smtp.Dial(i.SMTPAddr()); err != nil {
			b.Fatal(err)
		}
	}
	raw := sampleMail()
	b.SetBytes(int64(len(raw)) * connections * each)
	start, mails := time.Now(), 0
	for b.Loop() {
		var wg sync.WaitGroup
		for _, c := range clients {
			wg.Go(func() {
				for range each {
					if err := sendOn(c, raw); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		mails += connections * each
	}
	b.ReportMetric(float64(mails)/time.Since(start).Seconds(), "mails/s")
}

func sendOn(c *smtp.Client, raw []byte) error {
	if err := c.Mail("hello@shop.example"); err != nil {
		return err
	}
	if err := c.Rcpt("ann@example.com"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	return w.Close()
}

// BenchmarkParse measures one look at an email.
func BenchmarkParse(b *testing.B) {
	m := &mail{raw: sampleMail(), received: time.Now()}
	b.SetBytes(int64(len(m.raw)))
	b.ReportAllocs()
	for b.Loop() {
		if msg := m.message(); msg.Error != "" {
			b.Fatal(msg.Error)
		}
	}
}
