package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/models/enrich"
	"github.com/tributary-cc/tributary/models/eval"
	"github.com/tributary-cc/tributary/models/local"
)

func evalCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "eval", Short: "Measure models on labelled data"}
	cmd.AddCommand(evalIntentsCommand(g))
	return cmd
}

// timedAnswers is how many answers the times are of, at least.
const timedAnswers = 20_000

func evalIntentsCommand(g *globals) *cobra.Command {
	var f trainFlags
	var model string
	var folds int
	var labels bool
	cmd := &cobra.Command{
		Use:   "intents --data file.csv (--model name-or-file | --cv folds)",
		Short: "Measure an intent model: accuracy, out of scope, calibration, speed; or train and measure by cross-validation",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (model == "") == (folds == 0) {
				return fmt.Errorf("give --model or --cv: %w", errUsage)
			}
			examples, err := f.examples()
			if err != nil {
				return err
			}
			var r intentsReport
			if folds > 0 {
				f.o.Name = "cross-validation"
				r, err = crossValidate(cmd.Context(), examples, f.o, folds, cmd.ErrOrStderr())
			} else {
				r, err = evalModel(cmd.Context(), g, model, examples, f.o.OutOfScope)
			}
			if err != nil {
				return err
			}
			if !labels {
				r.Labels = nil
			}
			for _, w := range r.Warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+oneLine(w))
			}
			return g.print(cmd.OutOrStdout(), r, r.write)
		},
	}
	f.bind(cmd)
	cmd.Flags().StringVar(&model, "model", "", fmt.Sprintf("file of a model, or one of %v; with +openai the configured server is asked where it is unsure; openai asks it alone", local.Names()))
	cmd.Flags().IntVar(&folds, "cv", 0, "folds to train and measure by, instead of a model")
	cmd.Flags().BoolVar(&labels, "labels", false, "show each label's precision and recall")
	return cmd
}

// intentsReport is what was measured, with the model's sizes.
type intentsReport struct {
	eval.Report
	FileBytes   int `json:"file_bytes"`
	MemoryBytes int `json:"memory_bytes"`
	// TrainedOn is nil where it is not known, UnknownLabels where there are none.
	TrainedOn     *trainedOn     `json:"trained_on,omitempty"`
	UnknownLabels *unknownLabels `json:"unknown_labels,omitempty"`
	// Warnings say why the numbers mean less than they seem to.
	Warnings []string `json:"warnings,omitempty"`
}

// loadModel finds a model by the name of one in the binary, or by its file.
func loadModel(nameOrFile string) (*local.Model, error) {
	if slices.Contains(local.Names(), nameOrFile) {
		return local.Embedded(nameOrFile)
	}
	info, err := os.Stat(nameOrFile)
	if err != nil {
		return nil, fmt.Errorf("model %q is neither one of %v nor a file: %w", nameOrFile, local.Names(), err)
	}
	if info.Size() > local.MaxFile {
		return nil, fmt.Errorf("model %s has %d bytes, more than %d", nameOrFile, info.Size(), local.MaxFile)
	}
	b, err := os.ReadFile(nameOrFile) //nolint:gosec // the file that was named
	if err != nil {
		return nil, err
	}
	m, err := local.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", nameOrFile, err)
	}
	return m, nil
}

func evalModel(ctx context.Context, g *globals, model string, examples []models.Example, outOfScope string) (intentsReport, error) {
	if model == serverAlone {
		return evalServer(ctx, g, examples, outOfScope)
	}
	name, asks := enrich.Split(model)
	m, err := loadModel(name)
	if err != nil {
		return intentsReport{}, err
	}
	if outOfScope == "" {
		outOfScope = m.Info().OutOfScope
	}
	r := intentsReport{FileBytes: m.Size(), MemoryBytes: m.Memory()}
	r.doubt(m, examples, outOfScope)
	if !asks {
		r.Report, err = eval.Measure(ctx, m, examples, outOfScope, time.Now, timedAnswers)
		return r, err
	}
	then, err := askServer(g, m.Info().Labels)
	if err != nil {
		return intentsReport{}, err
	}
	r.Report, err = eval.Measure(ctx, models.Cascade{m, then}, examples, outOfScope, time.Now, 0)
	r.Model, r.Version = model, m.Version()
	return r, err
}

// serverAlone asks the configured server without a model before it.
const serverAlone = "openai"

// evalServer measures the server on the labels of the examples. Each is asked once: questions cost money.
func evalServer(ctx context.Context, g *globals, examples []models.Example, outOfScope string) (intentsReport, error) {
	set := make(map[string]bool)
	for _, e := range examples {
		if e.Label != outOfScope {
			set[e.Label] = true
		}
	}
	c, err := askServer(g, slices.Collect(maps.Keys(set)))
	if err != nil {
		return intentsReport{}, err
	}
	r, err := eval.Measure(ctx, c, examples, outOfScope, time.Now, 0)
	return intentsReport{Report: r}, err
}

var errNoServer = errors.New("no model server is configured: name it in the file of --config, under models.openai")

// askServer asks the server of the configuration for one of a set.
func askServer(g *globals, set []string) (models.Classifier, error) {
	c, err := g.read()
	if err != nil {
		return nil, err
	}
	client, err := c.Models.Client()
	if err != nil {
		return nil, err
	}
	if client == nil {
		return nil, errNoServer
	}
	return client.Intents(set)
}

func crossValidate(ctx context.Context, examples []models.Example, o local.Options, folds int, progress io.Writer) (intentsReport, error) {
	if folds < 2 || folds > 20 {
		return intentsReport{}, errors.New("--cv takes 2 to 20 folds")
	}
	var size, memory int
	r, err := eval.CrossValidate(ctx, examples, folds, local.Fold, func(ctx context.Context, in []models.Example) (models.Classifier, error) {
		m, err := local.Train(ctx, in, o)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(progress, "trained on %d examples: %.1f %% in its own cross-validation", len(in), float64(m.Info().Accuracy)/10)
		if after, ok := m.After(); ok {
			fmt.Fprintf(progress, ", %.1f %% where turns stand before the text", float64(after.Accuracy)/10)
		}
		fmt.Fprintln(progress)
		size, memory = m.Size(), m.Memory()
		return m, nil
	}, o.OutOfScope, time.Now)
	return intentsReport{Report: r, FileBytes: size, MemoryBytes: memory}, err
}

func (r intentsReport) write(w io.Writer) {
	fmt.Fprintf(w, "model      %s %s (%s), file %.2f MB, in memory %.2f MB\n", r.Model, r.Version, r.Language, float64(r.FileBytes)/1e6, float64(r.MemoryBytes)/1e6)
	fmt.Fprintf(w, "in scope   accuracy %.2f %%, first guess %.2f %%, macro F1 %.3f (%d examples in all)\n", 100*r.Accuracy, 100*r.GuessAccuracy, r.MacroF1, r.Examples)
	if o := r.OutOfScope; o != nil {
		fmt.Fprintf(w, "out        recall %.2f %%, precision %.2f %% (%d examples)\n", 100*o.Recall, 100*o.Precision, o.Examples)
	}
	fmt.Fprintf(w, "sure       %.2f %% of answers, %.2f %% of them right\n", 100*r.Coverage, 100*r.CoveredAccuracy)
	fmt.Fprintf(w, "confidence ECE %.4f, Brier %.4f\n", r.ECE, r.Brier)
	for _, b := range r.Reliability {
		if b.Count > 0 {
			fmt.Fprintf(w, "           %.1f–%.1f  %6d answers, confidence %.3f, right %.3f\n", b.From, b.To, b.Count, b.Confidence, b.Right)
		}
	}
	fmt.Fprintf(w, "speed      p50 %.1f µs, p99 %.1f µs, %.0f turns a second on one core (%d answers)\n", r.Speed.P50Micros, r.Speed.P99Micros, r.Speed.TurnsPerSecond, r.Speed.Answers)
	if len(r.Folds) > 0 {
		fmt.Fprintf(w, "folds      accuracy")
		for _, a := range r.Folds {
			fmt.Fprintf(w, " %.2f", 100*a)
		}
		fmt.Fprintln(w)
	}
	for _, l := range r.Labels {
		fmt.Fprintf(w, "%-50s %5d  precision %.3f  recall %.3f  F1 %.3f\n", l.Label, l.Examples, l.Precision, l.Recall, l.F1)
	}
}
