package warehouse

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// place is a partition of a topic.
type place struct {
	topic     event.Topic
	partition int
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
}

// position is how far a chain of cuts has come: what every reader of the topic sink agrees on.
type position struct {
	// number is the last cut's; 0 before the first.
	number uint64
	// next is the offset behind the last cut, per partition; a partition that no cut has named is not in it.
	next map[place]int64
	// lanes are the lane positions there.
	lanes map[place][]engine.LaneAt
}

func newPosition() *position {
	return &position{next: make(map[place]int64), lanes: make(map[place][]engine.LaneAt)}
}

// positionAfter is the position that a cut states: each cut names all partitions and lanes, so one cut suffices.
func positionAfter(c *event.Cut) *position {
	p := newPosition()
	p.number = c.GetNumber()
	for _, r := range c.GetRanges() {
		p.next[place{event.Topic(r.GetTopic()), int(r.GetPartition())}] = r.GetTo()
	}
	for _, l := range c.GetLanes() {
		at := place{event.Topic(l.GetTopic()), int(l.GetPartition())}
		p.lanes[at] = append(p.lanes[at], engine.LaneAt{
			Processor: l.GetProcessor(), Partition: l.GetSourcePartition(), Epoch: l.GetEpoch(), Number: l.GetNumber(),
		})
	}
	return p
}

// continues says whether a cut is the next one: it counts on, and begins where each partition stands. A range may begin
// later than that only because retention took what stood between; what it took is gone for every sink.
func (p *position) continues(c *event.Cut) bool {
	if c.GetNumber() != p.number+1 {
		return false
	}
	named := 0
	for _, r := range c.GetRanges() {
		next, known := p.next[place{event.Topic(r.GetTopic()), int(r.GetPartition())}]
		if known {
			named++
		}
		if r.GetTo() < r.GetFrom() || (known && r.GetFrom() < next) {
			return false
		}
	}
	return named == len(p.next)
}

// lanesOf are a partition's lanes as they stand at the position, for the caller to move along.
func (p *position) lanesOf(at place) *engine.Lanes {
	lanes := new(engine.Lanes)
	lanes.Restore(p.lanes[at])
	return lanes
}

// lanesFrom are a partition's lanes for the records from an offset on. Where retention took what stood before it, lanes go on
// with what they are first seen with: a number that is gone for every sink must not make one stand for ever.
func (p *position) lanesFrom(at place, from int64) *engine.Lanes {
	lanes := p.lanesOf(at)
	if from > p.next[at] {
		lanes.Adopt()
	}
	return lanes
}

// slice is what a cut takes from one partition.
type slice struct {
	place
	from, to int64
	records  []event.Record
}

// makeCut maps slices, which name every partition, to the rows and the cut that announces them.
func makeCut(p *position, parts []slice, writer string) (*event.Cut, *block) {
	b := newBlock(p.number + 1)
	cut := &event.Cut{Number: b.number, Writer: writer}
	slices.SortFunc(parts, func(a, b slice) int { return comparePlaces(a.place, b.place) })
	for _, s := range parts {
		lanes := p.lanesFrom(s.place, s.from)
		for i := range s.records {
			b.add(&s.records[i], lanes)
		}
		cut.Ranges = append(cut.Ranges, &event.Range{
			Topic: string(s.topic), Partition: int32(s.partition), From: s.from, To: s.to, //nolint:gosec // a partition's number is small
		})
		for _, l := range lanes.Positions() {
			cut.Lanes = append(cut.Lanes, &event.LanePosition{
				Topic: string(s.topic), Partition: int32(s.partition), //nolint:gosec // as above
				Processor: l.Processor, SourcePartition: l.Partition, Epoch: l.Epoch, Number: l.Number,
			})
		}
	}
	cut.Rows = b.announce()
	return cut, b
}

// mapCut maps the same records again, for an insert that is made again.
func mapCut(before *position, cut *event.Cut, records map[place][]event.Record) *block {
	b := newBlock(cut.GetNumber())
	from := make(map[place]int64, len(cut.GetRanges()))
	for _, r := range cut.GetRanges() {
		from[place{event.Topic(r.GetTopic()), int(r.GetPartition())}] = r.GetFrom()
	}
	for _, at := range slices.SortedFunc(maps.Keys(records), comparePlaces) {
		lanes := before.lanesFrom(at, from[at])
		list := records[at]
		for i := range list {
			b.add(&list[i], lanes)
		}
	}
	return b
}

// disagreement says how the rows mapped differ from the rows announced, or nothing.
func disagreement(cut *event.Cut, b *block) string {
	announced := make(map[string]*event.TableRows, len(cut.GetRows()))
	for _, r := range cut.GetRows() {
		announced[r.GetTable()] = r
	}
	for _, t := range b.tables() {
		a := announced[t.table()]
		if int64(t.count()) != a.GetRows() || (a != nil && a.GetToken() != t.token()) {
			return fmt.Sprintf("cut %d announces %d rows of %s and the log gives %d", cut.GetNumber(), a.GetRows(), t.table(), t.count())
		}
	}
	return ""
}

// record makes a record of the topic sink; id names its cause.
func sinkRecord(e *event.Event) (event.Record, error) {
	e.Key = "sink"
	value, err := event.Marshal(e)
	if err != nil {
		return event.Record{}, err
	}
	if len(value) > event.MaxSize {
		return event.Record{}, fmt.Errorf("warehouse: a cut of %d bytes is larger than %d: too many partitions", len(value), event.MaxSize)
	}
	return event.Record{Topic: event.TopicSink, Key: []byte(e.Key), Value: value}, nil
}

func cutRecord(c *event.Cut) (event.Record, error) {
	id := event.CauseID("cut", c.GetWriter(), fmt.Sprint(c.GetNumber()))
	return sinkRecord(&event.Event{Id: id[:], Body: &event.Event_Cut{Cut: c}})
}

func doneRecord(number uint64, offset int64) (event.Record, error) {
	id := event.CauseID("cut done", fmt.Sprint(number))
	return sinkRecord(&event.Event{Id: id[:], Body: &event.Event_CutDone{CutDone: &event.CutDone{Number: number, Offset: offset}}})
}
