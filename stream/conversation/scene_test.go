package conversation

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

var update = flag.Bool("update", false, "write what happens into the scenes, to be read before it is committed")

// TestScenes plays the files of testdata: a line that begins with a time is what comes in, the indented lines under it are
// all that comes out of it. Ids are named in the order in which they appear: conv1, ct1, msg1.
func TestScenes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.scene")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".scene"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			got := play(t, string(want))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
			}
			require.Equal(t, string(want), got)
		})
	}
}

// stage is a scene with names in place of ids.
type stage struct {
	*enginetest.Scene
	t       *testing.T
	version uint64
	names   map[string]string // id → name
	ids     map[string]string // name → id
	counts  map[string]int
	beating []string          // the gateways that give signs of life, one a second
	options map[string]string // the words of the line that are key=value
}

func play(t *testing.T, script string) string {
	s := &stage{
		Scene: enginetest.New(t, Processor()), t: t,
		names: map[string]string{}, ids: map[string]string{}, counts: map[string]int{},
	}
	var out strings.Builder
	at := int64(0)
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, " "): // what is expected
			continue
		case line == "" || strings.HasPrefix(line, "#"):
			fmt.Fprintln(&out, line)
			continue
		}
		fmt.Fprintln(&out, line)
		words := strings.Fields(line)
		d, err := time.ParseDuration(words[0])
		require.NoError(t, err, line)
		s.print(&out, s.wait(d.Milliseconds()-at))
		at = d.Milliseconds()
		switch {
		case len(words) > 1 && words[1] == "alive":
			s.beating = words[2:]
			s.print(&out, s.wait(0))
		case len(words) > 1:
			s.print(&out, s.Apply(s.parse(line, words[1:])))
		}
	}
	return out.String()
}

// wait lets time pass, with the signs of life that come meanwhile.
func (s *stage) wait(ms int64) []enginetest.Out {
	if len(s.beating) == 0 {
		return s.Wait(ms)
	}
	var outs []enginetest.Out
	for {
		for _, g := range s.beating {
			outs = append(outs, s.Apply(&event.Event{Key: "gateway/" + g, Body: &event.Event_GatewayAlive{
				GatewayAlive: &event.GatewayAlive{Gateway: g},
			}})...)
		}
		if ms <= 0 {
			return outs
		}
		outs = append(outs, s.Wait(min(ms, 1000))...)
		ms -= 1000
	}
}

// parse reads "who verb arguments…".
func (s *stage) parse(line string, w []string) *event.Event {
	e := &event.Event{Tenant: "acme", Key: "acme/ada", Customer: "ada", AtMs: s.Now()}
	arg := func(i int) string {
		if i >= len(w) {
			return ""
		}
		if id, ok := s.ids[w[i]]; ok {
			return id
		}
		return w[i]
	}
	if w[0] != "config" {
		w = s.takeOptions(w)
	}
	if own, ok := s.options["id"]; ok { // the writer's own id, to repeat or date a wish
		id := event.CauseID("id=" + own)
		e.Id = id[:]
	}
	if old, ok := s.options["old"]; ok {
		d, err := time.ParseDuration(old)
		require.NoError(s.t, err, line)
		e.AtMs -= d.Milliseconds()
	}
	if note, ok := s.options["note"]; ok {
		e.Sealed = &event.Sealed{KeyRef: "w1", Ciphertext: []byte(note)}
	}
	switch {
	case w[0] == "config":
		s.config(e, w[1:])
	case w[0] == "routing":
		e.Body = &event.Event_RouteOutcome{RouteOutcome: &event.RouteOutcome{Outcome: w[1], Contact: arg(2), Agent: arg(3), Queue: arg(4)}}
	case w[0] == "model": // contact, intent, confidence, language
		confidence, err := strconv.ParseUint(arg(4), 10, 32)
		require.NoError(s.t, err, line)
		e.Body = &event.Event_IntentFound{IntentFound: &event.IntentFound{
			Contact: arg(2), Intent: strings.Trim(arg(3), "-"), Confidence: uint32(confidence), Language: arg(5), Stage: "local",
		}}
	case strings.HasPrefix(w[0], "w"): // an address
		e.Address = w[0]
		s.customer(e, line, w[1], arg)
	case w[0] == "supervisor": // and an account
		s.agent(e, line, "", w[2], func(i int) string { return arg(i + 1) })
		supervised(e, w[1])
	default: // an agent
		s.agent(e, line, w[0], w[1], arg)
	}
	return e
}

// supervised makes an agent's wish a supervisor's, where those have a say.
func supervised(e *event.Event, account string) {
	if account == "unnamed" {
		account = ""
	}
	switch b := e.GetBody().(type) {
	case *event.Event_EndContact:
		b.EndContact.BySupervisor, b.EndContact.By = true, account
	case *event.Event_TransferContact:
		b.TransferContact.BySupervisor, b.TransferContact.By = true, account
	case *event.Event_SplitConversation:
		b.SplitConversation.BySupervisor, b.SplitConversation.By = true, account
	case *event.Event_CloseConversation:
		b.CloseConversation.BySupervisor, b.CloseConversation.By = true, account
	case *event.Event_ChangeProfile:
		b.ChangeProfile.Agent, b.ChangeProfile.By = "", account
	}
}

// takeOptions gives the words that are not key=value, and keeps the others.
func (s *stage) takeOptions(words []string) (rest []string) {
	s.options = map[string]string{}
	for _, word := range words {
		if k, v, ok := strings.Cut(word, "="); ok {
			s.options[k] = v
			continue
		}
		rest = append(rest, word)
	}
	return rest
}

func (s *stage) tags() []string {
	if s.options["tags"] == "" {
		return nil
	}
	return strings.Split(s.options["tags"], "+")
}

func (s *stage) files() (files []*event.Attachment) {
	if f := s.options["file"]; f != "" {
		files = append(files, &event.Attachment{File: f, MediaType: "image/png", Size: 7})
	}
	return files
}

func (s *stage) customer(e *event.Event, line, verb string, arg func(int) string) {
	switch verb {
	case "says", "leaves": // text, entry point
		e.Sealed = &event.Sealed{KeyRef: e.GetAddress(), Ciphertext: []byte(arg(2))}
		e.Body = &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
			Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: arg(3), Message: arg(2), Left: verb == "leaves", Attachments: s.files(),
		}}
	case "types":
		e.Body = &event.Event_CustomerTyping{CustomerTyping: &event.CustomerTyping{Channel: event.Channel_CHANNEL_WEBCHAT}}
	case "sees": // page, or event and its name
		e.Sealed = &event.Sealed{KeyRef: e.GetAddress(), Ciphertext: []byte("where")}
		e.Body = &event.Event_CustomerSeen{CustomerSeen: &event.CustomerSeen{Kind: arg(2), Name: arg(3), EntryPoint: "shop"}}
	case "is-introduced": // tier=, language=, tags=
		if _, unnamed := s.options["unnamed"]; !unnamed {
			e.Sealed = &event.Sealed{KeyRef: e.GetAddress(), Ciphertext: []byte("name")}
		}
		e.Body = &event.Event_CustomerIntroduced{CustomerIntroduced: &event.CustomerIntroduced{
			Tier: s.options["tier"], Language: s.options["language"], Tags: s.tags(),
		}}
	case "presents": // name
		e.Sealed = &event.Sealed{KeyRef: e.GetAddress(), Ciphertext: []byte(arg(2))}
		e.Body = &event.Event_CustomerIntroduced{CustomerIntroduced: &event.CustomerIntroduced{Said: true, Tier: s.options["tier"]}}
	case "scores": // contact, score
		n, err := strconv.ParseUint(arg(3), 10, 32)
		require.NoError(s.t, err, line)
		e.Body = &event.Event_SurveyAnswered{SurveyAnswered: &event.SurveyAnswered{Contact: arg(2), Score: uint32(n)}}
	case "connects": // connection, gateway
		gateway := arg(3)
		if gateway == "" {
			gateway = "g1"
		}
		e.Body = &event.Event_CustomerConnected{CustomerConnected: &event.CustomerConnected{
			Channel: event.Channel_CHANNEL_WEBCHAT, Connection: arg(2), Gateway: gateway,
		}}
	case "disconnects":
		e.Body = &event.Event_CustomerDisconnected{CustomerDisconnected: &event.CustomerDisconnected{Connection: arg(2)}}
	case "ends":
		e.Body = &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{Request: arg(2)}}
	case "got", "read", "failed", "sent":
		state := map[string]event.DeliveryState{
			"got": event.DeliveryState_DELIVERY_STATE_DELIVERED, "read": event.DeliveryState_DELIVERY_STATE_READ,
			"failed": event.DeliveryState_DELIVERY_STATE_FAILED, "sent": event.DeliveryState_DELIVERY_STATE_SENT,
		}[verb]
		e.Body = &event.Event_Receipt{Receipt: &event.Receipt{Message: arg(2), State: state}}
	default:
		s.t.Fatalf("customers do not do this: %s", line)
	}
}

func (s *stage) agent(e *event.Event, line, agent, verb string, arg func(int) string) {
	switch verb {
	case "answers", "notes": // contact, text
		e.Sealed = &event.Sealed{KeyRef: "w1", Ciphertext: []byte(arg(3))}
		e.Body = &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{
			Contact: arg(2), Agent: agent, Message: arg(3), Internal: verb == "notes", Attachments: s.files(),
		}}
	case "types":
		e.Body = &event.Event_AgentTyping{AgentTyping: &event.AgentTyping{Contact: arg(2), Agent: agent}}
	case "sets-profile": // tier=, language=, tags=, base=
		e.Sealed = &event.Sealed{KeyRef: "w1", Ciphertext: []byte("written")}
		base, _ := strconv.ParseUint(s.options["base"], 10, 64)
		e.Body = &event.Event_ChangeProfile{ChangeProfile: &event.ChangeProfile{
			Agent: agent, By: agent, Tier: s.options["tier"], Language: s.options["language"], Tags: s.tags(), BaseVersion: base, Request: s.options["request"],
		}}
	case "ends":
		e.Body = &event.Event_EndContact{EndContact: &event.EndContact{Contact: arg(2), Agent: agent}}
	case "wraps-up": // contact, code
		e.Body = &event.Event_WrapUpDone{WrapUpDone: &event.WrapUpDone{Contact: arg(2), Agent: agent, Code: arg(3)}}
	case "transfers": // contact, queue; to=agent, note=
		e.Body = &event.Event_TransferContact{TransferContact: &event.TransferContact{
			Contact: arg(2), Agent: agent, Queue: arg(3), ToAgent: s.options["to"],
		}}
	case "splits":
		e.Body = &event.Event_SplitConversation{SplitConversation: &event.SplitConversation{Contact: arg(2), Agent: agent}}
	case "closes":
		e.Body = &event.Event_CloseConversation{CloseConversation: &event.CloseConversation{Conversation: arg(2), Agent: agent}}
	case "has-read": // contact, sequence
		n, err := strconv.ParseUint(arg(3), 10, 64)
		require.NoError(s.t, err, line)
		e.Body = &event.Event_ReadMark{ReadMark: &event.ReadMark{Contact: arg(2), Agent: agent, Sequence: n}}
	default:
		s.t.Fatalf("agents do not do this: %s", line)
	}
}

// config reads "queue=sales,grace=30s,wrap_up=1m,domain=west,priority=2", "entry=shop,queue=sales,intent=bank,deadline=2s,
// survey,language=en", "silence=1h,reopen=2h".
func (s *stage) config(e *event.Event, w []string) {
	s.version++
	applied := &event.ConfigApplied{Version: s.version}
	for _, one := range w {
		o, kind := new(event.ConfigObject), ""
		q, p, set := new(event.Queue), new(event.EntryPoint), new(event.TenantSettings)
		for i, part := range strings.Split(one, ",") {
			k, v, _ := strings.Cut(part, "=")
			if i == 0 {
				kind = k
			}
			d, _ := time.ParseDuration(v)
			n, _ := strconv.ParseInt(v, 10, 32)
			switch k {
			case "queue":
				q.Id, p.Queue = v, v
			case "entry":
				p.Id = v
			case "intent":
				p.IntentModel = v
			case "deadline":
				p.IntentDeadlineMs = d.Milliseconds()
			case "survey":
				p.Survey = true
			case "language":
				p.Language = v
			case "grace":
				q.GraceMs = d.Milliseconds()
			case "wrap_up":
				q.WrapUpMs = d.Milliseconds()
			case "domain":
				q.Domain = v
			case "priority":
				q.Priority = int32(n)
			case "silence":
				set.SilenceMs = d.Milliseconds()
			case "reopen":
				set.ReopenMs = d.Milliseconds()
			case "removed":
				o.Removed = true
			}
		}
		switch kind {
		case "queue":
			o.Object = &event.ConfigObject_Queue{Queue: q}
		case "entry":
			o.Object = &event.ConfigObject_EntryPoint{EntryPoint: p}
		default:
			o.Object = &event.ConfigObject_Settings{Settings: set}
		}
		applied.Objects = append(applied.Objects, o)
	}
	e.Key, e.Customer = "acme/config", ""
	e.Body = &event.Event_ConfigApplied{ConfigApplied: applied}
}
