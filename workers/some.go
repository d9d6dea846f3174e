package workers

import (
	"fmt"
	"strings"
)

// Some names products in the detail of a fact, five at most.
func Some(ids []string) string {
	const listed = 5
	if more := len(ids) - listed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:listed], ", "), more)
	}
	return strings.Join(ids, ", ")
}

// LeftOut says in such a detail why products are not shown.
func LeftOut(ids []string) string {
	return "; left out, because the shop says that it cannot be bought: " + Some(ids)
}
