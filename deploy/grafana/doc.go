// Package deploy holds no code: its test checks the files beside it against the structures that Grafana documents.
package deploy
