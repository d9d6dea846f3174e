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

// BenchmarkWebhooks is a shop's orders, as WooCommerce sends them, through the door into
// the stream: what one costs.
func BenchmarkWebhooks(b *testing.B) {
	_, h := doorsAt(b, startNATS(b, b.TempDir(), 0))
	order, err := os.ReadFile("../shop/woocommerce/testdata/order.created.json")
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	begun := cpu()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := bytes.ReplaceAll(order, []byte("727"), strconv.AppendInt(nil, 1_000_000+n.Add(1), 10))
			mac := hmac.New(sha256.New, []byte("a secret of WooCommerce"))
			_, _ = mac.Write(body)
			r := httptest.NewRequest(http.MethodPost, "/mail/in/woocommerce/main", bytes.NewReader(body))
			r.Header.Set("X-WC-Webhook-Topic", "order.updated")
			r.Header.Set("X-WC-Webhook-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
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
