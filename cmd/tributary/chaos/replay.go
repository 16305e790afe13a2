package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"

	"github.com/tributary-cc/tributary/stream/engine/replay"
)

// replay has the binary that folded fold everything once more, from the first record and from a checkpoint.
func (r *runner) replay(ctx context.Context) error {
	for _, from := range []struct {
		name string
		args []string
	}{{"from offset 0", nil}, {"from the oldest checkpoint", []string{"--checkpoint"}}} {
		cmd := exec.CommandContext(ctx, r.o.Binary, append([]string{"replay", "--json", "--data", r.data()}, from.args...)...) //nolint:gosec // our own binary
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		failed := cmd.Run()
		var reports []replay.Report
		if err := json.Unmarshal(out.Bytes(), &reports); err != nil {
			return fmt.Errorf("replay %s: %w: %s", from.name, failed, errs.String())
		}
		var faults []string
		var records, equal, checkpoints int64
		for _, p := range reports {
			records, equal, checkpoints = records+p.Records, equal+p.Equal, checkpoints+int64(p.Checkpoints)
			if p.Differences > 0 {
				faults = append(faults, fmt.Sprintf("%s/%d: %d differences, the first %s", p.Processor, p.Partition, p.Differences, p.First))
			}
			if p.Foreign > 0 {
				faults = append(faults, fmt.Sprintf("%s/%d: %d outputs of another build, though there was one build alone", p.Processor, p.Partition, p.Foreign))
			}
		}
		if equal == 0 {
			faults = append(faults, "no output was compared")
		}
		r.report.check("replay "+from.name+", byte for byte", fmt.Sprintf("%d records, %d outputs equal, %d checkpoints equal", records, equal, checkpoints), faults)
	}
	return nil
}
