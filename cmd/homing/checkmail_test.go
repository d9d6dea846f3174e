package main

import (
	"strings"
	"testing"

	"homing/pkg/config"
)

func TestAReturnPathOfAnotherDomainIsWarnedAbout(t *testing.T) {
	for form, want := range map[string]bool{
		"": false, "b+*@shop.example": false, "*@bounces.shop.example": false, "*@shop.bounces.example": true, "*@other.example": true,
		"*@example": true,
	} {
		c := config.Example()
		s := c.Stores["main"]
		s.From, s.SMTP.ReturnPath = "Shop <hello@Mail.shop.example>", form
		c.Stores["main"] = s
		got := checkReturnPaths(&c)
		if (len(got) > 0) != want || want && (got[0].Level != "warning" || !strings.Contains(got[0].Text, "SPF")) {
			t.Errorf("%q: %+v", form, got)
		}
	}
}
