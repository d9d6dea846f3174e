package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"homing/pkg/studio"
)

// stay is how long somebody stays signed in: a working day.
const stay = 12 * time.Hour

// cookieName has a prefix with which browsers take the cookie over https alone, and from
// this very host.
func (a *Access) cookieName() string {
	if a.o.Secure {
		return "__Host-homing-console"
	}
	return "homing-console"
}

// sign is what only who has the token of a person could have written: a session ends
// with the token.
func sign(p *Person, until string) string {
	key := sha256.Sum256([]byte("homing console session\x00" + p.Token))
	m := hmac.New(sha256.New, key[:])
	m.Write([]byte(p.Name + "\x00" + until))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// SignIn implements studio.SignIn.
func (a *Access) SignIn(w http.ResponseWriter, token string) *studio.Visitor {
	p := a.ofToken(token)
	a.o.Showed(p != nil)
	if p == nil {
		return nil
	}
	until := strconv.FormatInt(a.o.Now().Add(stay).Unix(), 10)
	a.set(w, base64.RawURLEncoding.EncodeToString([]byte(p.Name))+"."+until+"."+sign(p, until), int(stay.Seconds()))
	return visitor(p, true)
}

// SignOut implements studio.SignIn.
func (a *Access) SignOut(w http.ResponseWriter) { a.set(w, "", -1) }

func (a *Access) set(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: a.cookieName(), Value: value, Path: "/", MaxAge: age, Secure: a.o.Secure, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func (a *Access) ofCookie(r *http.Request) *Person {
	c, err := r.Cookie(a.cookieName())
	if err != nil {
		return nil
	}
	parts := strings.Split(c.Value, ".")
	if len(parts) != 3 {
		return nil
	}
	name, err := base64.RawURLEncoding.DecodeString(parts[0])
	until, nerr := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || nerr != nil || !a.o.Now().Before(time.Unix(until, 0)) {
		return nil
	}
	for i := range a.o.People {
		p := &a.o.People[i]
		if p.Name == string(name) && p.Token != "" && hmac.Equal([]byte(parts[2]), []byte(sign(p, parts[1]))) {
			return p
		}
	}
	return nil
}
