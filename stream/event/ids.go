package event

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
)

// Ids are text of lower-case letters and digits; each kind is a type of its own, so that two of them cannot be swapped.
type (
	// TenantID names one company using the installation.
	TenantID string
	// CustomerID names a person behind one or more addresses.
	CustomerID string
	// ConversationID names a conversation; it is the unified session id.
	ConversationID string
	// ContactID names one handling of a channel session.
	ContactID string
	// MessageID names one thing said.
	MessageID string
	// AgentID names a person who works.
	AgentID string
	// QueueID names a waiting line.
	QueueID string
	// OfferID names a contact reserved for one agent.
	OfferID string
	// Pseudonym stands for an address outside the sealed part of an event.
	Pseudonym string
)

// ID is the identity of an event: 16 bytes.
type ID [16]byte

// idText is base32 with letters that are not mistaken for digits (Crockford), lower case, without padding.
var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// String gives the id as 26 characters.
func (id ID) String() string { return idText.EncodeToString(id[:]) }

// IDText gives raw id bytes, as an envelope holds them, as text.
func IDText(raw []byte) string { return idText.EncodeToString(raw) }

// OriginID is the id of a fold's output: a hash of where its cause stands and of its place among that cause's outputs.
func OriginID(o *Origin) ID {
	var fixed [28]byte
	binary.BigEndian.PutUint32(fixed[0:], uint32(o.GetPartition())) //nolint:gosec // the bits are hashed, their sign means nothing
	binary.BigEndian.PutUint64(fixed[4:], o.GetEpoch())
	binary.BigEndian.PutUint64(fixed[12:], uint64(o.GetOffset())) //nolint:gosec // as above
	binary.BigEndian.PutUint32(fixed[20:], o.GetOrdinal())
	h := make([]byte, 0, 64)
	h = append(h, "origin\x00"...)
	h = append(h, o.GetProcessor()...)
	h = append(h, 0)
	h = append(h, fixed[:]...)
	sum := sha256.Sum256(h)
	return ID(sum[:16])
}

// CauseID is the id of an event whose writer has no order: a hash of the parts that name its cause, such as the tenant,
// the channel and the provider's message id. Equal parts give equal ids.
func CauseID(parts ...string) ID {
	h := sha256.New()
	h.Write([]byte("cause\x00"))
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return ID(h.Sum(nil)[:16])
}
