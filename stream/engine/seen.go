package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// RememberMS is how long a row remembers the ids of causes, in milliseconds of the causes' own time: 8 days, a day more
// than the longest that a provider is known to repeat a delivery.
const RememberMS = 8 * 24 * 3600 * 1000

// maxSeen bounds a row's memory; a row that is asked to remember more forgets the oldest and answers late for what is older.
const maxSeen = 4096

// Seen tells whether a cause came before to the row that keeps s, and remembers it. A cause older than what the row
// remembers cannot be judged: it is a Late refusal, never a guess. s is changed; the row must be put.
func Seen(s *event.Seen, id string, atMS int64) (bool, error) {
	if atMS < s.GetFloorMs() {
		return false, Late("cause of time %d is older than what is remembered (since %d)", atMS, s.GetFloorMs())
	}
	sum := sha256.Sum256([]byte(id))
	h := binary.BigEndian.Uint64(sum[:8])
	if slices.Contains(s.Hashes, h) {
		return true, nil
	}
	s.Hashes, s.TimesMs = append(s.Hashes, h), append(s.TimesMs, atMS)
	forget(s, atMS-RememberMS)
	return false, nil
}

// forget drops what is older than floor, and the oldest beyond the bound. Times need not be in order, as causes come from
// many writers; a forgotten one raises the floor.
func forget(s *event.Seen, floor int64) {
	floor = max(floor, s.GetFloorMs())
	for i := 0; i < len(s.Hashes); {
		if s.TimesMs[i] < floor || len(s.Hashes) > maxSeen {
			floor = max(floor, min(s.TimesMs[i]+1, s.TimesMs[len(s.TimesMs)-1]))
			s.Hashes, s.TimesMs = slices.Delete(s.Hashes, i, i+1), slices.Delete(s.TimesMs, i, i+1)
			continue
		}
		i++
	}
	s.FloorMs = max(s.FloorMs, floor)
}
