package engine

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

var blank = Processor{Name: "x", Inbox: event.TopicIdentityIn, New: func() Fold { return nil }}

func TestSeenTellsRepeatsAndRefusesWhatIsTooOld(t *testing.T) {
	s := new(event.Seen)
	ask := func(id string, at int64) (bool, error) { return Seen(s, id, at) }
	const day = 24 * 3600 * 1000
	got, err := ask("a", 10*day)
	require.NoError(t, err)
	require.False(t, got)
	got, err = ask("a", 10*day+5)
	require.NoError(t, err)
	require.True(t, got)
	got, err = ask("late but remembered", 3*day)
	require.NoError(t, err)
	require.False(t, got)
	_, err = ask("b", 12*day)
	require.NoError(t, err)
	_, err = ask("older than eight days", 3*day)
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, "late", refusal.Kind)
	for i := range 2 * maxSeen {
		_, err = ask(string(rune('a'+i%26))+string(rune(i)), 12*day+int64(i))
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(s.Hashes), maxSeen)
	require.Len(t, s.TimesMs, len(s.Hashes))
	_, err = ask("b", 12*day)
	require.Error(t, err, "forgotten for want of room: not guessed")
}

func TestTablesIterateInKeyOrderAndUndo(t *testing.T) {
	table := NewTable[event.AddressRow]("t")
	other := NewTable[event.AddressRow]("t2")
	c := newMachine(blank, 0, func(event.Topic) int { return 1 })
	tx := c.tx(&event.Record{})
	for _, k := range []string{"b", "a/2", "a/1", "c"} {
		table.Put(tx, k, &event.AddressRow{Customer: k})
		other.Put(tx, k, &event.AddressRow{})
	}
	c.rows.commit()
	var keys []string
	table.Ascend(tx, "a/", func(k string, row *event.AddressRow) bool {
		require.Equal(t, k, row.GetCustomer())
		keys = append(keys, k)
		return true
	})
	require.Equal(t, []string{"a/1", "a/2"}, keys)
	table.Delete(tx, "b")
	table.Delete(tx, "not there")
	table.Put(tx, "c", &event.AddressRow{Customer: "changed"})
	table.Put(tx, "d", &event.AddressRow{})
	require.False(t, table.Has(tx, "b"))
	c.rows.rollback()
	require.True(t, table.Has(tx, "b"))
	require.Equal(t, "c", table.Get(tx, "c").GetCustomer())
	require.Nil(t, table.Get(tx, "d"))
}

type oneLog struct {
	Log
	records []event.Record
}

func (l oneLog) Read(_ context.Context, _ event.Topic, _ int, _ int64, handle func([]event.Record, int64) error) error {
	if err := handle(l.records, int64(len(l.records))); err != nil {
		return err
	}
	return errEnough
}

func TestFollowTakesEachEventOnceAndLeavesControlOut(t *testing.T) {
	var records []event.Record
	add := func(e *event.Event) {
		v, err := event.Marshal(e)
		require.NoError(t, err)
		records = append(records, event.Record{Offset: int64(len(records)), Value: v})
	}
	body := &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{}}
	lane := func(epoch, number uint64) *event.Event {
		return &event.Event{Origin: &event.Origin{Processor: "p", Epoch: epoch, Number: number}, Body: body}
	}
	add(&event.Event{Body: &event.Event_Tick{Tick: &event.Tick{}}})
	for _, n := range []uint64{1, 2, 1, 2, 3, 5, 4, 5} { // 5 before 4 is a gap
		add(lane(1, n))
	}
	add(&event.Event{Body: body}) // without an origin
	add(lane(2, 2))               // a later epoch not from its beginning
	add(lane(2, 1))
	records = append(records, event.Record{Offset: int64(len(records)), Value: []byte("damage")})
	var got []int64
	var lanes Lanes
	err := Follow(t.Context(), oneLog{records: records}, event.TopicOutbound, 0, 0, &lanes, func(batch []Delivered, next, end int64) error {
		for _, d := range batch {
			got = append(got, d.Record.Offset)
		}
		require.Equal(t, end, next)
		return nil
	})
	require.ErrorIs(t, err, errEnough)
	require.Equal(t, []int64{1, 2, 5, 7, 8, 9, 11}, got)
	var again Lanes
	again.Restore(lanes.Positions())
	require.Equal(t, lanes.Positions(), again.Positions())
}

// A standby emits when the oldest output is late, and trusts the owner again when it has been heard.
func TestSuspicionComesAndGoes(t *testing.T) {
	p := NewPartition(Config{}, blank, 0)
	p.core = newMachine(blank, 0, nil)
	p.emit = newEmitter(0, [16]byte{}, func(Place, []event.Record) {})
	now := time.UnixMilli(1_800_000_000_000)
	require.False(t, p.emitting(now))
	p.emit.add(Step{Offset: 0, Outputs: []Output{{}}}, now)
	require.False(t, p.emitting(now.Add(suspectAfter)))
	require.True(t, p.emitting(now.Add(suspectAfter+time.Millisecond)))
	later := now.Add(trustAfter + time.Second)
	require.True(t, p.emitting(later), "the owner has not been heard")
	p.heardOther = later
	require.True(t, p.emit.told(1, make([]byte, 16)))
	require.False(t, p.emitting(later.Add(time.Millisecond)))
}

func TestTellingAnotherHashIsSeen(t *testing.T) {
	m := newEmitter(0, [16]byte{}, func(Place, []event.Record) {})
	m.add(Step{Offset: 0, Outputs: []Output{{}}, hash: [16]byte{1}}, time.Time{})
	require.False(t, m.told(1, append([]byte{2}, make([]byte, 15)...)))
	require.Equal(t, 1, m.pending)
	require.True(t, m.told(1, append([]byte{1}, make([]byte, 15)...)))
	require.Zero(t, m.pending)

	// Nobody's word reaches beyond what is folded here.
	require.True(t, m.told(100, append([]byte{1}, make([]byte, 15)...)))
	m.add(Step{Offset: 1, Outputs: []Output{{}}}, time.Time{})
	require.EqualValues(t, 1, m.acked)
	require.False(t, m.told(2, nil), "a tick without a hash proves nothing")
}

// What is in flight stays until it is answered, also where somebody else's word covers it; the mark moves at once.
func TestWhatIsInFlightIsNotSentTwice(t *testing.T) {
	sent := 0
	m := newEmitter(0, [16]byte{}, func(_ Place, records []event.Record) { sent += len(records) })
	add := func(offset int64, topics ...event.Topic) {
		s := Step{Offset: offset}
		for _, topic := range topics {
			s.Outputs = append(s.Outputs, Output{Record: event.Record{Topic: topic}})
		}
		m.add(s, time.Time{})
	}
	add(0, "a", "b")
	add(1)
	add(2, "a")
	require.Zero(t, m.acked)
	m.flush()
	require.Equal(t, 3, sent)
	add(3, "a", "b")
	m.answered(Place{Topic: "a"})
	require.Zero(t, m.acked, "b is not answered")
	require.True(t, m.told(3, make([]byte, 16)))
	require.EqualValues(t, 3, m.acked)
	m.flush()
	require.Equal(t, 4, sent, "b is still in flight")
	m.answered(Place{Topic: "b"})
	m.flush()
	require.Equal(t, 5, sent)
	m.answered(Place{Topic: "a"})
	require.EqualValues(t, 3, m.acked)
	m.answered(Place{Topic: "b"})
	require.EqualValues(t, 4, m.acked)
	require.Zero(t, m.pending)
	require.Empty(t, m.folded)
}
