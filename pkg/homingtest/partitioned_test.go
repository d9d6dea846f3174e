package homingtest_test

import (
	"testing"

	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// Some stories are told of an installation with two partitions as well; `make partitions`
// tells all of them.
func TestStoriesOfTwoPartitions(t *testing.T) {
	lengthy.Always(t)
	if homingtest.Partitions() > 1 {
		t.Skip("all are told of several")
	}
	t.Setenv(homingtest.PartitionsVariable, "2")
	for name, story := range map[string]func(*testing.T){
		"the caps":            TestTheFrequencyCapHolds,
		"lost consumers":      TestConsumersThatAreDeletedAreMadeAgain,
		"a lost timeline":     TestARecreatedTimelineIsFoldedFromTheStart,
		"why":                 TestWhyTellsTheStoryOfACustomer,
		"an export":           TestExportGivesEverythingThereIs,
		"a replan":            TestReplanPlansWhatAWorkerMissed,
		"customers stay away": TestCustomersWhoStayAway,
	} {
		t.Run(name, story)
	}
}
