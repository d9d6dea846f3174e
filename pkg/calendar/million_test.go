//go:build million

package calendar_test

const many = 1_000_000
