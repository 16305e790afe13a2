// Package checkpoint keeps the states of folded partitions in an object store: the newest one that is whole is where a
// partition goes on, and the only place that says so.
//
// A checkpoint is a manifest, written last, and the segments that it names: a base with all rows in key order, and deltas.
// Objects are immutable and named by processor, partition, epoch and offset, so that those who take the same state write the
// same bytes; who comes second builds on what stands (TestTheSecondWriterOfACheckpointBuildsOnTheFirst). What is torn is passed
// over (FuzzDecodeRows); a store that fails, or another process that collects, makes nothing torn
// (TestAStoreThatFailsMakesNoCheckpointTorn, TestACheckpointCollectedWhileItIsReadIsNotTorn), and where checkpoints stand and none
// is whole there is no state ([ErrNone], TestWhereNoCheckpointIsWholeThereIsNoState). A [Saver] publishes a capture only when the
// outputs up to it are acknowledged (TestACheckpointWaitsForItsOutputs), and heaps up none while the store is away
// (TestCapturesThatCannotBeWrittenAreMerged).
//
// What a state is and when it is taken is the engine's. That two who write one name took the same state is so too.
package checkpoint
