package api

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/tributary-cc/tributary/stream/warehouse"
)

// ask runs a named query, and says whose fault it is where it fails.
func (s *Server) ask(name string, params map[string]any) (*warehouse.Result, *queryFault) {
	away := &queryFault{Code: codeUnavailable, Message: "ClickHouse does not answer; what is live is still shown, and this comes back by itself"}
	if s.config.Boards == nil {
		return nil, away
	}
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	s.work.Start(func() {
		select {
		case <-s.work.Ending():
			cancel()
		case <-ended:
		}
	})
	result, err := s.config.Boards.Answer(ctx, name, params)
	if err == nil {
		clean(result)
		return result, nil
	}
	s.logger.LogAttrs(ctx, slog.LevelWarn, "a board's query was not answered", slog.String("query", name), slog.String("error", err.Error()))
	var param *warehouse.ParamError
	switch {
	case errors.As(err, &param):
		return nil, &queryFault{Code: codeBadQuery, Message: param.Reason}
	case warehouse.TooMuch(err), errors.Is(err, context.DeadlineExceeded) && s.warehouseAnswers():
		return nil, &queryFault{Code: codeTooSlow, Message: "it takes longer, or more memory, than a board may; take a shorter range or longer intervals"}
	}
	return nil, away
}

// warehouseAnswers tells a slow query from a warehouse that is away.
func (s *Server) warehouseAnswers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return s.config.Boards.Ping(ctx) == nil
}

// standsFor is how long an answer stands.
func standsFor(params map[string]any, began, now time.Time) time.Duration {
	if to, ranged := params["to_ms"].(int64); ranged && now.UnixMilli()-to > settledAfter.Milliseconds() {
		return settledFor
	}
	return min(max(freshFor, standsTimes*now.Sub(began)), settledFor)
}

// clean replaces what JSON cannot say.
func clean(r *warehouse.Result) {
	if r.Rows == nil {
		r.Rows = [][]any{}
	}
	for _, row := range r.Rows {
		for i, v := range row {
			if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
				row[i] = nil
			}
		}
	}
}

// sizeOf is about how many bytes rows hold.
func sizeOf(rows [][]any) int {
	n := 0
	for _, row := range rows {
		n += 24 + 16*len(row)
		for _, v := range row {
			switch v := v.(type) {
			case string:
				n += len(v)
			case []string:
				for _, text := range v {
					n += 16 + len(text)
				}
			case []int64:
				n += 8 * len(v)
			}
		}
	}
	return n
}
