package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	maxFrame      = 32 << 10
	maxHistory    = 16 << 20
	maxText       = 4000
	maxID         = 64
	maxAcks       = 100
	maxNotes      = 256
	writeTimeout  = 10 * time.Second
	renderTimeout = 10 * time.Second
	appendTimeout = 10 * time.Second
	helloTimeout  = 10 * time.Second
	maxExcess     = 100
	maxIdleSweeps = 6
	// maxReads is how many histories at once are read from the log, and readPatience how long the others wait for their turn.
	maxReads     = 16
	readPatience = time.Minute
)

// session is one connection of a browser. What is not atomic belongs to its reading goroutine.
type session struct {
	*live.Conn
	server *Server
	entry  entryPoint
	id     string
	out    live.Outbox[note]
	frames live.Bucket
	hello  *time.Timer
	excess int

	// visitor is whom the token names, once the browser has said hello; who is it with the tenant.
	visitor, who string
	has          resume
	// looked is when the visitor's pseudonym was last looked for in vain.
	looked    time.Time
	announced bool
	seat      atomic.Pointer[seat]
	// arrival orders who finds the connection its seat, and its end.
	arrival     sync.Mutex
	shown, gone bool
	// over: hello was refused and the connection ends. What follows is neither taken nor refused: the next one brings it again.
	over bool
	// where is the client's address, for the count of its connections.
	where string
	reads readMarks
	// typed is when it was last told that the customer writes; intro is what the site vouches for, until the log has it.
	typed time.Time
	intro *introduction
	// formed: a message of this connection is in the log.
	formed bool
}

func (s *Server) newSession(conn *live.Conn, entry entryPoint, where string) *session {
	c := &session{
		Conn: conn, server: s, entry: entry, id: s.config.NewID(), where: where, frames: live.Bucket{Rate: 10, Burst: 60},
	}
	c.out.Init(s.limits.Notes, func() { s.work.Start(func() { c.out.Drain(writeTimeout, c.frame, c.send, c.Cut) }) }, func() {
		s.metrics.slow.Inc()
		c.GiveUp()
	})
	return c
}

// frame makes what the browser is sent of a note.
func (c *session) frame(n *note) ([]byte, bool) {
	if len(n.lines) > 0 {
		if !c.server.reads.Enter(readPatience) {
			c.End(live.CloseInternal, "try again")
			return nil, false
		}
		defer c.server.reads.Leave()
		if c.out.Closed() {
			return nil, false
		}
	}
	if n.kind == noteHistory {
		n.open = openAt(c.server.entries.hoursOf(c.server.entries.now(c.entry)), c.server.config.Now().UnixMilli())
	}
	ctx, cancel := context.WithTimeout(context.Background(), renderTimeout)
	defer cancel()
	made, err := c.server.render(ctx, n)
	if err != nil {
		c.server.config.Logger.LogAttrs(ctx, slog.LevelError, "a frame could not be made; the browser reconnects", slog.String("error", err.Error()))
		c.End(live.CloseInternal, "try again")
	}
	return made, err == nil
}

func (c *session) send(n *note, frame []byte) bool {
	if !c.Write(frame) {
		return false
	}
	if n.kind == noteRefused {
		c.End(live.CloseLogin, "token")
		return false
	}
	return true
}

// Open waits for the browser's hello.
func (c *session) Open() {
	c.server.conns.Join(c)
	c.hello = time.AfterFunc(helloTimeout, func() { c.End(live.CloseLogin, "no hello") })
}

// Close runs last in the reading goroutine, so that a disconnection always follows its connection into the log.
func (c *session) Close() {
	defer c.server.leave(c)
	c.hello.Stop()
	c.out.Close()
	seat := c.rise()
	if seat == nil {
		return
	}
	c.server.chats.disconnect(seat.chat, c)
	c.reads.end(c)
	if c.announced {
		c.sayGone()
	}
}

// sayGone tells the log that the connection is over, and again until the log takes it: nobody else can tell, for this process
// lives on. Where it ends, its silence tells.
func (c *session) sayGone() {
	err := c.server.work.Insist(func() error {
		e := &event.Event{Body: &event.Event_CustomerDisconnected{CustomerDisconnected: &event.CustomerDisconnected{Connection: c.id}}}
		return c.append(e, nil, "disconnected", c.id)
	}, func(err error) bool { return asFault(err).status == http.StatusServiceUnavailable })
	if err != nil {
		c.server.config.Logger.Warn("a disconnection could not be appended", slog.String("error", err.Error()))
	}
}

// append hands an event of this address to the guard. The cause's parts name it among all of the address's.
func (c *session) append(e *event.Event, content *event.Content, cause ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
	defer cancel()
	seat := c.seat.Load()
	if seat == nil {
		return errors.New("an event of somebody who only looks")
	}
	id := event.CauseID(append([]string{"webchat", c.entry.tenant, seat.address}, cause...)...)
	e.Id, e.Tenant, e.Key, e.Address = id[:], c.entry.tenant, event.Key(c.entry.tenant, seat.address), seat.address
	if e.AtMs == 0 {
		e.AtMs = c.server.config.Now().UnixMilli()
	}
	return c.server.config.Guard.Append(ctx, event.TopicIdentityIn, e, content)
}

// announce says once that the customer is there. It waits for a chat to exist: who only looks is no customer.
func (c *session) announce() error {
	if c.announced {
		return nil
	}
	c.introduce()
	err := c.append(&event.Event{Body: &event.Event_CustomerConnected{CustomerConnected: &event.CustomerConnected{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: c.entry.GetId(), Gateway: c.server.config.Gateway, Connection: c.id,
	}}}, nil, "connected", c.id)
	c.announced = err == nil
	return err
}

// frame is what a browser sends.
type frame struct {
	Type  string `json:"type"`
	ID    string `json:"id"`
	Token string `json:"token"`
	Last  uint64 `json:"last"`
	// Conversation is the one that last is of.
	Conversation string   `json:"conversation"`
	Text         string   `json:"text"`
	IDs          []string `json:"ids"`
	Sequence     uint64   `json:"sequence"`
	// Visitor is the site's signed word, beside the token that was given for it.
	Visitor     string            `json:"visitor"`
	Attachments []file            `json:"attachments"`
	Form        map[string]string `json:"form"`
	// Left: the customer was told that nobody serves now.
	Left    bool              `json:"left"`
	Kind    string            `json:"kind"`
	Name    string            `json:"name"`
	Page    string            `json:"page"`
	Fields  map[string]string `json:"fields"`
	AgoMs   int64             `json:"ago_ms"`
	Contact string            `json:"contact"`
	Score   int               `json:"score"`
	Comment string            `json:"comment"`
}

// parseFrame decodes and checks what all frames share. The id is answered even with an error, as far as it is known.
func parseFrame(raw []byte) (frame, error) {
	var f frame
	if !utf8.Valid(raw) {
		return frame{}, invalid("the frame is not UTF-8")
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return frame{}, invalid("the frame is not a JSON object of the chat")
	}
	if f.ID != "" && !isID(f.ID) {
		f.ID = ""
		return f, invalid("id: 1 to 64 characters of letters, digits, - and _")
	}
	return f, nil
}

// isID keeps free text out of what stands in events in the clear.
func isID(s string) bool {
	return s != "" && len(s) <= maxID && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}

// Read takes one frame: the next is read when this one is answered.
func (c *session) Read(raw []byte) {
	f, err := parseFrame(raw)
	if !c.frames.Take(c.server.config.Now()) {
		if c.excess++; c.excess > maxExcess {
			c.End(live.CloseRate, "too many frames")
			return
		}
		err = errRate
	}
	answer := ""
	if err == nil {
		answer, err = c.do(&f)
	}
	switch {
	case err != nil:
		c.refuse(f.ID, err)
	case answer != "":
		c.server.metrics.frames.WithLabelValues(answer).Inc()
		c.tell(noteMade, answerFrame{Type: answer, ID: f.ID})
	}
}

func (c *session) refuse(id string, err error) {
	p := asFault(err)
	if p.status == 500 {
		c.server.config.Logger.Error("a frame failed", slog.String("error", err.Error()))
	}
	c.server.metrics.frames.WithLabelValues(p.Code).Inc()
	c.tell(noteMade, answerFrame{Type: "error", ID: id, Code: p.Code, Text: p.Text, Field: p.Field})
}

func (c *session) tell(kind noteKind, a answerFrame) {
	made, err := json.Marshal(a)
	if err != nil {
		return // four strings encode
	}
	c.out.Push(note{kind: kind, made: made})
}

// do carries a frame out and says with which type it is answered, if with any.
func (c *session) do(f *frame) (string, error) {
	if c.over {
		return "", nil
	}
	if f.Type == "ping" {
		return "pong", c.notice()
	}
	if f.Type == "hello" {
		return "", c.greet(f)
	}
	if c.visitor == "" {
		return "", &fault{status: 401, Code: "hello", Text: "say hello first"}
	}
	switch f.Type {
	case "send":
		return "accepted", c.say(f)
	case "ack":
		return "", c.ack(f.IDs)
	case "read":
		return "", c.reads.take(c, f.Sequence)
	case "end":
		return "accepted", c.endContact(f.ID)
	case "typing":
		return "", c.typing()
	case "seen":
		return "accepted", c.seen(f)
	case "survey":
		return "accepted", c.survey(f)
	}
	return "", invalid("type: no such frame")
}

// greet lets the browser in.
func (c *session) greet(f *frame) error {
	if c.visitor != "" {
		return invalid("hello was said already")
	}
	v, err := c.server.config.Tokens.VerifyVisitor(f.Token)
	if err != nil || v.Visitor == "" || v.Tenant != c.entry.tenant || v.EntryPoint != c.entry.GetId() {
		c.over = true
		c.tell(noteRefused, answerFrame{Type: "error", Code: "token", Text: "the token is not accepted; ask for a new session"})
		return nil
	}
	c.hello.Stop()
	c.visitor, c.who, c.has = v.Visitor, event.Key(v.Tenant, v.Visitor), resume{f.Last, f.Conversation}
	if !c.server.hellos.Take(c.who, c.server.config.Now()) || !c.server.lookers.add(c, c.server.limits.PerVisitor) {
		c.over = true
		c.End(live.CloseRate, "too many connections")
		return errRate
	}
	if err := c.look(); err != nil {
		c.over = true
		if !errors.Is(err, errRate) { // which has ended it already
			c.End(live.CloseInternal, "try again")
		}
		return err
	}
	c.hear(f.Visitor)
	return c.notice()
}

// hear keeps the site's word for who this is, until there is a chat. A word that is no longer good is no word: the token was.
func (c *session) hear(word string) {
	if word == "" || !strings.HasPrefix(c.visitor, sitePrefix) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), renderTimeout)
	defer cancel()
	if intro, err := c.server.vouched(ctx, c.entry, word); err == nil && intro.visitor == c.visitor {
		c.intro = intro
	}
}

// ack takes receipts of messages of this chat; others are ignored, as repeats are.
func (c *session) ack(ids []string) error {
	if len(ids) > maxAcks {
		return invalid("ids: at most 100 at once")
	}
	key := c.chat()
	for _, id := range c.server.chats.unacked(key, ids) {
		if err := c.receipt(id, event.DeliveryState_DELIVERY_STATE_DELIVERED); err != nil {
			return err
		}
		c.server.chats.setAcked(key, id)
	}
	return nil
}

func (c *session) receipt(message string, state event.DeliveryState) error {
	return c.append(&event.Event{Body: &event.Event_Receipt{Receipt: &event.Receipt{Message: message, State: state}}}, nil,
		"receipt", message, strconv.Itoa(int(state)))
}

func (c *session) endContact(request string) error {
	if request == "" {
		return invalid("id: a wish needs one")
	}
	if c.seat.Load() == nil {
		return nil // who only looks has nothing to end
	}
	// Each is remembered as long as messages are: who sends thousands would push what else they said out of that memory.
	if !c.server.ends.Take(c.who, c.server.config.Now()) {
		return errRate
	}
	if err := c.announce(); err != nil {
		return err
	}
	return c.append(&event.Event{Body: &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: c.entry.GetId(), Request: request,
	}}}, nil, "ended", request)
}
