package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
)

// RedisTrouble says in words what keeps us from Redis, and what to look at; empty if
// that is none of the usual things.
func RedisTrouble(err error) string {
	for _, t := range redisTroubles {
		if t.is(err) {
			return t.words
		}
	}
	return ""
}

var redisTroubles = []struct {
	is    func(error) bool
	words string
}{
	{replied("NOAUTH"), "it wants a user and a password; write them in redis.url"},
	{replied("WRONGPASS"), "it does not let us in: user or password in redis.url are wrong"},
	{replied("NOPERM"), "its ACL forbids what Homing needs; docs/operations.md has the line"},
	{replied("LOADING"), "it reads its files, and is not ready yet"},
	{replied("CLUSTERDOWN"), "its cluster is down: slots have no master"},
	{replied("cluster support disabled"), "it is no cluster; write redis:// or rediss:// in redis.url"},
	{replied("all sentinels specified in configuration are unreachable"), "no sentinel answers, or none knows a master of that name"},
	{of[x509.UnknownAuthorityError], "its certificate is not trusted here; name its authority in redis.tls.ca_file"},
	{of[x509.HostnameError], "its certificate is for another name than the one it is reached by"},
	{of[x509.CertificateInvalidError], "its certificate is not valid"},
	{of[tls.RecordHeaderError], "it does not speak TLS; write redis:// in redis.url, or leave redis.tls empty"},
	// What the other side says after its own part of the handshake has no type of its own.
	{func(err error) bool { return of[tls.AlertError](err) || replied("remote error: tls: ")(err) }, "it ended the TLS handshake; where it asks for a certificate of ours, name it in redis.tls"},
	{func(err error) bool { return replied("EOF")(err) || replied("connection reset by peer")(err) }, "it closed the connection; where it speaks TLS, write rediss:// in redis.url, or set redis.tls"},
	{of[*net.DNSError], "its name cannot be resolved"},
	{replied("connection refused"), "nothing listens there"},
	{noAnswer, "it does not answer"},
}

func replied(words string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), words) }
}

func of[T error](err error) bool { _, is := errors.AsType[T](err); return is }

func noAnswer(err error) bool {
	t, is := errors.AsType[net.Error](err)
	return is && t.Timeout() || errors.Is(err, context.DeadlineExceeded)
}
