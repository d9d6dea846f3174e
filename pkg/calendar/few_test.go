//go:build !million

package calendar_test

const many = 20_000
