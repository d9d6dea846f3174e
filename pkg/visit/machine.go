package visit

import (
	"net/http"
	"strings"
	"time"
)

// tooSoon is how long after an email was made nobody has read it: what follows its
// links by then is on the way to the mailbox.
const tooSoon = 10 * time.Second

// programs are parts of the names by which programs that follow links go, in small
// letters.
var programs = []string{
	"bot", "spider", "crawl", "scan", "preview", "fetch", "proxy", "monitor", "headless", "curl/", "wget/", "python", "java/", "go-http-client", "okhttp",
	"libwww", "httpclient", "node-", "axios", "barracuda", "mimecast", "proofpoint", "safelinks", "symantec", "forcepoint", "trendmicro", "cloudmark", "ironport",
}

// Machine reports whether a request for a link of an email was a program's, as far as one
// request tells. That several links were followed at once tells, too: see Recorder.
func Machine(r *http.Request, made, now time.Time) bool {
	if r.Method != http.MethodGet || now.Sub(made) < tooSoon {
		return true
	}
	for _, name := range []string{"Purpose", "X-Purpose", "Sec-Purpose", "X-Moz"} {
		v := strings.ToLower(r.Header.Get(name))
		if strings.Contains(v, "prefetch") || strings.Contains(v, "preview") || strings.Contains(v, "prerender") {
			return true
		}
	}
	agent := strings.ToLower(r.UserAgent())
	if agent == "" {
		return true
	}
	for _, p := range programs {
		if strings.Contains(agent, p) {
			return true
		}
	}
	return false
}
