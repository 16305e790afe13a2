package conversation

import (
	"encoding/base32"

	"github.com/tributary-cc/tributary/stream/event"
)

// pack leaves out what unpack can put back: nearly every customer has one address and one conversation, and ids are most
// of a row's bytes.
func (c *customer) pack() {
	newest := c.newest().GetConversation()
	for _, rows := range [][]*event.ContactRow{c.row.GetContacts(), c.row.GetSurveys()} {
		for _, r := range rows {
			ct := r.GetContact()
			ct.Conversation = omit(ct.GetConversation(), newest)
			ct.Address = omit(ct.GetAddress(), c.row.GetAddress())
			ct.Initial = omit(ct.GetInitial(), ct.GetContact())
			ct.Initiation = omit(ct.GetInitiation(), inbound)
			packTimes(r)
		}
	}
	for _, m := range c.row.GetMarks() {
		m.Conversation = omit(m.GetConversation(), newest)
		m.Address = omit(m.GetAddress(), c.row.GetAddress())
	}
	for _, l := range c.row.GetLinks() {
		l.Address = omit(l.GetAddress(), c.row.GetAddress())
	}
	if c.row.GetAddress() != c.address {
		c.address, c.addressID = c.row.GetAddress(), idBytes(c.row.GetAddress())
	}
	if len(c.addressID) > 0 {
		c.row.Address, c.row.AddressId = "", c.addressID
	}
}

func (c *customer) unpack() {
	if id := c.row.GetAddressId(); len(id) > 0 {
		c.row.Address, c.row.AddressId = event.IDText(id), nil
		c.address, c.addressID = c.row.GetAddress(), id
	}
	newest := c.newest().GetConversation()
	for _, rows := range [][]*event.ContactRow{c.row.GetContacts(), c.row.GetSurveys()} {
		for _, r := range rows {
			ct := r.GetContact()
			ct.Conversation = putBack(ct.GetConversation(), newest)
			ct.Address = putBack(ct.GetAddress(), c.row.GetAddress())
			ct.Initial = putBack(ct.GetInitial(), ct.GetContact())
			ct.Initiation = putBack(ct.GetInitiation(), inbound)
			unpackTimes(r)
		}
	}
	for _, m := range c.row.GetMarks() {
		m.Conversation = putBack(m.GetConversation(), newest)
		m.Address = putBack(m.GetAddress(), c.row.GetAddress())
	}
	for _, l := range c.row.GetLinks() {
		l.Address = putBack(l.GetAddress(), c.row.GetAddress())
		if l.GetConnection() != "" {
			l.Hash, l.Connection = linkHash(l.GetConnection()), ""
		}
	}
}

// packTimes counts the later times of a contact from its start, leaves out the usual ones, and puts the small numbers
// together.
func packTimes(r *event.ContactRow) {
	ct := r.GetContact()
	if r.GetAskedMs() != 0 {
		r.AskedMs += 1 - ct.GetStartedMs()
	}
	shift(ct, 1-ct.GetStartedMs())
	if ct.GetEnqueuedMs() == 1 {
		ct.EnqueuedMs = 0
	}
	tempo := append(r.GetTempo()[:0], r.GetAskedMs(), int64(ct.GetTurns()), ct.GetResponseMs(), ct.GetMaxResponseMs())
	for len(tempo) > 0 && tempo[len(tempo)-1] == 0 {
		tempo = tempo[:len(tempo)-1]
	}
	r.Tempo = tempo
	r.AskedMs, ct.Turns, ct.ResponseMs, ct.MaxResponseMs = 0, 0, 0, 0
}

func unpackTimes(r *event.ContactRow) {
	ct := r.GetContact()
	if ct.GetEnqueuedMs() == 0 {
		ct.EnqueuedMs = 1
	}
	shift(ct, ct.GetStartedMs()-1)
	tempo := [4]int64{}
	copy(tempo[:], r.GetTempo())
	r.Tempo = r.GetTempo()[:0]
	r.AskedMs, ct.Turns, ct.ResponseMs, ct.MaxResponseMs = tempo[0], uint32(tempo[1]), tempo[2], tempo[3] //nolint:gosec // as packed
	if r.GetAskedMs() != 0 {
		r.AskedMs += ct.GetStartedMs() - 1
	}
}

// shift counts the later times of a contact from its start, so that they take two bytes and not six. None is before the
// start; one more, as 0 means that it has not come yet.
func shift(ct *event.Contact, by int64) {
	for _, ms := range []*int64{&ct.EnqueuedMs, &ct.AssignedMs, &ct.FirstResponseMs, &ct.EndedMs, &ct.WrappedMs} {
		if *ms != 0 {
			*ms += by
		}
	}
}

func omit(v, usual string) string {
	if v == usual {
		return ""
	}
	return v
}

func putBack(v, usual string) string {
	if v == "" {
		return usual
	}
	return v
}

// idLetters are the letters of event.IDText.
var idLetters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// idBytes gives the 16 bytes that an id of ours is the text of, nil where it is none.
func idBytes(text string) []byte {
	if len(text) != 26 {
		return nil
	}
	id, err := idLetters.DecodeString(text)
	if err != nil || len(id) != 16 || event.IDText(id) != text {
		return nil
	}
	return id
}
