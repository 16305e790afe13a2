package chaos

import (
	"context"
	"fmt"

	"github.com/tributary-cc/tributary/cmd/tributary/bench/naive"
)

// beside runs a naive consumer beside the product: its process gets the same blows at the same instants.
type beside struct {
	trial  *naive.Trial
	victim *Victim
}

// besideIt starts the naive consumer as a child process, by the command that the binary has for it.
func besideIt(ctx context.Context, binary, dir, log string) (*beside, error) {
	t, err := naive.Begin(ctx, dir)
	if err != nil {
		return nil, err
	}
	b := &beside{t, &Victim{Name: "the naive consumer", Binary: binary, Log: log, Args: []string{"chaos", "naive", "--broker", t.Broker()}}}
	return b, b.victim.Start()
}

// verdict lets it finish and tells what it lost and doubled.
func (b *beside) verdict(ctx context.Context, report *Report) error {
	defer b.victim.Stop() //nolint:errcheck // it showed what it had to
	v, err := b.trial.End(ctx)
	if err != nil {
		return fmt.Errorf("the naive consumer: %w", err)
	}
	report.Naive = &v
	if report.Kills < 3 && v.Lost+v.Doubled == 0 {
		report.skip("the same blows break a naive consumer", fmt.Sprintf("%d kills are too few to say", report.Kills))
		return nil
	}
	c := Check{
		Name: "the same blows break a naive consumer", OK: v.Lost+v.Doubled > 0,
		Detail: fmt.Sprintf("of %d acknowledged messages it lost %d and doubled %d; %d customers miscounted", v.Acknowledged, v.Lost, v.Doubled, v.Miscounted),
	}
	report.Checks = append(report.Checks, c)
	return nil
}
