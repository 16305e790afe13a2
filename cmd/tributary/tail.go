package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tributary-cc/tributary/cmd/tributary/process"
	"github.com/tributary-cc/tributary/stream/event"
)

var errEnough = errors.New("read to the end")

// tailing is what of the log is printed.
type tailing struct {
	s               *process.Spine
	topic           event.Topic
	from            int64
	follow, control bool
	asJSON          bool

	live   chan tailed
	mu     sync.Mutex
	hidden int
}

// tailed is a line, and when it was.
type tailed struct {
	atMs int64
	line string
}

func tailCommand(g *globals) *cobra.Command {
	var topic string
	t := tailing{live: make(chan tailed)}
	cmd := &cobra.Command{
		Use: "tail", Short: "Print events as people read them, by time; what is sealed stays sealed", Args: cobra.NoArgs,
		Long: "It prints the events of a topic, those of all partitions together by time; with --follow what comes is printed as it comes. With --json each\n" +
			"line is a document.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			t.topic, t.asJSON = event.Topic(topic), g.json
			if !slices.Contains(event.Topics(), t.topic) {
				return fmt.Errorf("there is no topic %q; there are %v; %w", topic, event.Topics(), errUsage)
			}
			var err error
			if t.s, err = g.connect(cmd.Context()); err != nil {
				return err
			}
			defer t.s.Close() //nolint:errcheck // only read
			if err = t.print(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()); ctxEnded(cmd.Context(), err) {
				return nil
			}
			return err
		},
	}
	cmd.Flags().StringVar(&topic, "topic", string(event.TopicConversationFacts), "the topic")
	cmd.Flags().Int64Var(&t.from, "from", -20, "offset to begin at in each partition; negative counts back from the end")
	cmd.Flags().BoolVar(&t.follow, "follow", false, "go on with what comes")
	cmd.Flags().BoolVar(&t.control, "control", false, "print the engine's own records too: ticks and epochs")
	return cmd
}

func ctxEnded(ctx context.Context, err error) bool { return err != nil && ctx.Err() != nil }

func (t *tailing) print(ctx context.Context, w, notes io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := t.s.Log.Partitions(t.topic)
	kept := make([]chan tailed, n)
	done := make(chan error, n)
	for p := range n {
		kept[p] = make(chan tailed, 64)
		go func() { done <- t.read(ctx, p, kept[p]) }()
	}
	merge(kept, func(x tailed) { fmt.Fprintln(w, x.line) })
	t.mu.Lock()
	if t.hidden > 0 {
		fmt.Fprintf(notes, "%d of the engine's own records are not shown; --control shows them\n", t.hidden)
	}
	t.mu.Unlock()
	for n > 0 {
		select {
		case x := <-t.live:
			fmt.Fprintln(w, x.line)
		case err := <-done:
			n--
			if err != nil && !errors.Is(err, errEnough) {
				return err
			}
		}
	}
	return nil
}

// merge sees what comes on the channels by time, keeping the order within each.
func merge(from []chan tailed, see func(tailed)) {
	heads := make([]*tailed, len(from))
	for {
		first := -1
		for i := range from {
			if heads[i] == nil {
				if x, ok := <-from[i]; ok {
					heads[i] = &x
				}
			}
			if heads[i] != nil && (first < 0 || heads[i].atMs < heads[first].atMs) {
				first = i
			}
		}
		if first < 0 {
			return
		}
		see(*heads[first])
		heads[first] = nil
	}
}

// read sends what a partition has to the channel and closes it; what comes then is live.
func (t *tailing) read(ctx context.Context, p int, kept chan tailed) error {
	closing := sync.OnceFunc(func() { close(kept) })
	defer closing()
	first, end, err := t.s.Log.Bounds(ctx, t.topic, p)
	if err != nil {
		return err
	}
	from := t.from
	if from < 0 {
		from = end + from
	}
	from = max(from, first)
	if from >= end {
		if !t.follow {
			return nil
		}
		closing()
	}
	return t.s.Log.Read(ctx, t.topic, p, from, func(batch []event.Record, _ int64) error {
		for i := range batch {
			to := t.live
			if batch[i].Offset < end {
				to = kept
			}
			if x, shown := t.line(&batch[i], to == kept); shown {
				select {
				case to <- x:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			if batch[i].Offset+1 < end {
				continue
			}
			if !t.follow {
				return errEnough
			}
			closing()
		}
		return nil
	})
}

func (t *tailing) line(r *event.Record, count bool) (tailed, bool) {
	e, err := event.Unmarshal(r.Value)
	if err == nil && !t.control && (e.GetTick() != nil || e.GetEpoch() != nil) {
		if count {
			t.mu.Lock()
			t.hidden++
			t.mu.Unlock()
		}
		return tailed{}, false
	}
	return tailed{e.GetAtMs(), describe(r, t.asJSON)}, true
}

// describe prints one record on one line.
func describe(r *event.Record, asJSON bool) string {
	e, err := event.Unmarshal(r.Value)
	if asJSON {
		return oneLine(string(document(r, e, err)))
	}
	place := fmt.Sprintf("%s/%d@%d", r.Topic, r.Partition, r.Offset)
	if err != nil {
		return oneLine(fmt.Sprintf("%s undecodable: %v", place, err))
	}
	kind, text := bodyOf(e)
	return oneLine(fmt.Sprintf("%s %s %-20s %s %s", moment(e.GetAtMs()), place, kind, e.GetKey(), text))
}

// document is a record for a program.
func document(r *event.Record, e *event.Event, undecodable error) json.RawMessage {
	out := map[string]any{"topic": r.Topic, "partition": r.Partition, "offset": r.Offset}
	if undecodable != nil {
		out["undecodable"] = undecodable.Error()
	} else {
		e.Sealed = nil
		out["event"] = compact(e.ProtoReflect())
	}
	b, err := json.Marshal(out)
	if err != nil {
		b, _ = json.Marshal(map[string]string{"unprintable": err.Error()}) // a string can be marshalled
	}
	return b
}

func bodyOf(e *event.Event) (kind, text string) {
	m := e.ProtoReflect()
	f := m.WhichOneof(m.Descriptor().Oneofs().ByName("body"))
	if f == nil {
		return "none", ""
	}
	return string(f.Name()), readable(compact(m.Get(f).Message()))
}

// compact is a message as JSON, always the same.
func compact(m protoreflect.Message) json.RawMessage {
	b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m.Interface())
	var out bytes.Buffer
	if err == nil {
		err = json.Compact(&out, b)
	}
	if err != nil {
		b, _ = json.Marshal(err.Error()) // a string can be marshalled
		return b
	}
	return out.Bytes()
}

// millisecondsField finds durations; a quotation mark within a string has a \ before it and is no match.
var millisecondsField = regexp.MustCompile(`("[a-z_]*_ms":)"(-?[0-9]+)"`)

// longest is where milliseconds are no duration, but a moment.
const longest = 100_000_000_000 // 3 years; as a moment in 1973

// readable has times and durations as people read them.
func readable(text json.RawMessage) string {
	return millisecondsField.ReplaceAllStringFunc(string(text), func(field string) string {
		m := millisecondsField.FindStringSubmatch(field)
		n, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return field
		}
		if n > longest {
			return m[1] + moment(n)
		}
		return m[1] + milliseconds(n)
	})
}

func moment(ms int64) string { return time.UnixMilli(ms).Format("2006-01-02T15:04:05.000Z07:00") }
