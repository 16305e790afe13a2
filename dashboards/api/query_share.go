package api

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/warehouse"
)

// Answers are shared: however many people look at a board, equal queries that come at once are one query, and its answer
// stands for a moment. While it is asked anew, or for a range that has moved on with the clock, whoever comes gets the answer of a moment
// ago, with the moment it is of: nobody but the first waits. What one person may see of an answer is cut from it later.
const (
	// freshFor is how long an answer stands whose range reaches into the last hour, settledFor any other. What the sink
	// brings late it brings within seconds.
	freshFor, settledFor = 2 * time.Second, 30 * time.Second
	settledAfter         = time.Hour
	// An answer that took long stands longer, by this factor and up to settledFor: else a slow board would ask all the time.
	standsTimes = 5
	// lateFor is how old an answer may be that is given while a newer one is asked for, and how far its range may lie behind.
	lateFor = 15 * time.Second
	// awayFor is how long the warehouse is not asked the same again after it did not answer.
	awayFor = time.Second
	// maxAnswers and maxAnswer bound what is kept, in bytes; a larger answer is shared among those who wait for it.
	maxAnswers, maxAnswer = 64 << 20, 8 << 20
	// tenantQueries run at once for a tenant, allQueries for all: some connections are left for the history of agents' pages.
	tenantQueries, allQueries = 3, 6
	// maxFlights bounds the queries of a tenant that run or wait for their turn, and turnPatience how long they wait.
	maxFlights   = 200
	turnPatience = 10 * time.Second
	runTimeout   = 12 * time.Second
)

// answers are the shared answers of all tenants. The zero value is ready for use.
type answers struct {
	mu      sync.Mutex
	flights map[string]*sharedAnswer
	// last are the latest answers by what is asked, whenever.
	last map[string]*sharedAnswer
	// kept are the answers that stand, the oldest first; size is what they hold.
	kept []*sharedAnswer
	size int
	// tenants are the queries of each tenant.
	tenants map[string]*tenantTurns
	all     chan struct{}
}

type tenantTurns struct {
	slots   chan struct{}
	flights int
}

// sharedAnswer is one query: who asks the same waits for done, and changes nothing of it.
type sharedAnswer struct {
	key    string
	asked  question
	done   chan struct{}
	result *warehouse.Result
	// names are those of all ids in the result.
	names queryNames
	// body is the whole answer as JSON, for those who see all of it.
	body   []byte
	fault  *queryFault
	asOfMs int64
	until  time.Time
	size   int
}

// question is what is asked, and over which time. Its text is empty where the time does not reach the present.
type question struct {
	text         string
	fromMs, toMs int64
}

func questionOf(tenant, name string, params map[string]any, now time.Time) question {
	var at [3]int64
	rest := maps.Clone(params)
	for i, end := range [...]string{"from_ms", "to_ms", "at_ms"} {
		at[i], _ = params[end].(int64)
		delete(rest, end)
	}
	q := question{fromMs: at[0], toMs: max(at[1], at[2])}
	if near(q.toMs, now.UnixMilli()) {
		q.text = tenant + "\x00" + name + "\x00" + paramKey(rest)
	}
	return q
}

func near(a, b int64) bool { return max(a-b, b-a) <= lateFor.Milliseconds() }

// shared answers a query of a tenant, of which others may be asking the same.
func (s *Server) shared(ctx context.Context, tenant string, d *warehouse.Description, params map[string]any) (*sharedAnswer, *queryFault) {
	key := tenant + "\x00" + d.Name + "\x00" + paramKey(params)
	now := s.now()
	a, started, fault := s.answers.join(key, tenant, questionOf(tenant, d.Name, params, now), now)
	if fault != nil {
		return nil, fault
	}
	if started {
		asked := make(map[string]any, len(params)+1)
		for name, v := range params {
			asked[name] = v
		}
		asked["tenant"] = tenant
		asked[warehouse.ParamPractice] = warehouse.PracticeQueues(s.view.practiceQueues(tenant))
		if !s.work.Start(func() { s.fly(a, tenant, d, asked) }) { //nolint:contextcheck // others may wait for it when who asked is gone
			a.fault = &queryFault{Code: codeUnavailable, Message: "this process is ending; ask again"}
			s.answers.land(a, tenant, s.now())
		}
	}
	if before := s.answers.before(a, now); before != nil {
		return before, nil
	}
	select {
	case <-a.done:
		return a, a.fault
	case <-ctx.Done():
		return nil, &queryFault{Code: codeTooSlow, Message: "no answer in time; take a shorter range or longer intervals"}
	}
}

// bodyOf is the whole answer as JSON; of none, nothing.
func (a *sharedAnswer) bodyOf() []byte {
	if a == nil {
		return nil
	}
	return a.body
}

// join finds the query that runs or was answered a moment ago, or begins it.
func (q *answers) join(key, tenant string, asked question, now time.Time) (a *sharedAnswer, started bool, fault *queryFault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.flights == nil {
		q.flights, q.last = make(map[string]*sharedAnswer), make(map[string]*sharedAnswer)
		q.tenants, q.all = make(map[string]*tenantTurns), make(chan struct{}, allQueries)
	}
	if a = q.flights[key]; a != nil {
		select {
		case <-a.done:
			if now.Before(a.until) {
				return a, false, nil
			}
			delete(q.flights, key) // it may be the latest answer for a while
		default:
			return a, false, nil
		}
	}
	t := q.tenants[tenant]
	if t == nil {
		t = &tenantTurns{slots: make(chan struct{}, tenantQueries)}
		q.tenants[tenant] = t
	}
	if t.flights >= maxFlights {
		return nil, false, &queryFault{Code: codeUnavailable, Message: "too many queries of this company are waiting; try again in some seconds"}
	}
	t.flights++
	a = &sharedAnswer{key: key, asked: asked, done: make(chan struct{})}
	q.flights[key] = a
	return a, true, nil
}

// before finds the answer of a moment ago to what is being asked; nil where there is none, or a itself is there.
func (q *answers) before(a *sharedAnswer, now time.Time) *sharedAnswer {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-a.done:
		return nil
	default:
	}
	b := q.last[a.asked.text]
	if b == nil || !now.Before(b.until.Add(lateFor)) || !near(a.asked.fromMs, b.asked.fromMs) || !near(a.asked.toMs, b.asked.toMs) {
		return nil
	}
	return b
}

// drop forgets an answer; those who have it keep it.
func (q *answers) drop(a *sharedAnswer) {
	q.size -= a.size
	if q.flights[a.key] == a {
		delete(q.flights, a.key)
	}
	if q.last[a.asked.text] == a {
		delete(q.last, a.asked.text)
	}
}

// land keeps an answer for the time that it may be given, and tells those who wait.
func (q *answers) land(a *sharedAnswer, tenant string, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t := q.tenants[tenant]; t != nil {
		if t.flights--; t.flights == 0 {
			delete(q.tenants, tenant) // who flies has left its slot
		}
	}
	close(a.done)
	if a.size > maxAnswer || !now.Before(a.until) {
		a.size = 0
		q.drop(a)
		return
	}
	q.kept, q.size = append(q.kept, a), q.size+a.size
	if a.fault == nil && a.asked.text != "" {
		q.last[a.asked.text] = a
	}
	n := 0
	for n < len(q.kept) && (q.size > maxAnswers || !now.Before(q.kept[n].until.Add(lateFor))) {
		q.drop(q.kept[n])
		n++
	}
	q.kept = append(q.kept[:0], q.kept[n:]...)
}

// fly asks the warehouse once it is the query's turn.
func (s *Server) fly(a *sharedAnswer, tenant string, d *warehouse.Description, params map[string]any) {
	ctx, cancel := context.WithTimeout(context.Background(), turnPatience)
	defer cancel()
	defer func() { s.answers.land(a, tenant, s.now()) }()
	leave, ok := s.answers.turn(ctx, tenant, s.work.Ending())
	if !ok {
		a.fault = &queryFault{Code: codeTooSlow, Message: "other queries of this company run, and none ended in time; take shorter ranges, or try again"}
		return
	}
	defer leave()
	began := s.now()
	a.asOfMs = began.UnixMilli()
	if a.result, a.fault = s.ask(d.Name, params); a.fault == nil {
		a.names = s.namesIn(context.WithoutCancel(ctx), tenant, a.result) // ctx bounds the wait for the turn
		a.body, a.fault = encodeRows(a.seenBy(d, &scope{whole: true}))
	}
	a.until = s.now().Add(standsFor(params, began, s.now()))
	if a.fault != nil {
		a.until = s.now()
		if a.fault.Code == codeUnavailable {
			a.until = s.now().Add(awayFor)
		}
	}
	if a.size = len(a.key); a.result != nil {
		a.size += sizeOf(a.result.Rows) + a.names.size() + len(a.body)
	}
}

// turn waits for a place among the tenant's queries, and then among all.
func (q *answers) turn(ctx context.Context, tenant string, ending <-chan struct{}) (leave func(), ok bool) {
	q.mu.Lock()
	slots, all := q.tenants[tenant].slots, q.all
	q.mu.Unlock()
	enter := func(c chan struct{}) bool {
		select {
		case c <- struct{}{}:
			return true
		case <-ctx.Done():
		case <-ending:
		}
		return false
	}
	if !enter(slots) {
		return nil, false
	}
	if !enter(all) {
		<-slots
		return nil, false
	}
	return func() { <-all; <-slots }, true
}
