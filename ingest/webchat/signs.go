package webchat

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	// typingEvery is how often writing is told at most, and typingFresh how old the news of an agent's may be.
	typingEvery = 3 * time.Second
	typingFresh = 8 * time.Second
	maxPage     = 2000
	maxFields   = 12
	maxComment  = 2000
	// maxAgo is how long before the first message what a customer looked at still matters.
	maxAgo = 30 * time.Minute
)

// typing tells that the customer writes, where there is a contact; what comes sooner is no news.
func (c *session) typing() error {
	now := c.server.config.Now()
	if now.Sub(c.typed) < typingEvery || !c.server.chats.running(c.chat()) {
		return nil
	}
	c.typed = now
	return c.append(&event.Event{Body: &event.Event_CustomerTyping{CustomerTyping: &event.CustomerTyping{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: c.entry.GetId(),
	}}}, nil, "typing", c.id, strconv.FormatInt(now.UnixMilli(), 10))
}

// seen takes what the customer did on the site. Of somebody who has said nothing the log keeps nothing: the browser keeps it and
// sends it after the first message.
func (c *session) seen(f *frame) error {
	switch {
	case f.ID == "":
		return invalid("id: what was seen needs one")
	case f.Kind != "page" && f.Kind != "event":
		return invalid("kind: page or event")
	case f.Kind == "event" && !isID(f.Name), f.Kind == "page" && f.Name != "":
		return invalid("name: of an event 1 to 64 letters, digits, - and _; of a page none")
	case utf8.RuneCountInString(f.Page) > maxPage:
		return invalid("page: at most 2000 characters")
	case f.AgoMs < 0 || f.AgoMs > maxAgo.Milliseconds():
		return invalid("ago_ms: at most half an hour")
	case c.seat.Load() == nil:
		return &fault{status: http.StatusConflict, Code: "early", Text: "there is no chat yet; send it after the first message"}
	case !c.server.seen.Take(c.who, c.server.config.Now()):
		return errRate
	}
	fields, err := fieldsOf(f.Fields)
	if err != nil {
		return err
	}
	e := &event.Event{Body: &event.Event_CustomerSeen{CustomerSeen: &event.CustomerSeen{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: c.entry.GetId(), Kind: f.Kind, Name: f.Name, Request: f.ID,
	}}}
	e.AtMs = c.server.config.Now().UnixMilli() - f.AgoMs
	return c.append(e, &event.Content{Page: f.Page, Fields: fields}, "seen", f.ID)
}

// fieldsOf are a site's values in the order of their names.
func fieldsOf(in map[string]string) ([]*event.Field, error) {
	if len(in) > maxFields {
		return nil, invalid("fields: at most 12")
	}
	var out []*event.Field
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !isID(name) || utf8.RuneCountInString(in[name]) > maxAnswer {
			return nil, invalid("fields: names of 1 to 64 letters, digits, - and _, values of at most 500 characters")
		}
		out = append(out, &event.Field{Name: name, Value: in[name]})
	}
	return out, nil
}

// survey takes the answer about a contact that was asked about.
func (c *session) survey(f *frame) error {
	switch {
	case f.ID == "":
		return invalid("id: an answer needs one")
	case f.Score < 1 || f.Score > 5:
		return invalid("score: 1 to 5")
	case utf8.RuneCountInString(f.Comment) > maxComment:
		return invalid("comment: at most 2000 characters")
	}
	at := c.server.chats.asked(c.chat())
	ctx, cancel := context.WithTimeout(context.Background(), renderTimeout)
	defer cancel()
	contact, err := c.server.askedAbout(ctx, at)
	if err != nil {
		return err
	}
	if contact == "" || contact != f.Contact {
		return &fault{status: http.StatusConflict, Code: "survey", Text: "nothing is asked about this contact"}
	}
	var content *event.Content
	if f.Comment != "" {
		content = &event.Content{Text: f.Comment}
	}
	err = c.append(&event.Event{Body: &event.Event_SurveyAnswered{SurveyAnswered: &event.SurveyAnswered{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: c.entry.GetId(), Contact: contact, Score: uint32(f.Score), Request: f.ID,
	}}}, content, "survey", contact, f.ID)
	if err == nil {
		c.server.chats.setAnswered(c.chat(), at)
	}
	return err
}

// askedAbout is the contact of a survey's delivery at a place in the log; none for no place.
func (s *Server) askedAbout(ctx context.Context, at live.Place) (string, error) {
	if at == 0 {
		return "", nil
	}
	found, err := live.Fetch(ctx, s.config.Log, event.TopicOutbound, []live.Place{at - 1})
	if err != nil {
		return "", err
	}
	return found[at-1].GetDeliver().GetContact(), nil
}
