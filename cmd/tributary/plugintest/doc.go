// Package plugintest tries the back end of Grafana's data source as Grafana does: the built program is started as a child process, spoken to
// over gRPC by the SDK's own client, and asks a real Tributary on the embedded engines. It holds tests only.
package plugintest
