//go:build !race

package homingtest_test

// weeks is how many days the customer of TestACustomerLivesThreeWeeks lives: until after
// the second milestone, the tenth order of those that are thanked for.
const weeks = 18
