package process

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sys/unix"
)

// newID is a random id, new at each start.
func newID() string { return strings.ToLower(rand.Text()) }

// listen opens the doors for HTTP and HTTPS.
func (p *Process) listen() error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", p.readyz)
	metrics, err := p.metrics()
	if err != nil {
		return err
	}
	mux.Handle("GET /metrics", metrics)
	p.mount(mux)
	if p.Config.HTTP != "" {
		clear := http.Handler(mux)
		if p.Config.HTTPS != "" {
			clear = toTLS(mux, p.Config.HTTPS)
		}
		if err := p.serve(clear, p.Config.HTTP, nil); err != nil {
			return err
		}
		p.run.HTTP = p.addrs[len(p.addrs)-1].String()
		p.run.URL = "http://" + p.run.HTTP
	}
	if p.Config.HTTPS != "" {
		t, err := serverTLS(p.Config, time.Now, p.Logger)
		if err != nil {
			return err
		}
		if err := p.serve(mux, p.Config.HTTPS, t); err != nil {
			return err
		}
		p.run.HTTPS = p.addrs[len(p.addrs)-1].String()
		p.run.URL = "https://" + p.run.HTTPS
	}
	return nil
}

func (p *Process) serve(h http.Handler, addr string, t *tls.Config) error {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return fmt.Errorf("listening on %s: %w; choose another address with --http or --https", addr, err)
	}
	if t != nil {
		h = strictTransport(h)
	}
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, TLSConfig: t,
		// It would name clients' addresses: who fails a handshake, and why, is nothing that we keep.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	p.servers, p.addrs = append(p.servers, s), append(p.addrs, l.Addr())
	p.doorWork.Go(func() {
		var err error
		if t != nil {
			err = s.ServeTLS(l, "", "")
		} else {
			err = s.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			p.fail(err)
		}
	})
	return nil
}

// toTLS sends people who come in the clear to the door with TLS; programs of the operator's find their paths on both.
func toTLS(next http.Handler, addr string) http.Handler {
	_, port, _ := net.SplitHostPort(addr) // checked by Validate
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			next.ServeHTTP(w, r)
			return
		}
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		http.Redirect(w, r, "https://"+net.JoinHostPort(host, port)+r.URL.RequestURI(), http.StatusPermanentRedirect) //nolint:gosec // to the host that the browser came to
	})
}

// strictTransport has browsers come by TLS from now on, whatever they asked for.
func strictTransport(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		h.ServeHTTP(w, r)
	})
}

// URL is where people find this process; empty where it serves none.
func (p *Process) URL() string { return p.run.URL }

// readyz answers 200 when the process does all it promises, else 503 and what it lacks. It asks nobody, so it answers at once.
func (p *Process) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := p.Ready(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

// minFree is the free space below which new work is refused: the broker refuses appends at the same mark.
const minFree = 256 << 20

// room reports a disk that is nearly full.
func (p *Process) room() error {
	var st unix.Statfs_t
	if err := unix.Statfs(p.Config.Data, &st); err != nil {
		return fmt.Errorf("asking for free space in the data folder: %w", err)
	}
	free := int64(st.Bavail) * st.Bsize                       //nolint:gosec // bytes of a disk
	need := min(int64(minFree), int64(st.Blocks)*st.Bsize/20) //nolint:gosec // as above
	if p.broker != nil && free < need {
		return fmt.Errorf("the disk of the data folder has %d MiB free, less than %d: new work is refused until there is room", free>>20, need>>20)
	}
	return nil
}

// metrics serves the registry to who knows the secret in the data folder.
func (p *Process) metrics() (http.Handler, error) {
	secret, err := ownSecret(filepath.Join(p.Config.Data, "metrics.secret"))
	if err != nil {
		return nil, err
	}
	p.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &engineMetrics{p})
	h := promhttp.HandlerFor(p.Registry, promhttp.HandlerOpts{})
	want := []byte("Bearer " + secret)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "metrics need the bearer token that stands in metrics.secret of the data folder", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	}), nil
}

// engineMetrics shows the state of the partitions folded here.
type engineMetrics struct{ p *Process }

var (
	placeLabels = []string{"processor", "partition"}
	descLag     = prometheus.NewDesc("tributary_fold_lag_records", "Records of an inbox that are not folded yet.", placeLabels, nil)
	descPending = prometheus.NewDesc("tributary_fold_unacknowledged_events", "Outputs not yet acknowledged by the log.", placeLabels, nil)
	descRows    = prometheus.NewDesc("tributary_fold_rows", "Rows of state, timers included.", placeLabels, nil)
	descFolded  = prometheus.NewDesc("tributary_fold_records_total", "Records folded since the start.", placeLabels, nil)
	descDead    = prometheus.NewDesc("tributary_fold_dead_total", "Records that went to dead since the start.", placeLabels, nil)
	descGaps    = prometheus.NewDesc("tributary_lane_gaps_total", "Records refused because one before them is missing.", placeLabels, nil)
	descDiffer  = prometheus.NewDesc("tributary_fold_diverged_total", "Ticks of other processes that came to other outputs.", placeLabels, nil)
	descSkipped = prometheus.NewDesc("tributary_facts_gaps_total", "Facts that a reader refused because one before them is missing.", nil, nil)
	descEpoch   = prometheus.NewDesc("tributary_epoch", "Epoch in force.", placeLabels, nil)
)

// Describe names the metrics.
func (m *engineMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descLag, descPending, descRows, descFolded, descDead, descGaps, descDiffer, descSkipped, descEpoch} {
		ch <- d
	}
}

// Collect reads the state.
func (m *engineMetrics) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstMetric(descSkipped, prometheus.CounterValue, float64(m.p.Log.Gaps()))
	if m.p.Host == nil {
		return
	}
	for _, s := range m.p.Host.Status() {
		labels := []string{s.Processor, fmt.Sprint(s.Partition)}
		gauge := func(d *prometheus.Desc, v float64) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
		}
		count := func(d *prometheus.Desc, v uint64) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
		}
		gauge(descLag, float64(max(0, s.End-s.Next)))
		gauge(descPending, float64(s.Pending))
		gauge(descRows, float64(s.Rows))
		gauge(descEpoch, float64(s.Epoch))
		count(descFolded, s.Folded)
		count(descDead, s.Dead)
		count(descGaps, s.Gaps)
		count(descDiffer, s.Diverged)
	}
}
