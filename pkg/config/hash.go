package config

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// machine are the keys that may differ between two processes of an installation that
// decide alike: where a process listens, how it reaches NATS, how many connections it has.
// Paths of files are left out everywhere, too.
var machine = []string{
	"nats.url", "nats.inbox_prefix", "nats.domain", "http.listen", "http.gateway", "http.trusted_proxies", "console.listen", "feedback.listen",
	"templates.dir", "smtp.connections", "smtp.mails_per_connection", "smtp.greeting_timeout",
	"tracing.endpoint", "tracing.share",
}

// Hashes has eight digits of a hash for each part of what a process decides by: the
// sections of the configuration by their keys, and each store as "stores.<id>", with what
// it takes over from them. No secret goes into them, nor what may differ from machine to
// machine. They are the same for the same build and the same words.
func (c *Config) Hashes() map[string]string {
	out := map[string]string{}
	for _, f := range fieldsOf(reflect.ValueOf(c).Elem()) {
		if f.key != "stores" {
			out[f.key] = hashOf(f.key, f.value)
		}
	}
	for id := range c.Stores {
		s := c.Stores[id]
		out["stores."+id] = hashOf("", reflect.ValueOf(&s).Elem())
	}
	return out
}

func hashOf(key string, v reflect.Value) string {
	h := sha256.New()
	write(h, key, v)
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// left reports whether a key is of the machine, not of what is decided.
func left(key string) bool {
	return slices.Contains(machine, key) || strings.HasSuffix(key, "_file") || strings.HasSuffix(key, ".tls")
}

// write writes a value as lines of keys and texts. Secrets say no more than that there is
// one.
func write(w io.Writer, key string, v reflect.Value) {
	if left(key) {
		return
	}
	if s, is := v.Interface().(Section); is {
		_, _ = fmt.Fprintf(w, "%s=%s\n", key, s.said()) // a hash takes everything
		return
	}
	if t, is := v.Interface().(encoding.TextMarshaler); is {
		text, err := t.MarshalText()
		_, _ = fmt.Fprintf(w, "%s=%s %v\n", key, text, err)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range fieldsOf(v) {
			write(w, strings.TrimPrefix(key+"."+f.key, "."), f.value)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			write(w, key+"."+k.String(), v.MapIndex(k))
		}
	case reflect.Slice:
		for i := range v.Len() {
			write(w, fmt.Sprintf("%s[%d]", key, i), v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			write(w, key, v.Elem())
		}
	default:
		if d, is := v.Interface().(time.Duration); is {
			_, _ = fmt.Fprintf(w, "%s=%d\n", key, int64(d))
			return
		}
		_, _ = fmt.Fprintf(w, "%s=%v\n", key, v.Interface())
	}
}

// said is what a section says, whatever it looks like in the file: the keys in order.
func (s Section) said() string {
	text, err := json.Marshal(s.tree()) // its maps are sorted
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// tree is what a section says: what a later layer says instead of an earlier one.
func (s Section) tree() map[string]any {
	all := map[string]any{}
	for _, l := range s.layers {
		var one map[string]any
		if l.Node == nil || yaml.NodeToValue(l.Node, &one) != nil {
			continue // a section without a key
		}
		over(all, one)
	}
	return all
}

// over lays one tree over another, key by key.
func over(under, on map[string]any) {
	for k, v := range on {
		a, deep := under[k].(map[string]any)
		b, both := v.(map[string]any)
		if deep && both {
			a = maps.Clone(a)
			over(a, b)
			under[k] = a
			continue
		}
		under[k] = v
	}
}
