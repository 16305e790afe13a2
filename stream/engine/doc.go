// Package engine runs folds over the log: it turns "at least once, by whoever is alive" into "each event once, in order,
// decided by nobody in particular".
//
// A fold is a pure function of one ordered inbox partition ([Fold]). A [Machine] folds records and nothing else. A [Partition]
// reads the inbox, folds, emits, ticks and checkpoints; a [Host] keeps the partitions of a process going; readers take facts with
// [Follow]. Package checkpoint keeps the states, package poison finds the record that kills, package replay folds once more.
//
// What follows are the rules, each with the test that fails without it. Most tests are schedules: processes over one inbox that
// crash, freeze, lose answers and append late, in a bubble of their own time, the same for the same seed (sim_test.go;
// SEEDS=5000 for a long run). That a real log is like the one they run on is enginetest.Suite, which runs against that one
// (TestTheSuiteHoldsOfTheLogInMemory), the embedded broker, and Apache Kafka (cmd/tributary/clustertest).
//
// # Deciding
//
// One record's changes and outputs apply together or not at all; what a fold refuses, what panics, what cannot be encoded
// and what exceeds the constants goes to dead, and nothing of it stays
// (TestWhatAFoldMustNotDoGoesToDeadAndLeavesNothing). What is refused before anything is changed costs nothing that grows with
// the tables (TestARefusalThatChangedNothingRestoresNothing). Any bytes can be folded (FuzzAnyRecordIsFoldedOrBuried). Tables
// iterate in key order (TestTablesIterateInKeyOrderAndUndo). A row remembers its causes for eight days and refuses what is
// older (TestSeenTellsRepeatsAndRefusesWhatIsTooOld).
//
// # Lanes
//
// The outputs from one inbox partition to one destination partition are a lane, numbered 1, 2, 3 … in each epoch. A reader
// takes exactly the next, or 1 of a later epoch ([Lanes]; TestFollowTakesEachEventOnceAndLeavesControlOut). Lower is dropped;
// a gap is not taken, is told to the log's [GapHearer], and stops the lane until replay.Resend repairs it
// (TestAGapStopsTheLaneUntilItIsSentAgain); where retention took the beginning a lane begins where it is first seen
// (TestAReaderOfATrimmedLogBeginsEachLaneWhereItIsFirstSeen). So whatever the
// rules below should miss is a visible stop and never a silent loss (TestMutantsAreSeenAndNeverSilent: each mutant breaks
// one of them, and is seen by the reader and by a replay).
//
// # Emitting
//
// Per lane in order, the next batch only after the last is acknowledged (mutant "pipelined"). Nobody looks at what a
// destination holds to find where to go on (mutant "globalmax"); what is not known to be acknowledged is sent again and
// dropped by readers. A standby emits when the oldest output is 300 ms late (TestSuspicionComesAndGoes), and whoever emits, each
// output is taken once and in order (TestSchedulesTakeEachOutputOnceAndInOrder). Ownership by the consumer group is
// advice: a partition that no advice names is folded on for 30 s.
//
// # Position
//
// There is one: the newest complete checkpoint. It is published only when all outputs up to it are acknowledged (mutants
// "ckfolded" and "early"; TestACheckpointWaitsForItsOutputs of package checkpoint), also by one who leaves
// (TestALeavingStandbyPublishesNoCheckpointOfItsOwn). Folders take it at the same records, those that a tick names and each
// 50,000th, and write the same bytes (TestOwnerAndStandbyWriteTheSameCheckpoints). What is torn is passed over
// (TestTornCheckpointsArePassedOver); the rest of what is promised of checkpoints is package checkpoint's. Where they stand and
// none is whole the partition stands until an operator decides ([ErrNoCheckpoint]).
//
// # Epochs
//
// Until the next epoch record only the build that it names folds the partition. The old build folds up to the record, has
// everything acknowledged, checkpoints there and stops (TestAnUpgradeHandsOverAtTheEpoch,
// TestTwoBuildsInTurnsKeepEveryLaneWhole); where it is gone the new one folds its last span
// (TestANewBuildFoldsTheLastSpanOfOneThatIsGone). The newest process has it: one that was superseded, or that another build came
// after, begins no epoch of its own accord, and takes a partition back only when records wait and the build in force is
// silent (TestAnOldProcessLeavesPartitionsToTheNewBuild, TestASupersededPartitionLapsesAndYieldsAgain,
// TestAPartitionThatStartsAgainBeginsNoUpgrade). After an unclean end of the broker every folder starts from its checkpoint
// and believes no tick of before, and what was appended since the broker came back belongs to the new epoch although it
// stands before its record: the old numbers may have gone to records that are lost
// (TestAPowerCutLosesNoOutputOfWhatTheInboxStillHolds; [Ends]). A log that ends before its checkpoint,
// or begins behind it, goes on in an epoch whose record says from where, so that all go on from the same place, and with a
// checkpoint of its own (TestALogThatEndsBeforeItsCheckpointGoesOnInANewEpoch,
// TestALogThatBeginsBehindItsCheckpointGoesOnInANewEpoch). What was appended between the cut and that record's writer looking
// at the log cannot be told from what was folded, and is not folded.
//
// # Time
//
// Time moves by ticks alone, by at most 5 s each, and only by ticks whose writer had folded to the end: neither outage
// (TestAnOutageRunsNoDeadlineOut) nor backlog (TestABacklogRunsNoDeadlineOut) nor a wrong clock
// (TestWrongClocksMoveServedTimeAsRightOnesDo) runs a deadline out. A step is measured between two ticks of one writer, so
// that clocks are never compared. A deadline counts from the first tick behind the record that set it, as nobody knows how long
// before it the last one was (TestADeadlineCountsFromTheTickBehindItsRecord). A record fires at most 1,000 timers
// (TestARecordFiresAThousandTimersInOrderAndTheNextOneTheRest).
//
// # Trouble
//
// A standby whose hash of the outputs differs from the owner's stands down and dumps the span
// (TestAStandbyThatDecidesOtherwiseStandsDownAndDumps), and so does an owner that starts again and refutes its own word
// (TestAnOwnerThatRefutesItselfStandsStill). A log that cannot be made durable ends the process
// (TestALogThatCannotBeMadeDurableEndsTheHost); a store that is away does not. A record that the
// process dies of again and again stops its partition, alone and loudly, until replay.Skip begins an epoch without it
// (TestARecordThatKillsStandsAfterFourDeathsAndIsSkipped, TestARecordThatKillsStopsItsPartitionAlone); kills from outside
// accuse nobody (TestKillsFromOutsideAccuseNobody). One who is
// asked to leave leaves nothing to do (TestShutdownLeavesNothingToDo), or says what (TestWhatIsLeftUnfinishedIsReported).
//
// # What it does not promise
//
// Order between lanes. That a destination holds an event once: readers drop repeats. That a timer fires to the
// millisecond: it fires with a tick, at most 200 ms late while the system is well. Anything about what a fold that reads
// a clock, a map's order or a file will do.
package engine
