package plugin

import (
	"context"
	"slices"
	"strings"
	"time"
)

// queryInfo is what the API says of a named query.
type queryInfo struct {
	Name    string       `json:"name"`
	Help    string       `json:"help"`
	Params  []paramInfo  `json:"params"`
	Columns []columnInfo `json:"columns"`
}

type paramInfo struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Help string `json:"help"`
}

type columnInfo struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	Help string `json:"help"`
}

func (info *queryInfo) hasColumn(name string) bool {
	return slices.ContainsFunc(info.Columns, func(c columnInfo) bool { return c.Name == name })
}

func (info *queryInfo) column(name string) columnInfo {
	for _, c := range info.Columns {
		if c.Name == name {
			return c
		}
	}
	return columnInfo{Name: name}
}

const (
	// catalogKept is how long the list of queries serves: it changes with a new version of Tributary only.
	catalogKept = 5 * time.Minute
	// catalogAnew is how soon it is asked for again for the sake of a query that it does not have.
	catalogAnew = 10 * time.Second
	// catalogRest is how long it is not asked for again after no answer came.
	catalogRest = 2 * time.Second
)

// catalog keeps the list of the named queries. It is the same for everybody and holds nothing of a tenant.
type catalog struct {
	client *client
	now    func() time.Time
	// turn is held by who reads or fetches: a channel, so that who waits can stop waiting.
	turn    chan struct{}
	queries map[string]*queryInfo
	fetched time.Time
	// failed is why the last fetch had no answer, at failedAt: those who waited for it meanwhile do not try it again one by one.
	failed   error
	failedAt time.Time
}

func newCatalog(c *client, now func() time.Time) *catalog {
	return &catalog{client: c, now: now, turn: make(chan struct{}, 1)}
}

// query finds a named query.
func (c *catalog) query(ctx context.Context, name string) (*queryInfo, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	age := c.now().Sub(c.fetched)
	if c.queries == nil && c.failed != nil && c.now().Sub(c.failedAt) < catalogRest {
		return nil, c.failed
	}
	if c.queries == nil || age > catalogKept || c.queries[name] == nil && age > catalogAnew {
		err := c.fetch(ctx)
		if c.failed, c.failedAt = err, c.now(); ctx.Err() != nil {
			c.failed = nil // who asked went away: that says nothing of Tributary
		}
		if err != nil && c.queries[name] == nil {
			return nil, err
		}
		if err != nil {
			c.fetched = c.now().Add(catalogAnew - catalogKept) // what is kept serves until the next try
		}
	}
	if info := c.queries[name]; info != nil {
		return info, nil
	}
	return nil, wrong("Tributary has no query %.60q for boards: choose one of those that the query editor lists", name)
}

// refresh asks anew, whatever is kept, and tells how many queries there are.
func (c *catalog) refresh(ctx context.Context) (int, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	err := c.fetch(ctx)
	return len(c.queries), err
}

func (c *catalog) fetch(ctx context.Context) error {
	var answer struct {
		Queries []*queryInfo `json:"queries"`
	}
	if err := c.client.get(ctx, theService, "/api/queries", nil, &answer); err != nil {
		return err
	}
	c.queries = make(map[string]*queryInfo, len(answer.Queries))
	for _, q := range answer.Queries {
		if q != nil && strings.TrimSpace(q.Name) != "" {
			q.Columns = withNames(q.Columns)
			c.queries[q.Name] = q
		}
	}
	c.fetched = c.now()
	return nil
}
