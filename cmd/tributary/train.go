package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/models/eval"
	"github.com/tributary-cc/tributary/models/local"
)

// trainFlags are the options of training that `train` and `eval --cv` share.
type trainFlags struct {
	data string
	by   eval.Columns
	o    local.Options
}

func (f *trainFlags) bind(cmd *cobra.Command) {
	f.o = local.Default("", "")
	s := cmd.Flags()
	s.StringVar(&f.data, "data", "", "CSV file whose first line names the columns text and label")
	s.StringVar(&f.by.Group, "group", "", "column whose equal values stay together when examples are split, such as a dialogue's id")
	s.StringVar(&f.by.Turn, "turn", "", "column of whole numbers that order the turns of one customer within a group: what stands before a text is then read with it")
	s.StringVar(&f.o.Language, "language", "en", "language of the examples: en or zh")
	s.StringVar(&f.o.OutOfScope, "oos-label", "", "label of texts about nothing the model knows")
	s.IntVar(&f.o.Recall, "oos-recall", f.o.Recall, "share of out-of-scope examples to find in cross-validation, in thousandths")
	s.IntVar(&f.o.Loss, "oos-loss", f.o.Loss, "share of the other examples that finding them may give up, in thousandths")
	s.IntVar(&f.o.Right, "right", f.o.Right, "share of sure answers that must be right in cross-validation, in thousandths")
	s.Float64Var(&f.o.Cost, "cost", f.o.Cost, "cost of an example on the wrong side")
	s.IntVar(&f.o.Least, "least", f.o.Least, "examples a feature must occur in")
	s.Uint64Var(&f.o.Seed, "seed", f.o.Seed, "seed of the order in which examples are visited")
	_ = cmd.MarkFlagRequired("data")
}

func (f *trainFlags) examples() ([]models.Example, error) {
	file, err := os.Open(f.data)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	examples, err := eval.ReadCSV(file, f.by)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.data, err)
	}
	return examples, nil
}

func trainCommand(g *globals) *cobra.Command {
	var f trainFlags
	var out string
	cmd := &cobra.Command{
		Use: "train --data file.csv --out model", Short: "Train an intent model from labelled texts, in the process", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			examples, err := f.examples()
			if err != nil {
				return err
			}
			if f.o.Name == "" {
				f.o.Name = filepath.Base(out)
			}
			f.o.Progress = func(format string, args ...any) { fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...) }
			m, err := trainTo(cmd.Context(), examples, f.o, out)
			if err != nil {
				return err
			}
			return g.print(cmd.OutOrStdout(), m.Info(), func(w io.Writer) {
				fmt.Fprintf(w, "%s version %s: %d labels, %.1f %% right in cross-validation, %d bytes\n", out, m.Version(), len(m.Info().Labels), float64(m.Info().Accuracy)/10, m.Size())
				if after, ok := m.After(); ok {
					fmt.Fprintf(w, "of texts with up to %d turns before them that are read too %.1f %% are right\n", after.Before, float64(after.Accuracy)/10)
				}
			})
		},
	}
	f.bind(cmd)
	s := cmd.Flags()
	s.StringVar(&out, "out", "", "file to write the model to")
	s.StringVar(&f.o.Name, "name", "", "name of the model (default: that of the file)")
	s.StringVar(&f.o.Source, "source", "", "where the examples come from; kept in the model")
	s.StringVar(&f.o.Licence, "licence", "", "licence of the examples; kept in the model")
	s.StringVar(&f.o.Citation, "citation", "", "how to cite the examples; kept in the model")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

// trainTo trains and puts the file in place whole.
func trainTo(ctx context.Context, examples []models.Example, o local.Options, out string) (*local.Model, error) {
	m, err := local.Train(ctx, examples, o)
	if err != nil {
		return nil, err
	}
	file, err := m.Encode()
	if err != nil {
		return nil, err
	}
	part := out + ".part"
	if err := os.WriteFile(part, file, 0o644); err != nil { //nolint:gosec // a model is no secret
		return nil, err
	}
	return m, os.Rename(part, out)
}
