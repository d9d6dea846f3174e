package mailview

import (
	"strings"
	"testing"
)

func TestNothingInACopyLeadsAnywhere(t *testing.T) {
	got := Unlinked(`<p>Hi</p><A HREF="https://shop.example/u/SIGNED" style="color:#123">Leave</A><form action="https://shop.example/SIGNED"><button formaction='x/SIGNED'>5</button></form><map><area href=x/SIGNED></map><svg><a xlink:href="x/SIGNED">s</a></svg><img src="https://shop.example/tea.jpg" alt="Tea">`)
	if strings.Contains(got, "SIGNED") || !strings.Contains(got, `<a style="color:#123">Leave</A>`) || !strings.Contains(got, `<img src="https://shop.example/tea.jpg" alt="Tea">`) {
		t.Error(got)
	}
	if got := UnlinkedText("Your cart: https://shop.example/c/SIGNED?x=1\nShop: https://shop.example\nHTTPS://mail.shop.example/u/SIGNED."); strings.Contains(got, "SIGNED") ||
		!strings.HasPrefix(got, "Your cart: https://shop.example/…\nShop: https://shop.example\n") {
		t.Error(got)
	}
}
