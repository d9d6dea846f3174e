package events

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestTheTypesOfTypeScriptAreUpToDate holds js/types.d.ts to the schemas. With -update it
// writes it.
func TestTheTypesOfTypeScriptAreUpToDate(t *testing.T) {
	generated(t, "js/types.d.ts", []byte(typeScript(t)))
}

// jsonSchema is what TypeScript can say of a schema.
type jsonSchema struct {
	Ref         string       `json:"$ref"`
	Description string       `json:"description"`
	Type        string       `json:"type"`
	Enum        []any        `json:"enum"`
	Const       any          `json:"const"`
	Items       *jsonSchema  `json:"items"`
	AllOf       []jsonSchema `json:"allOf"`
	AnyOf       []jsonSchema `json:"anyOf"`
	Required    []string     `json:"required"`
	MaxLength   int          `json:"maxLength"`
	Examples    []any        `json:"examples"`
	Properties  orderedTypes `json:"properties"`
	Additional  *jsonSchema  `json:"additionalProperties"`
	Defs        orderedTypes `json:"$defs"`
}

// orderedTypes are schemas by name, in the sequence of the file.
type orderedTypes []namedType

type namedType struct {
	name string
	jsonSchema
}

func (o *orderedTypes) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		x := namedType{name: name.(string)}
		if err := d.Decode(&x.jsonSchema); err != nil {
			return err
		}
		*o = append(*o, x)
	}
	return nil
}

func typeScript(t *testing.T) string {
	var b strings.Builder
	b.WriteString("// What storefronts may publish. Made from the schemas in ../schemas/v1 by `make generate`.\n")
	for _, d := range readSchema(t, "common").Defs {
		if d.name == "touch" {
			continue // of facts
		}
		body := d.text("", false)
		if len(d.AnyOf) > 0 { // one of several fields is required
			var with []string
			for _, one := range d.AnyOf {
				with = append(with, "Required<Pick<"+body+", \""+strings.Join(one.Required, `" | "`)+"\">>")
			}
			body += " & (" + strings.Join(with, " | ") + ")"
		}
		fmt.Fprintf(&b, "\n%sexport type %s = %s;\n", comment("", d.Description), typeName(d.name), body)
	}
	var all strings.Builder
	for _, r := range rows {
		if !r.Type.Known() {
			continue
		}
		s := readSchema(t, string(r.Type))
		name := strings.ToUpper(camel(r.Type)[:1]) + camel(r.Type)[1:]
		fmt.Fprintf(&b, "\n%sexport type %s = %s;\n", comment("", s.Description), name, s.text("", false))
		fmt.Fprintf(&all, "  %q: %s;\n", r.Type, name)
	}
	fmt.Fprintf(&b, "\n/** The data of each type of event. */\nexport interface EventData {\n%s}\n\nexport type EventType = keyof EventData;\n", all.String())
	return b.String()
}

func readSchema(t *testing.T, name string) (s jsonSchema) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, "schemas/v1/"+name+".json"), &s); err != nil {
		t.Fatal(name, err)
	}
	return s
}

// text is the type of a schema, as it is written at an indentation.
func (s *jsonSchema) text(indent string, nested bool) string {
	switch {
	case s.Ref != "":
		return typeName(s.Ref[strings.LastIndex(s.Ref, "/")+1:])
	case len(s.AllOf) == 1:
		return s.AllOf[0].text(indent, nested)
	case s.Const != nil:
		return literal(s.Const)
	case len(s.Enum) > 40: // currencies: TypeScript would list them in every error
		return "string"
	case len(s.Enum) > 0:
		var all []string
		for _, x := range s.Enum {
			all = append(all, literal(x))
		}
		return strings.Join(all, " | ")
	case s.Type == "array":
		return s.Items.text(indent, true) + "[]"
	case s.Type == "object" && s.Additional != nil:
		return "Record<string, " + s.Additional.text(indent, true) + ">"
	case s.Type == "object":
		return s.object(indent)
	case s.Type == "integer" || s.Type == "number":
		return "number"
	}
	return s.Type
}

func (s *jsonSchema) object(indent string) string {
	var b strings.Builder
	b.WriteString("{\n")
	for _, p := range s.Properties {
		optional := "?"
		if slices.Contains(s.Required, p.name) {
			optional = ""
		}
		fmt.Fprintf(&b, "%s%s  %s%s: %s;\n", comment(indent+"  ", p.Description), indent, p.name, optional, p.text(indent+"  ", true))
	}
	return b.String() + indent + "}"
}

func literal(x any) string {
	b, err := json.Marshal(x)
	if err != nil {
		return "unknown"
	}
	return string(b)
}

func comment(indent, text string) string {
	if text == "" {
		return ""
	}
	return indent + "/** " + strings.ReplaceAll(text, "*/", "* /") + " */\n"
}

// typeName is the name of a shape: order_change is OrderChange. What is a customer's has a
// name that no type of event has.
func typeName(name string) string {
	var b strings.Builder
	name = strings.TrimPrefix(name, "customer_")
	for part := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
