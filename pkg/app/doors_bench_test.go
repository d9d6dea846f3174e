//go:build unix

package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkWebhooks is a shop's orders, as its system sends them, through the door into
// the stream: what one costs, with what the sender and NATS do for it.
func BenchmarkWebhooks(b *testing.B) {
	b.Run("woocommerce", func(b *testing.B) {
		webhooks(b, "woocommerce/testdata/order.created.json", "727", "woocommerce", "X-WC-Webhook-Topic", "order.updated", "X-WC-Webhook-Signature")
	})
	b.Run("shopify", func(b *testing.B) {
		webhooks(b, "shopify/testdata/orders+create.json", "820982911946154508", "shopify", "X-Shopify-Topic", "orders/create", "X-Shopify-Hmac-Sha256")
	})
}

func webhooks(b *testing.B, file, number, door, topicHeader, topic, signature string) {
	_, h := doorsAt(b, startNATS(b, b.TempDir(), 0))
	order, err := os.ReadFile("../shop/" + file)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(order)))
	var n atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	begun := cpu()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := bytes.ReplaceAll(order, []byte(number), strconv.AppendInt(nil, 1_000_000+n.Add(1), 10))
			mac := hmac.New(sha256.New, []byte(doorSecret))
			_, _ = mac.Write(body)
			r := httptest.NewRequest(http.MethodPost, "/mail/in/"+door+"/main", bytes.NewReader(body))
			r.Header.Set(topicHeader, topic)
			r.Header.Set(signature, base64.StdEncoding.EncodeToString(mac.Sum(nil)))
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, r); w.Code != http.StatusOK {
				b.Errorf("%d: %s", w.Code, w.Body)
				return
			}
		}
	})
	b.ReportMetric(float64(cpu()-begun)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// cpu is the time for which this process has had a processor, with NATS in it.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
