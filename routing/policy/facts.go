package policy

import (
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// Facts are all that a policy knows of a contact. Intent and confidence (thousandths) and language are what a model made of
// what the customer wrote; tier and tags come from the site's signed word and from people with the right, never from the
// customer; the rest is the installation's own.
type Facts struct {
	Intent     string
	Confidence int64
	Language   string
	Tier       string
	Tags       []string
	Channel    string
	EntryPoint string
	// Queue is the one asked for.
	Queue string
	// Chosen is true where a person or an earlier decision named the queue: a rule does not change it.
	Chosen bool
}

// FactsOf takes the facts of a request.
func FactsOf(r *event.RouteRequest) Facts {
	return Facts{
		Intent: r.GetIntent(), Confidence: int64(r.GetConfidence()), Language: r.GetLanguage(), Tier: r.GetTier(), Tags: r.GetTags(),
		Channel: ChannelName(r.GetChannel()), EntryPoint: r.GetEntryPoint(), Queue: r.GetQueue(), Chosen: r.GetChosen(),
	}
}

const channelPrefix = "CHANNEL_"

// channelNames are the names by number, as they are asked for with each request.
var channelNames = func() []string {
	names := []string{""}
	for c := event.Channel_CHANNEL_UNSPECIFIED + 1; ; c++ {
		name, ok := event.Channel_name[int32(c)]
		if !ok {
			return names
		}
		names = append(names, strings.ToLower(strings.TrimPrefix(name, channelPrefix)))
	}
}()

// ChannelName is how a policy calls a channel: webchat, voice; empty for none.
func ChannelName(c event.Channel) string {
	if c < 0 || int(c) >= len(channelNames) {
		return ""
	}
	return channelNames[c]
}

// Channels lists the names of all channels.
func Channels() []string { return slices.Clone(channelNames[1:]) }

// fact is a variable of contact.
type fact uint8

const (
	factIntent fact = iota
	factConfidence
	factLanguage
	factTier
	factTags
	factChannel
	factEntryPoint
	factQueue
)

// factNames are the variables in the order of their constants.
var factNames = [...]string{"intent", "confidence", "language", "tier", "tags", "channel", "entry_point", "queue"}

func (v fact) kind() kind {
	switch v {
	case factConfidence:
		return kindInt
	case factTags:
		return kindList
	case factIntent, factLanguage, factTier, factChannel, factEntryPoint, factQueue:
	}
	return kindString
}

// text is the value of a variable of kind string.
func (f *Facts) text(v fact) string {
	switch v {
	case factIntent:
		return f.Intent
	case factLanguage:
		return f.Language
	case factTier:
		return f.Tier
	case factChannel:
		return f.Channel
	case factEntryPoint:
		return f.EntryPoint
	case factQueue:
		return f.Queue
	case factConfidence, factTags:
	}
	return ""
}
