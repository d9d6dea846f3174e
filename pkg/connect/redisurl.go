package connect

import (
	"crypto/tls"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// redisOptions reads the four forms of a Redis URL:
//
//	redis://user:secret@host:6379/0           one server
//	rediss://…                                the same over TLS
//	redis+sentinel://user:secret@h1,h2/main/0 the master that the sentinels name "main"
//	redis+cluster://user:secret@h1,h2         a cluster
//
// Of the last two, ?tls=1 turns TLS on, as redis.tls does of all; and ?sentinel_password= is the sentinels' own.
func redisOptions(raw string) (o *redis.UniversalOptions, kind string, err error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, "", err
	}
	o = &redis.UniversalOptions{Username: u.User.Username(), Addrs: hosts(u, "6379")}
	o.Password, _ = u.User.Password()
	if u.User != nil && o.Password == "" {
		o.Username, o.Password = "", u.User.Username()
	}
	if u.Query().Get("tls") == "1" || u.Scheme == "rediss" {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} // see secure
	}
	path := strings.Split(strings.Trim(u.Path, "/"), "/")
	switch u.Scheme {
	case "redis", "rediss":
		o.DB, err = database(path[0], u)
		return o, "simple", err
	case "redis+cluster":
		return o, "cluster", nil
	case "redis+sentinel":
		o.Addrs = hosts(u, "26379")
		o.MasterName = path[0]
		o.SentinelPassword = u.Query().Get("sentinel_password")
		if o.MasterName == "" {
			return nil, "", errors.New("no master is named")
		}
		o.DB, err = database(strings.Join(path[1:], ""), u)
		return o, "sentinel", err
	}
	return nil, "", errors.New("unknown scheme")
}

func database(s string, u *url.URL) (int, error) {
	if s == "" {
		s = u.Query().Get("db")
	}
	if s == "" {
		return 0, nil
	}
	return strconv.Atoi(s)
}

func hosts(u *url.URL, port string) []string {
	var out []string
	for h := range strings.SplitSeq(u.Host, ",") {
		if i := strings.LastIndexByte(h, ':'); i < 0 || strings.HasSuffix(h, "]") {
			h += ":" + port
		}
		out = append(out, h)
	}
	return out
}
