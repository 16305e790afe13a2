package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/btree"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

const (
	// keepCheckpoints is how many of the newest manifests of a partition stay: older ones for the case that it is torn.
	keepCheckpoints = 4
	// keepEpochs is of how many epochs the first manifest stays: a replay with the epoch's build begins there.
	keepEpochs = 8
	// maxDeltas bounds the segments that a restart must read.
	maxDeltas = 64
	// segmentBytes is about how many bytes of rows one segment of a base holds: an object has a largest size.
	segmentBytes = 64 << 20
)

// manifest is a complete checkpoint: the position, the lanes, and the segments that hold the rows. It is written last.
type manifest struct {
	Processor string    `json:"processor"`
	Partition int       `json:"partition"`
	Position  position  `json:"position"`
	In        []LaneAt  `json:"lanes_in"`
	Out       []OutAt   `json:"lanes_out"`
	Segments  []segment `json:"segments"`
}

// OutAt is the last number given to a lane.
type OutAt struct {
	Topic     event.Topic `json:"topic"`
	Partition int         `json:"partition"`
	Number    uint64      `json:"number"`
}

// segment names an object with rows in key order: a base holds all of them, a delta those changed since the one before.
type segment struct {
	Name   string `json:"name"`
	Base   bool   `json:"base"`
	Rows   int    `json:"rows"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// capture is the state behind one record, taken in an instant and written later: the tree is a copy-on-write copy.
type capture struct {
	m       manifest
	tree    *btree.Map[string, string]
	changed []string
	// omitted is how many captures before this one are not published and have their changes here.
	omitted int
}

// over takes the place of the capture before.
func (c capture) over(before capture) capture {
	c.changed = slices.Concat(c.changed, before.changed)
	slices.Sort(c.changed)
	c.changed, c.omitted = slices.Compact(c.changed), before.omitted+1
	return c
}

// capture takes the state as it is now. Every folder that takes it at the same record takes the same.
func (c *core) capture() capture {
	out := make([]OutAt, 0, len(c.out))
	for to, n := range c.out {
		out = append(out, OutAt{to.topic, to.partition, n})
	}
	slices.SortFunc(out, func(a, b OutAt) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return capture{
		m: manifest{
			Processor: c.proc.Name, Partition: c.partition, Position: c.pos, In: c.in.Positions(), Out: out,
		},
		tree: c.rows.tree.Copy(), changed: c.rows.changed(),
	}
}

// checkpoints writes and reads the checkpoints of one partition. Objects are immutable: whoever writes a name writes the
// same bytes, so the first writer does and the others find it there.
type checkpoints struct {
	store  objects.Store
	prefix string
	chain  []segment
}

func newCheckpoints(store objects.Store, processor string, partition int) *checkpoints {
	return &checkpoints{store: store, prefix: fmt.Sprintf("checkpoints/%s/%d/", processor, partition)}
}

func (k *checkpoints) name(p position, kind string) string {
	return fmt.Sprintf("%s%08d-%016d.%s", k.prefix, p.Epoch, p.Next, kind)
}

// publish writes a capture: its segments, then its manifest. It must be called for every capture in order, and only when
// all outputs up to its position are acknowledged.
//
// Where another folder was first, its checkpoint is taken for ours: it holds the same state, by segments of its own, and what
// comes next must build on those that stand.
func (k *checkpoints) publish(ctx context.Context, c capture) error {
	name := k.name(c.m.Position, "manifest")
	if found, err := k.adopt(ctx, name); found || err != nil {
		return err
	}
	if err := k.write(ctx, c); err != nil {
		return err
	}
	c.m.Segments = k.chain
	b, err := encodeManifest(&c.m)
	if err != nil {
		return err
	}
	created, err := k.store.PutIfAbsent(ctx, name, b)
	if err != nil {
		return fmt.Errorf("writing manifest %s: %w", name, err)
	}
	if !created {
		_, err := k.adopt(ctx, name)
		return err
	}
	return k.collect(ctx)
}

// adopt takes the chain of a manifest that stands. One that does not decode leaves no chain: the next one is a base.
func (k *checkpoints) adopt(ctx context.Context, name string) (found bool, err error) {
	b, err := k.store.Get(ctx, name)
	switch {
	case errors.Is(err, objects.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading manifest %s: %w", name, err)
	}
	k.chain = nil
	if m, err := decodeManifest(b); err == nil {
		k.chain = m.Segments
	}
	return true, nil
}

// encodeManifest writes a manifest behind its hash: half of one, or one with a flipped bit, must not be taken for whole.
func encodeManifest(m *manifest) ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding a manifest: %w", err)
	}
	return append([]byte(sum(b)+"\n"), b...), nil
}

// errTorn marks a manifest or a segment that is not what was written.
var errTorn = errors.New("damaged")

func decodeManifest(b []byte) (*manifest, error) {
	hash, text, _ := bytes.Cut(b, []byte("\n"))
	if string(hash) != sum(text) {
		return nil, fmt.Errorf("the manifest's hash is not its text's: %w", errTorn)
	}
	m := new(manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("the manifest does not decode: %w: %w", errTorn, err)
	}
	return m, nil
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// write writes the capture's segments: a delta, or a base where there is none yet or the deltas have outgrown it. The choice
// depends on the chain alone.
func (k *checkpoints) write(ctx context.Context, c capture) error {
	base, deltas, count := 0, 0, 0
	for _, s := range k.chain {
		if s.Base {
			base += s.Bytes
		} else {
			deltas, count = deltas+s.Bytes, count+1
		}
	}
	if len(k.chain) > 0 && count < maxDeltas {
		if delta := encodeRows(c.changed, c.tree); deltas+len(delta) <= base+64<<10 {
			kind := "delta"
			if c.omitted > 0 { // another folder may write one that holds less under the plain name
				kind = fmt.Sprintf("wide%d", c.omitted)
			}
			s, err := k.put(ctx, c, kind, len(c.changed), delta)
			if err == nil {
				k.chain = append(slices.Clone(k.chain), s)
			}
			return err
		}
	}
	var chain []segment
	var keys []string
	var failed error
	size := 0
	flush := func() {
		s, err := k.put(ctx, c, fmt.Sprintf("base%d", len(chain)), len(keys), encodeRows(keys, c.tree))
		chain, keys, size, failed = append(chain, s), nil, 0, errors.Join(failed, err)
	}
	c.tree.Scan(func(key, value string) bool {
		keys, size = append(keys, key), size+len(key)+len(value)
		if size >= segmentBytes {
			flush()
		}
		return failed == nil
	})
	if flush(); failed == nil {
		k.chain = chain
	}
	return failed
}

func (k *checkpoints) put(ctx context.Context, c capture, kind string, rows int, data []byte) (segment, error) {
	s := k.segment(c, kind, rows, data)
	if _, err := k.store.PutIfAbsent(ctx, s.Name, data); err != nil {
		return s, fmt.Errorf("writing segment %s: %w", s.Name, err)
	}
	return s, nil
}

func (k *checkpoints) segment(c capture, kind string, rows int, data []byte) segment {
	return segment{
		Name: k.name(c.m.Position, kind), Base: strings.HasPrefix(kind, "base"), Rows: rows, Bytes: len(data), SHA256: sum(data),
	}
}

// encodeRows writes (key, present, value) for each key, compressed. A key that is gone is written as absent.
func encodeRows(keys []string, tree *btree.Map[string, string]) []byte {
	var buf bytes.Buffer
	w, err := zstd.NewWriter(&buf, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		throw(err) // the options are constants
	}
	var n []byte
	text := func(s string) {
		n = binary.AppendUvarint(n[:0], uint64(len(s)))
		_, _ = w.Write(n) // a bytes.Buffer takes everything
		_, _ = w.Write([]byte(s))
	}
	for _, key := range keys {
		value, ok := tree.Get(key)
		text(key)
		if ok {
			_, _ = w.Write([]byte{1})
			text(value)
		} else {
			_, _ = w.Write([]byte{0})
		}
	}
	_ = w.Close()
	return buf.Bytes()
}

// maxSegment bounds what a segment may decompress to.
const maxSegment = 16 << 30

func decodeRows(data []byte, tree *btree.Map[string, string]) error {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSegment))
	if err != nil {
		return err
	}
	defer d.Close()
	raw, err := d.DecodeAll(data, nil)
	if err != nil {
		return fmt.Errorf("decompressing: %w", err)
	}
	text := func() (string, bool) {
		n, w := binary.Uvarint(raw)
		if w <= 0 || n > uint64(len(raw)-w) { //nolint:gosec // w is at most the length
			return "", false
		}
		s := string(raw[w : w+int(n)]) //nolint:gosec // checked against the length
		raw = raw[w+int(n):]           //nolint:gosec // as above
		return s, true
	}
	for len(raw) > 0 {
		key, ok := text()
		if !ok || len(raw) == 0 {
			return errors.New("a row is cut short")
		}
		present := raw[0] == 1
		raw = raw[1:]
		if !present {
			tree.Delete(key)
			continue
		}
		value, ok := text()
		if !ok {
			return errors.New("a row is cut short")
		}
		tree.Set(key, value)
	}
	return nil
}

// load finds the newest complete checkpoint. What is torn is passed over and reported to torn; any other failure to read is an
// error, as what could not be read may well be whole. It answers nil where there is none.
func (k *checkpoints) load(ctx context.Context, torn func(name string, err error)) (*manifest, *rows, error) {
	names, err := k.manifests(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i := len(names) - 1; i >= 0; i-- {
		m, r, err := k.read(ctx, names[i])
		switch {
		case err == nil:
			k.chain = m.Segments
			return m, r, nil
		case !isTorn(err):
			return nil, nil, fmt.Errorf("reading checkpoint %s: %w", names[i], err)
		}
		if errors.Is(err, objects.ErrNotFound) { // it may have been collected: then there are newer ones
			again, failed := k.manifests(ctx)
			if failed != nil {
				return nil, nil, failed
			}
			if len(again) > 0 && again[len(again)-1] > names[len(names)-1] {
				names, i = again, len(again)
				continue
			}
		}
		torn(names[i], err)
	}
	if len(names) > 0 {
		return nil, nil, fmt.Errorf("%w: %d stand under %s", ErrNoCheckpoint, len(names), k.prefix)
	}
	return nil, nil, nil
}

// isTorn tells whether a checkpoint is not whole, for good: a part of it is missing or is not what was written.
func isTorn(err error) bool {
	return errors.Is(err, errTorn) || errors.Is(err, objects.ErrNotFound)
}

func (k *checkpoints) manifests(ctx context.Context) ([]string, error) {
	all, err := k.store.List(ctx, k.prefix)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", k.prefix, err)
	}
	names := slices.DeleteFunc(all, func(n string) bool { return !strings.HasSuffix(n, ".manifest") })
	slices.Sort(names)
	return names, nil
}

// manifest reads a manifest alone.
func (k *checkpoints) manifest(ctx context.Context, name string) (*manifest, error) {
	b, err := k.store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	return decodeManifest(b)
}

func (k *checkpoints) read(ctx context.Context, name string) (*manifest, *rows, error) {
	m, err := k.manifest(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	r := newRows()
	for _, s := range m.Segments {
		data, err := k.store.Get(ctx, s.Name)
		if err != nil {
			return nil, nil, fmt.Errorf("segment %s: %w", s.Name, err)
		}
		if sum(data) != s.SHA256 {
			return nil, nil, fmt.Errorf("segment %s: its hash is not the manifest's: %w", s.Name, errTorn)
		}
		if err := decodeRows(data, r.tree); err != nil {
			return nil, nil, fmt.Errorf("segment %s: %w: %w", s.Name, errTorn, err)
		}
	}
	return m, r, nil
}

// keep chooses the manifests that stay: the newest, and the first of each of the last epochs.
func (k *checkpoints) keep(names []string) []string {
	var firsts []string
	epoch := ""
	for _, n := range names {
		if e, _, _ := strings.Cut(strings.TrimPrefix(n, k.prefix), "-"); e != epoch {
			epoch, firsts = e, append(firsts, n)
		}
	}
	return append(names[max(0, len(names)-keepCheckpoints):], firsts[max(0, len(firsts)-keepEpochs):]...)
}

// collect deletes manifests beyond those kept, then segments that no manifest kept names.
func (k *checkpoints) collect(ctx context.Context) error {
	names, err := k.manifests(ctx)
	if err != nil || len(names) <= keepCheckpoints {
		return err
	}
	kept := make(map[string]bool)
	newest := names[len(names)-1]
	for _, name := range k.keep(slices.Clone(names)) {
		m, failed := k.manifest(ctx, name)
		if isTorn(failed) {
			continue // nobody can begin at it, or another process has just deleted it
		}
		if failed != nil {
			return fmt.Errorf("reading manifest %s: %w", name, failed)
		}
		kept[name] = true
		for _, s := range m.Segments {
			kept[s.Name] = true
		}
	}
	all, err := k.store.List(ctx, k.prefix)
	if err != nil {
		return fmt.Errorf("listing %s: %w", k.prefix, err)
	}
	for _, name := range all {
		if !kept[name] && name < newest { // never what a slower writer of the next one has just begun
			if err := k.store.Delete(ctx, name); err != nil {
				return fmt.Errorf("deleting %s: %w", name, err)
			}
		}
	}
	return nil
}

// resume makes the core stand where a checkpoint stood; without one, at the beginning.
func (c *core) resume(m *manifest, r *rows) error {
	if m == nil {
		return c.restore()
	}
	c.rows, c.pos = r, m.Position
	c.in.Restore(m.In)
	c.out = make(map[destination]uint64, len(m.Out))
	for _, o := range m.Out {
		c.out[destination{o.Topic, o.Partition}] = o.Number
	}
	c.fold = c.proc.New()
	return c.restore()
}
