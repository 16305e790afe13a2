package webchat

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// nameField is the question whose answer is the customer's name, and maxName how much of it is kept, in characters.
	nameField = "name"
	maxName   = 200
)

// leftGrace is how long after the opening a message still counts as left, if its writer was told that nobody serves.
const leftGrace = 15 * time.Minute

// say takes a message, with what is attached and, where a chat begins, the answers to what was asked before it.
func (c *session) say(f *frame) error {
	switch {
	case f.ID == "":
		return invalid("id: a message needs one")
	case strings.TrimSpace(f.Text) == "" && len(f.Attachments) == 0 || utf8.RuneCountInString(f.Text) > maxText:
		return invalid("text: 1 to 4000 characters")
	case !c.server.messages.Take(c.who, c.server.config.Now()):
		return errRate
	}
	entry, now := c.server.entries.now(c.entry), c.server.config.Now().UnixMilli()
	hours := c.server.entries.hoursOf(entry)
	running := c.server.chats.running(c.chat())
	fields, err := c.answers(f, entry, running, openAt(hours, now))
	if err != nil {
		return err
	}
	if err = c.enter(c.server.config.Pseudonyms.Pseudonym); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
	defer cancel()
	attachments, names, err := c.attach(ctx, f.Attachments)
	if err != nil {
		return err
	}
	if err = c.announce(); err != nil {
		return err
	}
	if err = c.present(f.ID, fields); err != nil {
		return err
	}
	closed := !openAt(hours, now) || f.Left && !openAt(hours, now-leftGrace.Milliseconds())
	err = c.append(&event.Event{Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: c.entry.GetId(), Message: f.ID, Attachments: attachments, Left: closed && !running,
	}}}, &event.Content{Text: f.Text, Fields: fields, FileNames: names}, "message", f.ID)
	c.formed = c.formed || err == nil
	return err
}

// present tells the log what the customer says of themselves in a form, ahead of the message that it came with: so that who is
// offered the chat sees a name. A repeat of the message repeats it with the same id.
func (c *session) present(request string, fields []*event.Field) error {
	if len(fields) == 0 {
		return nil
	}
	content := &event.Content{}
	for _, f := range fields {
		if f.GetName() != nameField {
			content.Fields = append(content.Fields, f)
			continue
		}
		runes := []rune(f.GetValue())
		content.Name = string(runes[:min(len(runes), maxName)])
	}
	return c.append(&event.Event{Body: &event.Event_CustomerIntroduced{CustomerIntroduced: &event.CustomerIntroduced{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: c.entry.GetId(), Said: true, Request: request,
	}}}, content, "presented", request)
}

// answers checks the form that comes with the first message of a chat. A chat that runs has had its form, and so has a
// connection whose first message is in the log: the view hears of that a moment later.
func (c *session) answers(f *frame, entry entryPoint, running, open bool) ([]*event.Field, error) {
	if len(f.Form) > maxForm {
		return nil, formFault("", "too many answers")
	}
	if len(f.Form) == 0 && (running || c.formed) {
		return nil, nil
	}
	form := formOf(entry, open)
	if len(f.Form) == 0 && len(entry.GetForm()) == 0 {
		return nil, nil
	}
	return takeForm(form, f.Form)
}
