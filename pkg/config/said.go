package config

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"time"
)

// unsaid are the keys that Said leaves out: how servers are reached, who may come in, and
// what signs. None of it decides what a customer gets.
var unsaid = []string{"nats", "redis", "smtp", "tracing", "feedback", "console", "link_keys", "secret", "dkim", "api_keys", "shopify", "woocommerce", "medusa"}

// Said returns the part of the configuration that decides what customers get, as a file
// that Parse reads: with every default, and each store with what it takes over. It has no
// secret, and no address of a server or file but http.public_url.
func (c *Config) Said() ([]byte, error) {
	tree := said(reflect.ValueOf(c).Elem()).(map[string]any)
	tree["http"] = map[string]any{"public_url": c.HTTP.PublicURL}
	tree["templates"] = map[string]any{"source": c.Templates.Source}
	return json.Marshal(tree) // JSON is YAML
}

// said is a value as a file has it; nil: it is left out.
func said(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case Secret, URL:
		return nil
	case Section:
		return x.tree()
	case time.Duration:
		return x.String()
	case encoding.TextMarshaler:
		if text, err := x.MarshalText(); err == nil && len(text) > 0 {
			return string(text)
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Struct:
		return saidFields(v)
	case reflect.Map:
		out := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			if x := said(it.Value()); x != nil {
				out[it.Key().String()] = x
			}
		}
		return out
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = said(v.Index(i))
		}
		return out
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return said(v.Elem())
	case reflect.String:
		return v.String()
	}
	return v.Interface()
}

func saidFields(v reflect.Value) map[string]any {
	out := map[string]any{}
	for _, f := range fieldsOf(v) {
		if slices.Contains(unsaid, f.key) || left(f.key) {
			continue
		}
		if x := said(f.value); x != nil {
			out[f.key] = x
		}
	}
	return out
}
