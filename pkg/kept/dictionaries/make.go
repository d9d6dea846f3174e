//go:build ignore

// Make writes a dictionary: each piece once that the emails that come with Homing consist
// of, in all of their languages. What comes last is found with the least effort.
package main

import (
	"fmt"
	"os"
	"strings"

	"homing/pkg/render"
	"homing/templates"
)

func main() {
	set, err := render.Load(templates.Files)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	seen := map[string]bool{}
	for _, lang := range []string{"fr", "es", "de", "en"} {
		for _, name := range set.Names() {
			mail, err := set.Render(name, set.Samples(name)[0].Data.In(lang))
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			for piece := range strings.SplitAfterSeq(mail.Subject+mail.Preheader+mail.HTML+mail.Text, ">") {
				if !seen[piece] {
					seen[piece] = true
					fmt.Print(piece)
				}
			}
		}
	}
}
