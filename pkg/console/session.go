package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	"homing/pkg/studio"
)

// stay is how long somebody stays signed in: a working day.
const stay = 12 * time.Hour

// session is what a cookie says of who signed in. It is signed, and kept nowhere.
type session struct {
	Name  string   `json:"n"`
	Roles []string `json:"r,omitempty"` // of the provider
	ID    string   `json:"i"`           // by which it is ended
	Until int64    `json:"u"`           // seconds since 1970
}

// sessionForm begins the cookies of those whom a provider knows.
const sessionForm = "oidc:"

// cookieName has a prefix with which browsers take the cookie over https alone, and from
// this very host.
func (a *Access) cookieName() string { return a.named("homing-console") }

// signingCookie is of somebody who is signing in elsewhere.
func (a *Access) signingCookie() string { return a.named("homing-sign-in") }

func (a *Access) named(name string) string {
	if a.o.Secure {
		return "__Host-" + name
	}
	return name
}

// keyOf is what only who has the token of a person could sign with: a session ends with the
// token.
func keyOf(p *Person) []byte {
	key := sha256.Sum256([]byte("homing console session\x00" + p.Token))
	return key[:]
}

// seal is a value that nobody without the key could have written for a purpose; anybody can
// read it.
func seal(key []byte, purpose string, v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	return text + "." + sum(key, purpose, text)
}

// unseal is the inverse of seal; false: it is not of the key and the purpose.
func unseal(key []byte, purpose, sealed string, v any) bool {
	text, mac, ok := strings.Cut(sealed, ".")
	if !ok || !hmac.Equal([]byte(mac), []byte(sum(key, purpose, text))) {
		return false
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(body, v) == nil
}

func sum(key []byte, purpose, text string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(purpose + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// SignIn implements studio.SignIn.
func (a *Access) SignIn(w http.ResponseWriter, token string) *studio.Visitor {
	p := a.ofToken(token)
	a.o.Showed(p != nil)
	if p == nil {
		return nil
	}
	a.set(w, seal(keyOf(p), "session", session{Name: p.Name, ID: rand.Text(), Until: a.o.Now().Add(stay).Unix()}), stay)
	a.o.Did("somebody signed in", p.Name)
	return visitor(p, true)
}

// SignOut implements studio.SignIn: here, and in all processes that End is told of it.
func (a *Access) SignOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(a.cookieName()); err == nil && a.ofCookie(r) != nil {
		var s session
		text, _, _ := strings.Cut(strings.TrimPrefix(c.Value, sessionForm), ".")
		if body, err := base64.RawURLEncoding.DecodeString(text); err == nil && json.Unmarshal(body, &s) == nil {
			a.End(s.ID, time.Unix(s.Until, 0))
			a.o.SignedOut(s.ID, time.Unix(s.Until, 0))
			a.o.Did("somebody signed out", s.Name)
		}
	}
	a.set(w, "", -1)
}

// End ends a session, which would have ended at a time: whoever has its cookie is nobody.
func (a *Access) End(id string, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.o.Now()
	maps.DeleteFunc(a.ended, func(_ string, until time.Time) bool { return !now.Before(until) })
	a.ended[id] = until
}

func (a *Access) isEnded(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ended := a.ended[id]
	return ended
}

func (a *Access) set(w http.ResponseWriter, value string, age time.Duration) {
	a.setCookie(w, a.cookieName(), value, age, http.SameSiteStrictMode)
}

func (a *Access) setCookie(w http.ResponseWriter, name, value string, age time.Duration, from http.SameSite) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(age.Seconds()), Secure: a.o.Secure, HttpOnly: true, SameSite: from}
	if age < 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// ofCookie returns whose session a cookie is.
func (a *Access) ofCookie(r *http.Request) *studio.Visitor {
	c, err := r.Cookie(a.cookieName())
	if err != nil {
		return nil
	}
	if value, ok := strings.CutPrefix(c.Value, sessionForm); ok {
		return a.ofProvider(value)
	}
	for i := range a.o.People {
		var s session
		p := &a.o.People[i]
		if p.Token != "" && unseal(keyOf(p), "session", c.Value, &s) && s.Name == p.Name && a.o.Now().Before(time.Unix(s.Until, 0)) && !a.isEnded(s.ID) {
			return visitor(p, true)
		}
	}
	return nil
}
