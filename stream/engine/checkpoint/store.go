package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// ErrNone says that checkpoints stand, but none is whole. Beginning empty above them would decide anew what was decided, so
// an operator restores the objects, or deletes the partition's checkpoints to have it folded from the log's first record.
var ErrNone = errors.New("no checkpoint of the partition is whole; restore the objects, or delete the checkpoints if the log holds everything")

// Store writes and reads the checkpoints of one partition. Objects are immutable: whoever writes a name writes the
// same bytes, so the first writer does and the others find it there.
type Store struct {
	objects objects.Store
	prefix  string
	chain   []segment
}

// Open names the partition; nothing is read yet.
func Open(store objects.Store, processor string, partition int) *Store {
	return &Store{objects: store, prefix: fmt.Sprintf("checkpoints/%s/%d/", processor, partition)}
}

func (k *Store) name(p Position, kind string) string {
	return fmt.Sprintf("%s%08d-%016d.%s", k.prefix, p.Epoch, p.Next, kind)
}

// Publish writes a capture: its segments, then its manifest. It must be called for every capture in order, and only when
// all outputs up to its position are acknowledged.
//
// Where another folder was first, its checkpoint is taken for ours: it holds the same state, by segments of its own, and what
// comes next must build on those that stand.
func (k *Store) Publish(ctx context.Context, c Capture) error {
	name := k.name(c.Position, "manifest")
	if found, err := k.adopt(ctx, name); found || err != nil {
		return err
	}
	if err := k.write(ctx, c); err != nil {
		return err
	}
	c.Segments = k.chain
	b, err := encodeManifest(&c.Manifest)
	if err != nil {
		return err
	}
	created, err := k.objects.PutIfAbsent(ctx, name, b)
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
func (k *Store) adopt(ctx context.Context, name string) (found bool, err error) {
	m, err := k.Manifest(ctx, name)
	switch {
	case err == nil:
		k.chain = m.Segments
	case errors.Is(err, objects.ErrNotFound):
		return false, nil
	case Torn(err):
		k.chain = nil
	default:
		return false, err
	}
	return true, nil
}

// write writes the capture's segments: a delta, or a base where there is none yet or the deltas have outgrown it. The choice
// depends on the chain alone.
func (k *Store) write(ctx context.Context, c Capture) error {
	base, deltas, count := 0, 0, 0
	for _, s := range k.chain {
		if s.Base {
			base += s.Bytes
		} else {
			deltas, count = deltas+s.Bytes, count+1
		}
	}
	if len(k.chain) > 0 && count < maxDeltas {
		delta, err := encodeRows(c.Changed, c.Rows)
		if err != nil {
			return err
		}
		if deltas+len(delta) <= base+64<<10 {
			kind := "delta"
			if c.omitted > 0 { // another folder may write one that holds less under the plain name
				kind = fmt.Sprintf("wide%d", c.omitted)
			}
			return k.put(ctx, c, slices.Clone(k.chain), segment{Name: kind, Rows: len(c.Changed)}, delta)
		}
	}
	return k.writeBase(ctx, c)
}

func (k *Store) writeBase(ctx context.Context, c Capture) error {
	was := k.chain
	k.chain = nil
	var keys []string
	var failed error
	size := 0
	flush := func() {
		var data []byte
		if data, failed = encodeRows(keys, c.Rows); failed == nil {
			failed = k.put(ctx, c, k.chain, segment{Name: fmt.Sprintf("base%d", len(k.chain)), Base: true, Rows: len(keys)}, data)
		}
		keys, size = nil, 0
	}
	c.Rows.Scan(func(key, value string) bool {
		keys, size = append(keys, key), size+len(key)+len(value)
		if size >= segmentBytes {
			flush()
		}
		return failed == nil
	})
	if failed == nil {
		flush()
	}
	if failed != nil {
		k.chain = was
	}
	return failed
}

// put writes a segment, named by its kind so far, and lets the chain be the one given with it.
func (k *Store) put(ctx context.Context, c Capture, chain []segment, s segment, data []byte) error {
	s.Name, s.Bytes, s.SHA256 = k.name(c.Position, s.Name), len(data), sum(data)
	if _, err := k.objects.PutIfAbsent(ctx, s.Name, data); err != nil {
		return fmt.Errorf("writing segment %s: %w", s.Name, err)
	}
	k.chain = append(chain, s)
	return nil
}

// Newest finds the newest complete checkpoint, to go on from. What is torn is passed over and reported to torn; any other failure
// to read is an error, as what could not be read may well be whole. It answers nil where there is none.
func (k *Store) Newest(ctx context.Context, torn func(name string, err error)) (*Manifest, *Rows, error) {
	names, err := k.Names(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i := len(names) - 1; i >= 0; i-- {
		m, r, err := k.read(ctx, names[i])
		switch {
		case err == nil:
			k.chain = m.Segments
			return m, r, nil
		case !Torn(err):
			return nil, nil, fmt.Errorf("reading checkpoint %s: %w", names[i], err)
		}
		if errors.Is(err, objects.ErrNotFound) { // it may have been collected: then there are newer ones
			again, failed := k.Names(ctx)
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
		return nil, nil, fmt.Errorf("%w: %d stand under %s", ErrNone, len(names), k.prefix)
	}
	return nil, nil, nil
}

// Names lists the manifests, the oldest first.
func (k *Store) Names(ctx context.Context) ([]string, error) {
	all, err := k.objects.List(ctx, k.prefix)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", k.prefix, err)
	}
	names := slices.DeleteFunc(all, func(n string) bool { return !strings.HasSuffix(n, ".manifest") })
	slices.Sort(names)
	return names, nil
}

// All reads all manifests that are not torn, the oldest first.
func (k *Store) All(ctx context.Context) ([]*Manifest, error) {
	names, err := k.Names(ctx)
	if err != nil {
		return nil, err
	}
	var all []*Manifest
	for _, name := range names {
		switch m, err := k.Manifest(ctx, name); {
		case err == nil:
			all = append(all, m)
		case !Torn(err):
			return nil, err
		}
	}
	return all, nil
}

// Manifest reads a manifest alone.
func (k *Store) Manifest(ctx context.Context, name string) (*Manifest, error) {
	b, err := k.objects.Get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("reading manifest %s: %w", name, err)
	}
	return decodeManifest(b)
}

// Rows reads the rows of a checkpoint.
func (k *Store) Rows(ctx context.Context, m *Manifest) (*Rows, error) {
	r := new(Rows)
	for _, s := range m.Segments {
		data, err := k.objects.Get(ctx, s.Name)
		if err != nil {
			return nil, fmt.Errorf("segment %s: %w", s.Name, err)
		}
		if sum(data) != s.SHA256 {
			return nil, fmt.Errorf("segment %s: its hash is not the manifest's: %w", s.Name, errTorn)
		}
		if err := decodeRows(data, r); err != nil {
			return nil, fmt.Errorf("segment %s: %w: %w", s.Name, errTorn, err)
		}
	}
	return compact(r), nil
}

func (k *Store) read(ctx context.Context, name string) (*Manifest, *Rows, error) {
	m, err := k.Manifest(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	r, err := k.Rows(ctx, m)
	return m, r, err
}

// keep chooses the manifests that stay: the newest, and the first of each of the last epochs.
func (k *Store) keep(names []string) []string {
	var firsts []string
	epoch := ""
	for _, n := range names {
		if e, _, _ := strings.Cut(strings.TrimPrefix(n, k.prefix), "-"); e != epoch {
			epoch, firsts = e, append(firsts, n)
		}
	}
	return slices.Concat(names[max(0, len(names)-keepCheckpoints):], firsts[max(0, len(firsts)-keepEpochs):])
}

// collect deletes manifests beyond those kept, then segments that no manifest kept names.
func (k *Store) collect(ctx context.Context) error {
	names, err := k.Names(ctx)
	if err != nil || len(names) <= keepCheckpoints {
		return err
	}
	kept := make(map[string]bool)
	for _, name := range k.keep(names) {
		m, failed := k.Manifest(ctx, name)
		if Torn(failed) {
			continue // nobody can begin at it, or another process has just deleted it
		}
		if failed != nil {
			return failed
		}
		kept[name] = true
		for _, s := range m.Segments {
			kept[s.Name] = true
		}
	}
	all, err := k.objects.List(ctx, k.prefix)
	if err != nil {
		return fmt.Errorf("listing %s: %w", k.prefix, err)
	}
	for _, name := range all {
		if !kept[name] && name < names[len(names)-1] { // never what a slower writer of the next one has just begun
			if err := k.objects.Delete(ctx, name); err != nil {
				return fmt.Errorf("deleting %s: %w", name, err)
			}
		}
	}
	return nil
}
