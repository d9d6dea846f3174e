// Command generate writes what pkg/mailprogram uses of caniemail's data:
//
//	generate caniemail.json data.txt
//
// caniemail.json is https://www.caniemail.com/api/data.json, as npm's package caniemail has it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"

	"homing/pkg/mailprogram"
)

type document struct {
	Updated string    `json:"last_update_date"`
	Data    []feature `json:"data"`
}

type feature struct {
	Slug     string                                `json:"slug"`
	Title    string                                `json:"title"`
	Category string                                `json:"category"`
	Keywords string                                `json:"keywords"`
	Stats    map[string]map[string]json.RawMessage `json:"stats"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("mailprogram: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: generate caniemail.json data.txt")
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func generate(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		return err
	}
	date, _, _ := strings.Cut(doc.Updated, " ")
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What mail programs support, from caniemail.com (MIT licence, © Rémi Parmentier and its\n"+
		"# contributors), written by make caniemail. Of each program the newest test: y supports it,\n"+
		"# a partly, n drops it, u unknown.\n# slug|title|how it is recognised|%s\n", strings.Join(mailprogram.Platforms(), " "))
	fmt.Fprintf(&b, "date %s\n", date)
	slices.SortFunc(doc.Data, func(a, b feature) int { return strings.Compare(a.Slug, b.Slug) })
	for _, f := range doc.Data {
		marks := f.marks()
		if len(marks) == 0 {
			continue
		}
		support, anybody, err := f.support()
		if err != nil {
			return fmt.Errorf("%s: %w", f.Slug, err)
		}
		if anybody {
			fmt.Fprintf(&b, "%s|%s|%s|%s\n", f.Slug, f.Title, strings.Join(marks, " "), support)
		}
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}

// support is a letter for each program, and whether any of them lacks something.
func (f *feature) support() (string, bool, error) {
	var b strings.Builder
	lacks := false
	for _, p := range mailprogram.Platforms() {
		family, platform, _ := strings.Cut(p, "/")
		letter, err := newest(f.Stats[family][platform])
		if err != nil {
			return "", false, fmt.Errorf("%s: %w", p, err)
		}
		lacks = lacks || letter == 'n' || letter == 'a'
		b.WriteByte(letter)
	}
	return b.String(), lacks, nil
}

// newest is the letter of the last version of an object such as {"2021-10": "a #1", "2023-12": "y"}.
func newest(raw json.RawMessage) (byte, error) {
	letter := byte('u')
	if len(raw) == 0 {
		return letter, nil
	}
	d := json.NewDecoder(bufio.NewReader(bytes.NewReader(raw)))
	if _, err := d.Token(); err != nil {
		return 0, err
	}
	for d.More() {
		if _, err := d.Token(); err != nil { // the version
			return 0, err
		}
		var said string
		if err := d.Decode(&said); err != nil {
			return 0, err
		}
		if said = strings.TrimSpace(said); said != "" && said[0] != 'u' {
			letter = said[0]
		}
	}
	return letter, nil
}
