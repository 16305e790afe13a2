package process

import (
	"context"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"time"
)

// ProfileEnv names a loopback address at which the process serves Go's profiles. It is for those who measure the product:
// profiles hold no personal data, but anybody on the machine may read them.
const ProfileEnv = "TRIBUTARY_PPROF"

// serveProfiles serves profiles until ctx is done, where the environment asks for it.
func (p *Process) serveProfiles(ctx context.Context) {
	addr := os.Getenv(ProfileEnv)
	if addr == "" {
		return
	}
	if host, _, err := net.SplitHostPort(addr); err != nil || !net.ParseIP(host).IsLoopback() {
		p.Logger.Error("profiles are served on a loopback address only", "variable", ProfileEnv) //nolint:sloglint // start-up
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	s := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	p.foldWork.Go(func() {
		stop := context.AfterFunc(ctx, func() { _ = s.Close() })
		defer stop()
		if err := s.ListenAndServe(); ctx.Err() == nil {
			p.Logger.ErrorContext(ctx, "profiles cannot be served", "error", err)
		}
	})
}
