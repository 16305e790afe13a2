package conversation

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// surveyMS is how long a customer may answer a survey, in served time.
	surveyMS = 24 * 3600 * 1000
	// maxSurveys bounds the finished contacts that are kept for their survey; beyond it the oldest is not asked about any more.
	maxSurveys = 3
)

// askSurvey asks the customer about a talk that agent or customer ended, if an agent spoke in it and its entry point asks.
func (c *customer) askSurvey(r *event.ContactRow, reason string) {
	ct := r.GetContact()
	if reason != endAgent && reason != endCustomer || ct.GetAgentMessages() == 0 || !c.cfg.entryPoint(c.tenant, ct.GetEntryPoint()).GetSurvey() {
		return
	}
	r.SurveyUntilMs = c.tx.Served() + surveyMS
	c.tell(r, "survey")
}

// keepForSurvey keeps a finished contact that the customer may still answer about: its record is told whole once more.
func (c *customer) keepForSurvey(r *event.ContactRow) {
	if r.GetSurveyUntilMs() <= c.tx.Served() {
		return
	}
	c.row.Surveys = append(c.row.Surveys, r)
	if len(c.row.GetSurveys()) > maxSurveys {
		c.row.Surveys = slices.Delete(c.row.Surveys, 0, 1)
	}
}

// surveyed takes a customer's answer about a contact, in time and once; any other comes to nothing.
func (c *customer) surveyed(address string, m *event.SurveyAnswered) error {
	switch {
	case address == "":
		return errNoAddress()
	case m.GetContact() == "" || m.GetScore() < 1 || m.GetScore() > 5:
		return engine.Refuse("an answered survey needs a contact, and a score of 1 to 5")
	}
	for _, r := range slices.Concat(c.row.GetContacts(), c.row.GetSurveys()) {
		if r.GetContact().GetContact() == m.GetContact() && r.GetSurveyUntilMs() > c.tx.Served() {
			c.takeSurvey(r, m.GetScore())
			return nil
		}
	}
	return nil
}

func (c *customer) takeSurvey(r *event.ContactRow, score uint32) {
	ct := r.GetContact()
	ct.Survey, r.SurveyUntilMs = score, 0
	c.row.Surveys = slices.DeleteFunc(c.row.Surveys, func(x *event.ContactRow) bool { return x == r })
	c.fact(ct.GetAddress(), &event.Event{Sealed: c.sealed, Body: &event.Event_SurveyTaken{SurveyTaken: &event.SurveyTaken{
		Contact: ct.GetContact(), Conversation: ct.GetConversation(), Queue: ct.GetQueue(), Agent: ct.GetAgent(), Score: score,
	}}})
	c.changed(r, "survey")
}

// surveysOver forgets the contacts whose time to answer has passed.
func (c *customer) surveysOver() {
	c.row.Surveys = slices.DeleteFunc(c.row.Surveys, func(r *event.ContactRow) bool { return r.GetSurveyUntilMs() <= c.tx.Served() })
}
