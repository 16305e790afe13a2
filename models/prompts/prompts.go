// Package prompts holds what models over HTTP are asked, with the schema of what they may answer.
//
// It promises that a prompt's version is a hash of all that is sent besides the customer's text, so equal versions asked the same; and
// that what a customer wrote stands only inside JSON strings of a turn of its own, out of which no text can break. It does not promise that
// a model heeds it: who asks must check the answer against the set.
package prompts

import (
	"crypto/sha256"
	_ "embed" // the text of the prompt
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// None is what a model answers where a text is about nothing on the list; it may not be an intent's name.
const None = "none_of_these"

// The limits of a closed set.
const (
	MaxIntents = 500
	MaxName    = 64
)

// ErrIntents says that a set of intents cannot be asked for.
var ErrIntents = errors.New("not a set of intents")

//go:embed intent.txt
var intentText string

// Intent asks for one of a closed set of intents.
type Intent struct {
	// System is the instruction.
	System string
	// Schema is the JSON schema of the answer.
	Schema json.RawMessage
	// Version names both by their content.
	Version string
	intents []string
}

// NewIntent makes the prompt for a closed set.
func NewIntent(intents []string) (Intent, error) {
	set := slices.Sorted(slices.Values(intents))
	if len(set) == 0 || len(set) > MaxIntents {
		return Intent{}, fmt.Errorf("%w: it has 1 to %d names, not %d", ErrIntents, MaxIntents, len(set))
	}
	for i, name := range set {
		if name == None || name == "" || len(name) > MaxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '"' }) {
			return Intent{}, fmt.Errorf("%w: %q cannot be a name: 1 to %d bytes, on one line, without quotes, and not %q", ErrIntents, name, MaxName, None)
		}
		if i > 0 && set[i-1] == name {
			return Intent{}, fmt.Errorf("%w: %q is named twice", ErrIntents, name)
		}
	}
	type object = map[string]any
	schema, err := json.Marshal(object{
		"type": "object", "additionalProperties": false, "required": []string{"intent", "confidence"},
		"properties": object{
			"intent":     object{"type": "string", "enum": append(slices.Clone(set), None)},
			"confidence": object{"type": "integer", "minimum": 0, "maximum": 1000},
		},
	})
	if err != nil {
		return Intent{}, fmt.Errorf("%w: %w", ErrIntents, err)
	}
	p := Intent{
		System: strings.NewReplacer("{{intents}}", strings.Join(set, "\n"), "{{none}}", None).Replace(intentText),
		Schema: schema, intents: set,
	}
	sum := sha256.Sum256([]byte(p.System + "\x00" + string(schema)))
	p.Version = hex.EncodeToString(sum[:4]) // too short to be mistaken for somebody's number
	return p, nil
}

// Has tells whether an intent is of the set. None is not.
func (p Intent) Has(intent string) bool {
	_, found := slices.BinarySearch(p.intents, intent)
	return found
}

// Data is the turn that holds what a customer wrote and, each in a string of its own, what the same customer wrote before; nothing else.
func Data(text string, before ...string) (string, error) {
	b, err := json.Marshal(struct {
		Before []string `json:"customer_wrote_before,omitempty"`
		Text   string   `json:"customer_text"`
	}{before, text})
	return string(b), err
}
