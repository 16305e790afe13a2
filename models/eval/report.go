package eval

// Report is what was measured of one classifier. Shares are from 0 to 1.
type Report struct {
	Model    string `json:"model"`
	Version  string `json:"version"`
	Language string `json:"language"`
	Examples int    `json:"examples"`
	// Accuracy is the share of examples in scope whose intent was named; one taken for out of scope is wrong.
	Accuracy float64 `json:"accuracy"`
	// GuessAccuracy is the share of examples in scope whose intent was the first guess, whatever was said of scope.
	GuessAccuracy float64 `json:"guess_accuracy"`
	// MacroF1 is the mean over the labels in scope of the harmonic mean of precision and recall.
	MacroF1 float64 `json:"macro_f1"`
	// OutOfScope is nil where no example is out of scope.
	OutOfScope *OutOfScope `json:"out_of_scope,omitempty"`
	// Coverage is the share of all answers that were not unsure; CoveredAccuracy is the share of those that were right, out of scope included.
	Coverage        float64 `json:"coverage"`
	CoveredAccuracy float64 `json:"covered_accuracy"`
	// ECE is the expected calibration error: over ten bins of confidence, the mean distance of confidence and share right, weighed by answers.
	ECE float64 `json:"ece"`
	// Brier is the mean square of the distance between confidence and being right (1) or wrong (0).
	Brier       float64 `json:"brier"`
	Reliability []Bin   `json:"reliability"`
	Labels      []Label `json:"labels,omitempty"`
	Speed       Speed   `json:"speed"`
	// Folds are the accuracies of each fold where the numbers are of a cross-validation.
	Folds []float64 `json:"folds,omitempty"`
}

// OutOfScope is how well texts about nothing the model knows are told from others.
type OutOfScope struct {
	Examples int `json:"examples"`
	// Recall is the share of examples out of scope that were taken for it; Precision the share right of all answers that said so.
	Recall    float64 `json:"recall"`
	Precision float64 `json:"precision"`
}

// Bin are the answers whose confidence is from From to below To: how many, their mean confidence, and the share that was right.
type Bin struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	Count      int     `json:"count"`
	Confidence float64 `json:"confidence"`
	Right      float64 `json:"right"`
}

// Label is one label's part.
type Label struct {
	Label     string  `json:"label"`
	Examples  int     `json:"examples"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Speed is the time of answers given one after the other by one goroutine, the clock's reading included.
type Speed struct {
	Answers        int     `json:"answers"`
	P50Micros      float64 `json:"p50_us"`
	P99Micros      float64 `json:"p99_us"`
	TurnsPerSecond float64 `json:"turns_per_second"`
}
