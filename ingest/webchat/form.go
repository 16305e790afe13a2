package webchat

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/event"
)

const (
	maxAnswer = 500
	maxForm   = 20
	// The shortest and the longest telephone number, in digits (E.164 allows 15; extensions are longer).
	minPhone, maxPhone = 5, 20
)

// contactForm asks whom to answer who leaves a message at an entry point without a form. The widget has words for these names.
var contactForm = []*event.FormField{{Name: nameField, Kind: "text"}, {Name: "email", Kind: "email"}}

// formOf is what a customer is asked before the first message, in hours or outside of them.
func formOf(e entryPoint, open bool) []*event.FormField {
	if form := e.GetForm(); len(form) > 0 || open {
		return form
	}
	return contactForm
}

// formFault says what is wrong with an answer, by the field's name.
func formFault(field, text string) error {
	return &fault{status: 400, Code: "form", Text: text, Field: field}
}

// takeForm checks answers against the questions and gives them in the questions' order. Nothing was asked and nothing answered
// is in order.
func takeForm(form []*event.FormField, answers map[string]string) ([]*event.Field, error) {
	var out []*event.Field
	for _, f := range form {
		answer := strings.TrimSpace(answers[f.GetName()])
		if err := checkAnswer(f, answer); err != nil {
			return nil, err
		}
		if answer != "" {
			out = append(out, &event.Field{Name: f.GetName(), Value: answer})
		}
	}
	for name := range answers {
		if !slices.ContainsFunc(form, func(f *event.FormField) bool { return f.GetName() == name }) {
			return nil, formFault("", "an answer to a question that is not asked; ask for a new session")
		}
	}
	return out, nil
}

func checkAnswer(f *event.FormField, answer string) error {
	switch {
	case answer == "" && f.GetRequired():
		return formFault(f.GetName(), "this is needed")
	case answer == "":
		return nil
	case utf8.RuneCountInString(answer) > maxAnswer:
		return formFault(f.GetName(), "at most 500 characters")
	}
	switch f.GetKind() {
	case "email":
		if !isEmail(answer) {
			return formFault(f.GetName(), "this is no e-mail address")
		}
	case "phone":
		if !isPhone(answer) {
			return formFault(f.GetName(), "this is no telephone number")
		}
	case "choice":
		if !slices.Contains(f.GetChoices(), answer) {
			return formFault(f.GetName(), "choose one of those offered")
		}
	}
	return nil
}

// isEmail is generous: whether an address works, only a letter to it tells.
func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && len(s) <= 254 && !strings.ContainsAny(s, " \t\r\n<>,;\"") && !strings.Contains(domain, "@") &&
		strings.Contains(strings.Trim(domain, "."), ".") && !strings.HasPrefix(domain, ".") && !strings.Contains(domain, "..")
}

func isPhone(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" -.()/", r):
		default:
			return false
		}
	}
	return digits >= minPhone && digits <= maxPhone
}
