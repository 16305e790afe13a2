package process

import (
	"github.com/tributary-cc/tributary/dashboards/api"
	"github.com/tributary-cc/tributary/models/local"
)

// intentNames are what people call the intents of the models in the binary; those of models from elsewhere are shown as they are.
func intentNames(string) []api.Intent {
	labels := local.CalledLabels()
	out := make([]api.Intent, 0, len(labels))
	for _, label := range labels {
		out = append(out, api.Intent{ID: label, Names: local.Called(label)})
	}
	return out
}
