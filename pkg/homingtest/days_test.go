//go:build !race

package homingtest_test

// month is how many days the customer of TestACustomerLivesAMonth lives.
const month = 30
