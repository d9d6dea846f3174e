package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/problem"
)

// Validate checks every value, and that there is a store. It joins all
// problems, each a *problem.Problem that names the key and what to do. It reads
// the DKIM keys, and touches nothing else outside.
func (c *Config) Validate() error { return c.validate(true) }

func (c *Config) validate(needStore bool) error {
	var l problem.List
	top := fieldsOf(reflect.ValueOf(c).Elem())
	for _, f := range top {
		validate(&l, f.key, f.value)
	}
	if c.Console.URL != "" && !c.Templates.Bucket() {
		l.Add("console.url", "is set, and the console publishes templates, which processes look at only with templates.source: %s", SourceBucket)
	}
	if c.RetainMails < 0 || c.RetainMails > 0 && c.RetainMails < time.Hour {
		l.Add("retain_mails", "%s is less than an hour; 0s means that no copies are kept", localtime.FormatDuration(c.RetainMails))
	}
	if needStore && len(c.Stores) == 0 {
		l.Add("stores", "no store is configured; add at least one")
	}
	ids := slices.Sorted(maps.Keys(c.Stores))
	c.checkKeys(&l, ids)
	c.checkDoors(&l, ids)
	for _, id := range ids {
		s := c.Stores[id]
		at := join("stores", id)
		if err := problem.Under(at, s.Validate()); err != nil {
			l = append(l, err)
		}
		for _, f := range fieldsOf(reflect.ValueOf(&s).Elem()) {
			i := slices.IndexFunc(top, func(g field) bool { return g.key == f.key })
			if f.key == "workers" || i >= 0 && reflect.DeepEqual(top[i].value.Interface(), f.value.Interface()) {
				continue // only inherited, and checked above
			}
			validate(&l, join(at, f.key), f.value)
		}
	}
	return l.Err()
}

// validate asks a setting, and the settings in it, what is wrong with them.
func validate(l *problem.List, key string, v reflect.Value) {
	if c, ok := v.Interface().(interface{ Validate() error }); ok {
		if err := problem.Under(key, c.Validate()); err != nil {
			*l = append(*l, err)
		}
	}
	if v.Kind() == reflect.Struct {
		for _, f := range fieldsOf(v) {
			validate(l, join(key, f.key), f.value)
		}
	}
}

func require(l *problem.List, key, value, what string) {
	if strings.TrimSpace(value) == "" {
		l.Add(key, "is empty; %s", what)
	}
}
