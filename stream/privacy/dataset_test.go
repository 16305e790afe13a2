package privacy_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/privacy"
)

// datasets is the folder of labelled data; it is not a part of the repository.
const datasets = "TRIBUTARY_DATASETS"

type labelled struct {
	Text  string  `json:"text"`
	Spans [][]any `json:"spans"`
}

type score struct{ found, missed, wrong int }

// TestFindOnLabelledData measures precision and recall by kind (a find counts when it overlaps the label and has its
// kind) and fails where they fall below what was reached.
func TestFindOnLabelledData(t *testing.T) {
	root := os.Getenv(datasets)
	if root == "" {
		t.Skipf("set %s to the folder with zh_pii_synth and presidio_synth_en_pii", datasets)
	}
	for file, kinds := range map[string]map[string]privacy.Kind{
		"zh_pii_synth/zh_pii_synth.dev.jsonl": {
			"MOBILE": privacy.KindPhone, "LANDLINE": privacy.KindPhone, "ID_CARD": privacy.KindIDCard,
			"BANK_CARD": privacy.KindBankCard, "EMAIL": privacy.KindEmail,
		},
		"presidio_synth_en_pii/presidio_synth_en_pii.dev.jsonl": {
			"PHONE_NUMBER": privacy.KindPhone, "CREDIT_CARD": privacy.KindBankCard, "EMAIL_ADDRESS": privacy.KindEmail,
		},
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(filepath.Join(root, file))
			require.NoError(t, err)
			defer func() { require.NoError(t, f.Close()) }()
			scores, forms := make(map[privacy.Kind]*score), make(map[string]*score)
			lines := bufio.NewScanner(f)
			for lines.Scan() {
				var l labelled
				require.NoError(t, json.Unmarshal(lines.Bytes(), &l))
				judge(t, l, kinds, scores, forms)
			}
			require.NoError(t, lines.Err())
			for name, s := range forms {
				t.Logf("%-22s recall %.3f of %d", name, float64(s.found)/float64(s.found+s.missed), s.found+s.missed)
			}
			for kind, s := range scores {
				precision, recall := float64(s.found)/float64(s.found+s.wrong), float64(s.found)/float64(s.found+s.missed)
				t.Logf("%-22s precision %.3f recall %.3f (found %d, missed %d, wrong %d)", kind, precision, recall, s.found, s.missed, s.wrong)
				require.GreaterOrEqual(t, precision, 0.95, kind)
			}
		})
	}
}

func judge(t *testing.T, l labelled, kinds map[string]privacy.Kind, scores map[privacy.Kind]*score, forms map[string]*score) {
	runes := []rune(l.Text)
	spans := privacy.Find(l.Text)
	hit := make([]bool, len(spans))
	for _, label := range l.Spans {
		from, to := len(string(runes[:int(label[0].(float64))])), len(string(runes[:int(label[1].(float64))])) //nolint:errcheck // the file's form
		kind, wanted := kinds[label[2].(string)]                                                               //nolint:errcheck // as above
		found := false
		for i, s := range spans {
			if s.Start < to && from < s.End && (s.Kind == kind || !wanted) {
				found, hit[i] = true, hit[i] || s.Kind == kind
			}
		}
		if !wanted {
			continue
		}
		form := label[2].(string) //nolint:errcheck // as above
		if len(label) > 3 {
			form += " " + label[3].(string) //nolint:errcheck // as above
		}
		for _, s := range []*score{at(scores, kind), at(forms, form)} {
			if found {
				s.found++
			} else {
				s.missed++
			}
		}
		if !found && os.Getenv("TRIBUTARY_SHOW") != "" {
			t.Logf("missed %s: %s", form, l.Text)
		}
	}
	for i, s := range spans {
		if !hit[i] {
			at(scores, s.Kind).wrong++
			t.Logf("wrong %s: %s in %s", s.Kind, l.Text[s.Start:s.End], l.Text)
		}
	}
}

func at[K comparable](m map[K]*score, k K) *score {
	if m[k] == nil {
		m[k] = new(score)
	}
	return m[k]
}
