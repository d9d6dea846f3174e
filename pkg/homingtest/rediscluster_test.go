package homingtest_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
	"homing/pkg/redischeck"
	"homing/pkg/timeline"
)

// authority issues certificates into a folder.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.issue("ca", nil)
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name+".pem") }

// issue writes NAME.pem and NAME-key.pem, for some names or addresses; without any, it is
// the authority's own.
func (a *authority) issue(name string, hosts []string) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: hosts == nil}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, h)
		}
	}
	parent, signer := a.cert, a.key
	if hosts == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	private, err2 := x509.MarshalECPrivateKey(key)
	if err := errors.Join(err, err2); err != nil {
		a.t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		a.file(name): {Type: "CERTIFICATE", Bytes: der}, a.file(name + "-key"): {Type: "EC PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// node starts one master of a cluster that announces a name. talk is the port at which the
// other nodes reach it.
func node(t *testing.T, a *authority, host string) (port, talk string, admin *redis.Client) {
	t.Helper()
	talk = strconv.Itoa(homingtest.FreePort(t))
	port, admin = secureRedis(t, a, host, "--save", "", "--appendonly", "yes",
		"--cluster-enabled", "yes", "--cluster-port", talk, "--tls-cluster", "yes", "--cluster-announce-hostname", host, "--cluster-preferred-endpoint-type", "hostname",
		"--user", "default", "on", "nopass", "~*", "&*", "+@all")
	return port, talk, admin
}

// secureRedis starts a redis-server, or what the arguments make of it, that has a
// certificate for one name and asks for ours. It returns its port and a client that may do
// everything.
func secureRedis(t *testing.T, a *authority, host string, args ...string) (port string, admin *redis.Client) {
	t.Helper()
	port, dir := strconv.Itoa(homingtest.FreePort(t)), t.TempDir()
	a.issue(port, []string{host})
	conf := filepath.Join(dir, "redis.conf") // a sentinel writes to it
	if err := os.WriteFile(conf, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("redis-server", append([]string{conf, "--port", "0", "--tls-port", port, "--bind", "127.0.0.1", "--dir", dir,
		"--tls-cert-file", a.file(port), "--tls-key-file", a.file(port + "-key"), "--tls-ca-cert-file", a.file("ca")}, args...)...)
	var said bytes.Buffer
	cmd.Stdout = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			defer func() { t.Log(said.String()) }()
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	ours, err := tls.LoadX509KeyPair(a.file("ours"), a.file("ours-key"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	admin = homingtest.Redis(t, "redis://127.0.0.1:"+port, func(o *redis.Options) {
		o.TLSConfig = &tls.Config{RootCAs: roots, ServerName: host, Certificates: []tls.Certificate{ours}}
	})
	soon(t, "answering", func() error { return admin.Ping(t.Context()).Err() })
	return port, admin
}

func soon(t *testing.T, what string, is func() error) {
	t.Helper()
	var err error
	for range 300 {
		if err = is(); err == nil {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Fatalf("not %s after half a minute: %v", what, err)
}

// A cluster over TLS whose nodes have a certificate each, for the name they announce, and
// ask for one of ours. Each node has settings and an ACL of its own.
func TestEveryNodeOfAClusterIsVerifiedAndLookedAt(t *testing.T) {
	t.Parallel()
	homingtest.StartRedis(t).Kill() // says whether there is one
	a, ctx := newAuthority(t), context.Background()
	a.issue("ours", []string{"homing"})
	hosts := []string{"localhost", "127.0.0.1"} // no name but its own
	var seeds []string
	var admins []*redis.Client
	var first []any // the ports of the first
	for i, host := range hosts {
		port, talk, admin := node(t, a, host)
		if err := admin.ClusterAddSlotsRange(ctx, i*8192, (i+1)*8192-1).Err(); err != nil {
			t.Fatal(err)
		}
		if err := admin.Do(ctx, append([]any{"acl", "setuser", "homing", "on", ">homing"}, words(redischeck.ACL)...)...).Err(); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = []any{port, talk}
		} else if err := admin.Do(ctx, append([]any{"cluster", "meet", "127.0.0.1"}, first...)...).Err(); err != nil {
			t.Fatal(err)
		}
		seeds, admins = append(seeds, net.JoinHostPort(host, port)), append(admins, admin)
	}
	for _, admin := range admins {
		soon(t, "a cluster", func() error {
			info, err := admin.ClusterInfo(ctx).Result()
			if err == nil && (!strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:2")) {
				err = errors.New(info)
			}
			return err
		})
	}
	c := config.Default()
	c.Redis.URL = config.URL("redis+cluster://homing:homing@" + strings.Join(seeds, ",") + "?tls=1")
	open := func() redis.UniversalClient {
		rdb, err := connect.Redis(&c, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = rdb.Close() })
		return rdb
	}
	if words := connect.RedisTrouble(redischeck.Ping(ctx, open())); !strings.Contains(words, "redis.tls.ca_file") {
		t.Errorf("an authority that nobody named: %q", words)
	}
	c.Redis.TLS = config.TLS{CAFile: a.file("ca"), CertFile: a.file("ours"), KeyFile: a.file("ours-key")}
	if err := c.Redis.TLS.Validate(); err != nil {
		t.Fatal(err)
	}
	rdb := open()
	for i := range 50 { // on both nodes
		if err := rdb.Set(ctx, fmt.Sprintf("homing:{main.%d}:x", i), 1, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := redischeck.Rights(ctx, rdb); err != nil {
		t.Error(err)
	}
	if ahead, err := redischeck.Ahead(ctx, rdb); err != nil || ahead.Abs() > time.Second {
		t.Errorf("ahead by %v (%v)", ahead, err)
	}

	w := projection.NewRebuilder(rdb, projection.NewGuard(false), timeline.New(nil), projection.RebuildOptions{Log: zap.NewNop()})
	if err := w.Prove(ctx); err != nil {
		t.Error(err)
	}
	for i, admin := range admins { // whichever is the one
		if err := errors.Join(admin.ConfigSet(ctx, "maxmemory-policy", "allkeys-lru").Err(), admin.Do(ctx, "acl", "setuser", "homing", "-time").Err()); err != nil {
			t.Fatal(err)
		}
		if err := w.Prove(ctx); !errors.Is(err, projection.ErrEviction) || !strings.Contains(err.Error(), seeds[i]) {
			t.Errorf("node %s evicts: %v", seeds[i], err)
		}
		if err := redischeck.Rights(ctx, rdb); !errors.Is(err, redischeck.ErrForbidden) || !strings.Contains(err.Error(), seeds[i]) {
			t.Errorf("node %s forbids: %v", seeds[i], err)
		}
		if err := errors.Join(admin.ConfigSet(ctx, "maxmemory-policy", "noeviction").Err(), admin.Do(ctx, "acl", "setuser", "homing", "+time").Err()); err != nil {
			t.Fatal(err)
		}
	}

	// Reached by a name that its certificate does not have, a node is not trusted.
	_, port, _ := net.SplitHostPort(seeds[0])
	c.Redis.URL = config.URL("redis+cluster://homing:homing@127.0.0.1:" + port + "?tls=1")
	if words := connect.RedisTrouble(redischeck.Ping(ctx, open())); !strings.Contains(words, "another name") {
		t.Errorf("a node under another's name: %q", words)
	}
	c.Redis.TLS.CertFile, c.Redis.TLS.KeyFile = "", ""
	c.Redis.URL = config.URL("rediss://homing:homing@" + seeds[0])
	if err := redischeck.Ping(ctx, open()); err == nil {
		t.Error("let in without a certificate of ours")
	} else if connect.RedisTrouble(err) == "" {
		t.Errorf("no words for %v", err)
	}
}

func words(line string) (out []any) {
	for w := range strings.FieldsSeq(line) {
		out = append(out, w)
	}
	return out
}
