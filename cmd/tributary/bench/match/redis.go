package match

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// pipelined is how many agents who are free are served by one round trip to Redis.
const pipelined = 32

// redis measures sorted sets: one for each need, with the contacts that wait for it by priority and wait. For a free agent the
// heads of all sets that the agent meets are read, the best is taken out, and a new contact goes into its set; 32 agents at a
// time share two round trips.
func redis(ctx context.Context, w *workload, atMost time.Duration) (Result, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return Result{Name: "Redis sorted sets", Note: "skipped: no redis-server"}, nil //nolint:nilerr // told in the report
	}
	dir, err := os.MkdirTemp("", "tributary-redis-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // left-overs in the temporary folder
	socket := filepath.Join(dir, "redis.sock")
	cmd := exec.CommandContext(ctx, path, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir) //nolint:gosec // Debian's
	if err = cmd.Start(); err != nil {
		return Result{}, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	c, err := dial(ctx, socket)
	if err != nil {
		return Result{}, err
	}
	defer c.conn.Close() //nolint:errcheck // a local socket
	return c.play(ctx, w, atMost)
}

type client struct {
	conn net.Conn
	out  *bufio.Writer
	in   *bufio.Reader
}

func dial(ctx context.Context, socket string) (*client, error) {
	var d net.Dialer
	for range 100 {
		if conn, err := d.DialContext(ctx, "unix", socket); err == nil {
			return &client{conn, bufio.NewWriterSize(conn, 1<<20), bufio.NewReaderSize(conn, 1<<20)}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("redis-server did not open %s within 5 s", socket)
}

func (c *client) send(words ...string) {
	fmt.Fprintf(c.out, "*%d\r\n", len(words))
	for _, w := range words {
		c.out.WriteString("$" + strconv.Itoa(len(w)) + "\r\n" + w + "\r\n") //nolint:errcheck,gosec // Flush tells
	}
}

// answer reads one reply; of a list it gives the last text.
func (c *client) answer() (string, error) {
	line, err := c.in.ReadString('\n')
	if err != nil || len(line) < 3 {
		return "", fmt.Errorf("reading redis's answer: %w", err)
	}
	text := line[1 : len(line)-2]
	n := 0
	switch line[0] {
	case '+', ':':
		return text, nil
	case '-':
		return "", fmt.Errorf("redis: %s", text)
	}
	if n, err = strconv.Atoi(text); err != nil || n < 0 {
		return "", err
	}
	if line[0] == '$' {
		b := make([]byte, n+2)
		_, err = io.ReadFull(c.in, b)
		return string(b[:n]), err
	}
	last := ""
	for range n {
		if last, err = c.answer(); err != nil {
			return "", err
		}
	}
	return last, nil
}

// answers flushes what was sent and reads n replies.
func (c *client) answers(n int, each func(i int, text string)) error {
	if err := c.out.Flush(); err != nil {
		return err
	}
	for i := range n {
		text, err := c.answer()
		if err != nil {
			return err
		}
		if each != nil {
			each(i, text)
		}
	}
	return nil
}

// score orders by priority, then by the wait: less is first.
func (w *workload) score(i int) int { return i - int(w.priority(i))*1_000_000_000 }

func (c *client) add(w *workload, i int) {
	c.send("ZADD", "need:"+strconv.Itoa(w.of(i)), strconv.Itoa(w.score(i)), strconv.Itoa(i))
}

func (c *client) play(ctx context.Context, w *workload, atMost time.Duration) (Result, error) {
	for i := range w.Waiting {
		c.add(w, i)
		if i%1000 == 999 || i == w.Waiting-1 {
			if err := c.answers(i%1000+1, nil); err != nil {
				return Result{}, err
			}
		}
	}
	mine := make([][]int, w.Agents) // the sets whose need an agent meets
	for a := range mine {
		for n := range w.Needs {
			if w.serves(a, n) && w.fits(a, n) {
				mine[a] = append(mine[a], n)
			}
		}
	}
	slow, made, next, agent := latencies{}, 0, w.Waiting, 0
	watch := begin()
	for began := time.Now(); time.Since(began) < atMost && made < w.Decisions && ctx.Err() == nil; agent += pipelined {
		one := time.Now()
		n, err := c.round(w, mine, agent, next)
		if err != nil {
			return Result{}, err
		}
		made, next = made+n, next+n
		slow.add(time.Since(one))
	}
	res := watch.end("Redis sorted sets", made)
	res.P50, res.P99, res.P999 = slow.quantile(50, 100), slow.quantile(99, 100), slow.quantile(999, 1000)
	res.PerCore = 0
	res.Note = "chooses only; redis-server uses a second core; a latency is that of 32 agents together"
	return res, nil
}

// round serves so many agents.
func (c *client) round(w *workload, mine [][]int, agent, next int) (int, error) {
	sent := 0
	for k := range pipelined {
		for _, n := range mine[(agent+k)%w.Agents] {
			c.send("ZRANGE", "need:"+strconv.Itoa(n), "0", "0")
			sent++
		}
	}
	heads := make([]int, 0, sent)
	if err := c.answers(sent, func(_ int, text string) {
		i, err := strconv.Atoi(text)
		if err != nil {
			i = -1
		}
		heads = append(heads, i)
	}); err != nil {
		return 0, err
	}
	return c.take(w, mine, agent, next, heads)
}

// take takes the best head for each agent out, whom no agent before has, and adds as many contacts.
func (c *client) take(w *workload, mine [][]int, agent, next int, heads []int) (int, error) {
	taken := make(map[int]bool, pipelined)
	made := 0
	for k := range pipelined {
		own := mine[(agent+k)%w.Agents]
		best := -1
		for _, h := range heads[:len(own)] {
			if h >= 0 && !taken[h] && (best < 0 || w.score(h) < w.score(best)) {
				best = h
			}
		}
		heads = heads[len(own):]
		if best < 0 {
			continue
		}
		taken[best] = true
		c.send("ZREM", "need:"+strconv.Itoa(w.of(best)), strconv.Itoa(best))
		c.add(w, next+made)
		made++
	}
	return made, c.answers(2*made, nil)
}
