package examine_test

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"homing/pkg/config"
	"homing/pkg/doctor"
	"homing/pkg/doctor/examine"
)

// Endpoints are connected to, and sent nothing; what is wrong is said with what to do.
func TestTheEndpointsOfChannelsAreTried(t *testing.T) {
	asked := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("an endpoint was sent a request") })
	plain, secure := httptest.NewServer(asked), httptest.NewUnstartedServer(asked)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that are ended
	secure.StartTLS()
	defer plain.Close()
	defer secure.Close()
	gone := httptest.NewServer(asked)
	gone.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(secure.Certificate())

	for _, c := range []struct {
		name, url string
		roots     *x509.CertPool
		level     doctor.Level
		text, do  string
	}{
		{"without TLS, on this machine", "http+insecure://" + plain.Listener.Addr().String() + "/secret", nil, doctor.OK, "takes connections, unencrypted", ""},
		{"with TLS", secure.URL + "/secret", trusted, doctor.OK, "takes connections, encrypted (TLS)", ""},
		{"nobody's certificate", secure.URL, x509.NewCertPool(), doctor.Trouble, "of an authority that is not trusted here", "SSL_CERT_FILE"},
		{"another's certificate", strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), trusted, doctor.Trouble, "its certificate is not for localhost", "for which its certificate is"},
		{"no TLS", strings.Replace(plain.URL, "http://", "https://", 1), nil, doctor.Trouble, "it does not speak TLS", "http+insecure://"},
		{"nothing there", "http+insecure://" + gone.Listener.Addr().String(), nil, doctor.Trouble, "nothing listens there", "start the endpoint"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stores := map[string]config.Store{}
			for _, id := range []string{"main", "outlet"} {
				stores[id] = config.Store{Channels: config.Channels{"sms": {URL: config.URL(c.url)}}}
			}
			r := examine.Run(t.Context(), examine.Options{Config: &config.Config{Stores: stores}, Only: []string{doctor.Channels}, Roots: c.roots, Timeout: 10 * time.Second})
			if len(r.Findings) != 1 {
				t.Fatalf("%+v", r.Findings)
			}
			f := r.Findings[0]
			if f.Level != c.level || !strings.Contains(f.Text, c.text) || !strings.Contains(f.Do, c.do) || strings.Contains(f.About, "secret") || !strings.HasPrefix(f.About, "channel sms at ") {
				t.Errorf("%+v", f)
			}
			if c.level == doctor.Trouble && !strings.Contains(f.Why, "main and outlet") {
				t.Errorf("%+v", f)
			}
		})
	}
}
