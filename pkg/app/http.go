package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// httpServer serves health and metrics, or links.
type httpServer struct {
	srv  *http.Server
	addr string
	done chan struct{} // closed when Serve returned
}

func serveHTTP(listen string, a *App) (*httpServer, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		err := a.Ready()
		if err == nil {
			err = a.reachRedis(r.Context())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	// Exemplars are in the newer format alone, which Prometheus asks for if it is offered.
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{EnableOpenMetrics: a.tracer != nil}))
	return serve(l, a.log, &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}), nil
}

func serve(l net.Listener, log *zap.Logger, srv *http.Server) *httpServer {
	s := &httpServer{srv: srv, addr: l.Addr().String(), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		if err := s.srv.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Error("http", zap.Error(err))
		}
	}()
	return s
}

// stop answers what was asked, and serves no more.
func (s *httpServer) stop(ctx context.Context) error {
	err := s.srv.Shutdown(ctx)
	<-s.done
	return err
}

// Addr returns where health and metrics are served; empty if they are not.
func (a *App) Addr() string {
	if a.http == nil {
		return ""
	}
	return a.http.addr
}
