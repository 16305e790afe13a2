// Package policy decides by rules what becomes of a contact: to which queue it goes, before whom, and what an agent must be
// able to do to be offered it. The rules are an [event.Policy]; their conditions are CEL, read by cel-go and then lowered to
// small trees of our own, so that nothing of CEL runs where contacts are matched.
//
// A rule's `when` asks about the contact, a step's `need` about an agent's skill levels and the contact:
//
//	contact.intent == "card_lost" && contact.confidence >= 600
//	cards >= 4 && (contact.language == "zh" ? chinese >= 3 : english >= 3)
//
// The language is CEL without what could take long, fail or differ between two machines. Types are bool, int, string and
// lists of strings or ints; operators are == != < <= > >= && || ! ?: in; functions are startsWith, endsWith, contains and
// size. There are no floats, no times, no patterns, no arithmetic, no macros, hence no loops and no errors: once compiled,
// an expression has a value for every contact and every agent.
//
// What customers write is not among the variables, so no wording can pose as a tier, a tag or a rule: their words reach a rule
// only as an intent out of a closed set, its confidence and a language, all made by a model (see [Facts]). A rule that gives
// priority by intent does give it to whoever is classified so; what must not be had by asking belongs under tier or tags.
//
// It promises: the same policy and facts give the same decision in every process and every replay; [Check] finds all faults
// at once, each with its place; what Check finds nothing wrong with compiles; needs that ask the same of agents have equal
// keys ([Need.Key]) where one reads like the other once the contact's part is settled.
//
// It does not promise that equal keys are all that is equivalent: (a && b) || a has another key than a. It knows neither
// queues nor agents nor files: whether a queue exists is asked of [Known], and files with lines are read in cmd.
package policy
