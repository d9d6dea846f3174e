package config

import (
	"cmp"
	"maps"
	"slices"
)

// A File is one that has a secret in it, and the key, or the variable of the environment,
// that names it.
type File struct{ Key, Path string }

// SecretFiles are the files that keys, passwords and addresses with passwords are in,
// sorted by key.
func (c *Config) SecretFiles() []File {
	out := slices.Clone(c.files)
	for _, f := range []File{{"nats.credentials_file", c.NATS.CredentialsFile}, {"nats.nkey_file", c.NATS.NKeyFile},
		{"nats.tls.key_file", c.NATS.TLS.KeyFile}, {"redis.tls.key_file", c.Redis.TLS.KeyFile}, {"feedback.tls.key_file", c.Feedback.TLS.KeyFile}} {
		if f.Path != "" {
			out = append(out, f)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Stores)) {
		if path := c.Stores[id].DKIM.KeyFile; path != "" {
			out = append(out, File{"stores." + id + ".dkim.key_file", path})
		}
	}
	slices.SortFunc(out, func(a, b File) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Path, b.Path)) })
	return slices.CompactFunc(out, func(a, b File) bool { return a == b })
}
