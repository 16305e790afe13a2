// Package replay folds partitions once more: to compare ([Compare]), to send again what a lane misses ([Resend]), and to begin
// an epoch that leaves a record out ([Skip]).
//
// Compare holds every output against the log, and the state and the hash of all records read against the checkpoints on its way:
// byte for byte in this build's epochs, from the first record or a checkpoint. What another build decided is reported as a
// difference. Its tests are the engine's schedules: one flipped bit makes it fail (TestReplayFindsOneFlippedBitAnywhere), a lost
// output (TestReplayFindsWhatIsLost), a changed rule (TestReplayFindsAChangedRuleAndSaysWhere), each mutant
// (TestMutantsAreSeenAndNeverSilent).
//
// It does not stop who folds: the end that a partition has when it begins is where it ends.
package replay
